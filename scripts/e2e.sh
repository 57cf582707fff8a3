#!/usr/bin/env bash
# `make e2e`: the page in a real browser against the real executable, models and sample claims. PICTURES=folder keeps the
# pictures it takes.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/stages.sh

binary=${CARGO_TARGET_DIR:-target}/release/claimstack
stage "system packages" scripts/setup.sh test
. scripts/env.sh
stage "web page" scripts/web.sh build
stage "release binary" cargo build --release --locked -p stack --bin claimstack
stage "models" "$binary" models pull
stage "browser" python3 scripts/e2e.py "$binary" ${PICTURES:+"$PICTURES"}
all_stages
