#!/usr/bin/env bash
# `make bench`: the figures we watch, measured on this machine beside peers in the same run. Quiet machines give quiet
# figures. PEER=no leaves llama-stack, FAISS and sentence-transformers out (else they are installed once into the cache;
# PyTorch brings some gigabytes); FEATURES=none builds without models; VECTORS=10000,100000,1000000 says how large the
# vector indexes are (1,000,000 needs 20 GB and an hour).
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/stages.sh

target=${CARGO_TARGET_DIR:-target}
features=()
if [ "${FEATURES:-}" = none ]; then features=(--no-default-features); fi
stage "web page" scripts/web.sh build
stage "release binary" cargo build --release --locked -p stack --bin claimstack "${features[@]}"
stage "load generator, mock model server, pass-through proxy" \
    cargo build --release --locked -p testkit --example bench
stage "vector search" cargo build --release --locked -p engine --example vector-search
stage "embeddings" cargo build --release --locked -p providers --features sentence-transformers --example sentences
stage "measuring" python3 scripts/bench/run.py --binary "$target/release/claimstack" \
    --tool "$target/release/examples/bench" --search "$target/release/examples/vector-search" \
    --embed "$target/release/examples/sentences" --vectors "${VECTORS:-10000,100000}" --out "$target/bench" --peer "${PEER:-auto}"
all_stages
