#!/usr/bin/env bash
# `make bench`: the figures we watch, measured on this machine. Quiet machines give quiet figures.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/stages.sh

binary=${CARGO_TARGET_DIR:-target}/release/claimstack
stage "web page" scripts/web.sh build
stage "release binary" cargo build --release --locked --bin claimstack
stage "cold start, memory, one tool call" python3 scripts/bench.py "$binary"
all_stages
