#!/usr/bin/env bash
# The official npm clients against the control plane, at the versions of package-lock.json.
set -euo pipefail
. "$(dirname "$0")/../../scripts/env.sh"
cd "$(dirname "$0")"
binary=${CLAIMSTACK_BINARY:-${CARGO_TARGET_DIR:-../../target}/debug/claimstack}
if [ ! -d node_modules ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --no-audit --no-fund --silent
fi
python3 clients.py "$binary" openai.mjs llama_stack.mjs
