#!/usr/bin/env bash
# `make eval-fields`: F1 of the facts by field and quality, and how many were wrong with high confidence. DATA=folder:
# another set in the form of samples/. MODELS=folder: the recognition models. HALF=even or odd: every other claim.
# Pages are kept by content until the code that reads them changes, so that a change of the rules is judged in seconds.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
models=${MODELS:-${CLAIMSTACK_MODELS:-${XDG_CACHE_HOME:-$HOME/.cache}/claimstack/models}/pp-ocrv6-small}
if [ ! -f "$models/PP-OCRv6_rec_small.onnx" ]; then
    echo "no recognition models in $models: run \`make models\` or set MODELS" >&2
    exit 1
fi
stamp=$(find crates/ocr/src -name '*.rs' -not -path '*/fields/*' -not -name facts.rs -not -name server.rs -print0 |
    sort -z | xargs -0 cat Cargo.lock | sha256sum | cut -c1-16)
cargo build --release --locked -p ocr --example eval_fields
half=()
if [ -n "${HALF:-}" ]; then half=(--half "$HALF"); fi
exec "$target/release/examples/eval_fields" "${DATA:-samples}" --models "$models" --errors \
    --cache "$target/eval-fields/$stamp" "${half[@]}"
