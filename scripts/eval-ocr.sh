#!/usr/bin/env bash
# `make eval-ocr`: how well and how fast pictures of text are read. DATA=folder: a set with a manifest.json (`cases` with
# id, path, language, source, degradation, text); else the sample claims, drawn and degraded here. MODELS=folder: the
# recognition models. PEER=python: a Python with the package rapidocr, which then reads the same pages.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/stages.sh

target=${CARGO_TARGET_DIR:-target}
models=${MODELS:-${CLAIMSTACK_MODELS:-${XDG_CACHE_HOME:-$HOME/.cache}/claimstack/models}/pp-ocrv6-small}
if [ ! -f "$models/PP-OCRv6_rec_small.onnx" ]; then
    echo "no recognition models in $models: run \`make models\` or set MODELS" >&2
    exit 1
fi
work=$target/eval-ocr
tool=$target/release/examples/eval_ocr
mkdir -p "$work"
stage "reader" cargo build --release --locked -p ocr --example eval_ocr
data=${DATA:-}
if [ -z "$data" ]; then
    data=$work/samples
    stage "degraded samples" "$tool" --samples samples --export "$data"
fi
peer=()
if [ -n "${PEER:-}" ]; then
    stage "peer" "$PEER" scripts/eval-ocr-peer.py "$data" "$work/peer.json"
    peer=(--peer "$work/peer.json")
fi
stage "reading" "$tool" --data "$data" --models "$models" --jobs "${JOBS:-2}" --out "$work/texts.json" "${peer[@]}"
all_stages
