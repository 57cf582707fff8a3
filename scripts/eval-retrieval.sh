#!/usr/bin/env bash
# `make eval-retrieval`: how well passages and past claims are found, by model and language.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/stages.sh

target=${CARGO_TARGET_DIR:-target}
stage "web page" scripts/web.sh build
stage "release binary" cargo build --release --locked -p stack --bin claimstack
stage "models" "$target/release/claimstack" models pull all-mpnet-base-v2 universal-sentence-encoder-multilingual
stage "finding" python3 scripts/eval-retrieval.py "$target/release/claimstack"
all_stages
