#!/usr/bin/env bash
# `make demo`: from a clone to a page with decided claims. With ONCE=1 it ends after the table.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/stages.sh

binary=${CARGO_TARGET_DIR:-target}/release/claimstack
stage "system packages" scripts/setup.sh build
stage "web page" scripts/web.sh build
stage "release binary" cargo build --release --locked --bin claimstack
stage "models" "$binary" models pull
all_stages
printf '\n==> demo\n'
if [ -n "${ONCE:-}" ] && [ "$ONCE" != 0 ]; then
    exec "$binary" demo --once
fi
exec "$binary" demo
