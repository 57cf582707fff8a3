#!/usr/bin/env bash
# The official clients against our servers: `openai`, `anthropic`, two releases of `llama-stack-client` and the migration
# document's own client class against the control plane, both majors of `mcp` against the three tool servers over
# streamable HTTP, legacy SSE and stdio, and schemathesis against the claims service. Packages go into a cache folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/claimstack/python-clients
binary=${CLAIMSTACK_BINARY:-${CARGO_TARGET_DIR:-target}/debug/claimstack}

environment() { # name pip-arguments…
  local folder=$cache/$1
  shift
  if [ ! -f "$folder/.done" ]; then
    python3 -m venv "$folder"
    "$folder/bin/pip" --quiet --disable-pip-version-check install "$@"
    touch "$folder/.done"
  fi
}

# It asks for Python 3.12 and runs on older ones too; its dependencies are those it names.
llama_stack_client() { # version
  environment "llama-$1-needs" "anyio<5" "click<9" "distro<2" "httpx<1" "pydantic<3" "sniffio<2" "typing-extensions<5" \
    fire pandas prompt-toolkit pyaml requests rich termcolor tqdm
  local folder=$cache/llama-$1-needs
  if [ ! -f "$folder/.client" ]; then
    "$folder/bin/pip" --quiet --disable-pip-version-check install --ignore-requires-python --no-deps "llama-stack-client==$1"
    touch "$folder/.client"
  fi
  echo "== llama-stack-client $1"
  "$folder/bin/python" tests/python/llama_client.py "$binary"
}

[ -n "${CLAIMSTACK_BINARY:-}" ] || cargo build --quiet --locked -p stack
environment openai "openai==2.30.0"
environment anthropic "anthropic==2.12.0"
environment mcp1 "mcp==1.30.0"
environment mcp2 "mcp==2.3.0"
environment schemathesis "schemathesis==4.32.5"

echo "== openai"
"$cache/openai/bin/python" tests/python/openai_client.py "$binary"
echo "== migration document"
"$cache/openai/bin/python" tests/python/migration_client.py "$binary"
echo "== anthropic"
"$cache/anthropic/bin/python" tests/python/anthropic_client.py "$binary"
llama_stack_client 0.3.5
llama_stack_client 0.7.3
for sdk in mcp1 mcp2; do
  echo "== $sdk"
  "$cache/$sdk/bin/python" tests/python/tool_servers.py "$binary"
done
echo "== schemathesis"
python3 tests/python/api_fuzz.py "$cache/schemathesis/bin/schemathesis" "$binary"
