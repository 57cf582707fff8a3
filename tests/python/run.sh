#!/usr/bin/env bash
# The official clients against our servers: `openai` against the control plane, both majors of `mcp` against the three
# tool servers over streamable HTTP, legacy SSE and stdio. Packages go into a cache folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/claimstack/python-clients
binary=${CLAIMSTACK_BINARY:-${CARGO_TARGET_DIR:-target}/debug/claimstack}

environment() { # name package…
  local folder=$cache/$1
  shift
  if [ ! -f "$folder/.done" ]; then
    python3 -m venv "$folder"
    "$folder/bin/pip" --quiet install "$@"
    touch "$folder/.done"
  fi
}

[ -n "${CLAIMSTACK_BINARY:-}" ] || cargo build --quiet --locked -p stack
environment openai "openai==2.30.0"
environment mcp1 "mcp==1.30.0"
environment mcp2 "mcp==2.3.0"

echo "== openai"
"$cache/openai/bin/python" tests/python/openai_client.py "$binary"
for sdk in mcp1 mcp2; do
  echo "== $sdk"
  "$cache/$sdk/bin/python" tests/python/tool_servers.py "$binary"
done
