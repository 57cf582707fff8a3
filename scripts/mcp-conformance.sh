#!/usr/bin/env bash
# Checks our MCP servers with clients that are not ours: the official conformance suite (npm) and both major
# versions of the official Python SDK (PyPI). Packages go into a cache folder, nothing is installed globally.
#
#   scripts/mcp-conformance.sh fixture                      # the transports, by the suite's own fixture tools
#   scripts/mcp-conformance.sh http://127.0.0.1:8081 …      # running servers, as they are
#
# MCP_STDIO   command of a stdio server to check as well
# MCP_CALLS   JSON file {"tool": {arguments}} of calls that must succeed
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/claimstack/mcp-conformance
suite_version=0.2.0-alpha.12
sdk_versions=(1.30.0 2.3.0)
failed=0

node_major() { node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0; }

npm_install() { # folder package…
  local folder=$cache/$1
  shift
  [ -f "$folder/.done" ] && return
  mkdir -p "$folder"
  (
    cd "$folder"
    [ -f package.json ] || echo '{"private":true,"allowScripts":{"node":true}}' >package.json
    npm install --no-audit --no-fund --silent "$@" && touch .done
  )
}

prepare() {
  # The suite needs Node 22; the package `node` brings one where the machine's is older.
  if [ "$(node_major)" -lt 22 ]; then
    npm_install node node@22
    PATH=$cache/node/node_modules/node/bin:$PATH
  fi
  npm_install suite "@modelcontextprotocol/conformance@$suite_version"
  for version in "${sdk_versions[@]}"; do
    [ -x "$cache/python-$version/bin/python" ] && continue
    python3 -m venv "$cache/python-$version"
    "$cache/python-$version/bin/pip" --quiet install "mcp==$version"
  done
}

suite() { node "$cache/suite/node_modules/@modelcontextprotocol/conformance/dist/index.js" server "$@"; }

# Scenarios a server without fixture tools can pass.
scenarios() { # url
  local version scenario output
  for version in 2025-06-18 2025-11-25 2026-07-28; do
    local names=(server-initialize ping tools-list dns-rebinding-protection)
    [ "$version" = 2026-07-28 ] && names=(server-stateless tools-list dns-rebinding-protection http-header-validation)
    for scenario in "${names[@]}"; do
      output=$(suite --url "$1" --scenario "$scenario" --spec-version "$version" 2>&1) || true
      local total bad untestable
      total=$(sed -nE 's/^Passed: ([0-9]+)\/.*/\1/p' <<<"$output" | tail -1)
      bad=$(sed -nE 's/^Passed: .* ([0-9]+) failed.*/\1/p' <<<"$output" | tail -1)
      untestable=$(grep -c 'Error: Not testable' <<<"$output" || true)
      bad=$((${bad:-1} - untestable))
      echo "$([ "$bad" -gt 0 ] && echo FAIL || echo 'ok  ') suite $version $scenario: ${total:-0} passed, $((bad > 0 ? bad : 0)) failed"
      [ "$bad" -gt 0 ] && failed=1
    done
  done
  return 0
}

python_clients() { # base-url option…
  local version base=$1
  shift
  for version in "${sdk_versions[@]}"; do
    "$cache/python-$version/bin/python" tests/python/mcp_clients.py --base "$base" \
      ${MCP_CALLS:+--calls "$MCP_CALLS"} ${MCP_STDIO:+--stdio "$MCP_STDIO"} "$@" || failed=1
  done
}

# The frozen requirement sets, against the fixture server on our transports. The older one needs sessions:
# it has the server ask its client for something in the middle of a call.
fixture() {
  cargo build --quiet --package mcp-server --example mcp-fixture
  local binary=${CARGO_TARGET_DIR:-target}/debug/examples/mcp-fixture port=${MCP_PORT:-18480} output
  "$binary" "$port" &
  local plain=$!
  "$binary" "$((port + 1))" --sessions &
  local sessions=$!
  # shellcheck disable=SC2064
  trap "kill $plain $sessions 2>/dev/null || true" EXIT
  curl --silent --retry 20 --retry-connrefused --retry-delay 1 "http://127.0.0.1:$((port + 1))/health" >/dev/null
  for set in "2025-11-25 $((port + 1))" "2026-07-28 $port"; do
    read -r version at <<<"$set"
    output=$(suite --url "http://127.0.0.1:$at/mcp" --requirements "$version" 2>&1) || true
    local failing unscored bad
    failing=$(sed '/^Not scored/,$d' <<<"$output" | sed -nE 's/^✗ ([^:]+): .*/\1/p' | sort)
    # Extensions and later additions run as well, but are not part of the set.
    unscored=$(sed -n '/^Not scored/,$p' <<<"$output" | sed -nE 's/^ +[^ ]+ ([^ ]+) \(.*/\1/p' | sort)
    failing=$(comm -23 <(echo "$failing") <(echo "$unscored"))
    bad=$(grep -c . <<<"$failing" || true)
    grep -qE '^✓' <<<"$output" || bad=1
    echo "$([ "$bad" -gt 0 ] && echo FAIL || echo 'ok  ') requirements $version: $bad scenarios failed"
    if [ "$bad" -gt 0 ]; then
      failed=1
      echo "${failing:-$output}"
    fi
  done
  echo '{"add": {"a": 1, "b": 2}, "echo": {"text": "héllo"}, "test_simple_text": {}}' >"$cache/fixture-calls.json"
  MCP_STDIO="$binary --stdio" MCP_CALLS=$cache/fixture-calls.json \
    python_clients "http://127.0.0.1:$port" --only-calls
}

[ $# -gt 0 ] || { sed -n '2,9p' "$0"; exit 2; }
prepare
for target in "$@"; do
  if [ "$target" = fixture ]; then
    fixture
  else
    scenarios "${target%/}/mcp"
    python_clients "${target%/}"
  fi
done
exit "$failed"
