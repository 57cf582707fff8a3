#!/usr/bin/env bash
# `make conformance`: judges from outside. Their own tests are run against our control plane, with a model server that
# plays the answers they have recorded:
#
#   llama-stack-0.7, llama-stack-0.3   Llama Stack's integration tests in client mode, of two releases
#   openresponses                      the compliance tests of Open Responses, HTTP and WebSocket
#   mcp-client                         the client scenarios of the official MCP conformance suite
#   transcript-0.3, transcript-0.7     the same requests as were sent to two releases of Llama Stack, answers compared
#
#   scripts/conformance.sh [JUDGE[/PART]…]        all when none is named; llama-stack-0.7/responses runs one part
#
# Ends with one table and every failure with its reason; status 1 when something fails that tests/conformance/known.txt
# does not explain. A judge whose sources cannot be fetched is named and not counted.
#
# LLAMA_STACK_GIT    where Llama Stack's tests come from        (a URL, or the git directory of a mirror)
# OPENRESPONSES_GIT  where Open Responses' tests come from      (likewise)
# PYTHON             Python 3.12 or newer                       (python3.13, python3.12 or python3)
# BESIDE=1           also runs Llama Stack's tests against the Python server of the same release, for comparison
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD/tests/conformance
cache=${XDG_CACHE_HOME:-$HOME/.cache}/claimstack/conformance
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/debug
llama_stack=${LLAMA_STACK_GIT:-https://github.com/llamastack/llama-stack.git}
openresponses=${OPENRESPONSES_GIT:-https://github.com/openresponses/openresponses.git}
openresponses_commit=92c12d96d7b61d6d15e2214daa5e9c6000ab6e1c
mcp_suite=0.2.0-alpha.12
# Those that need a client to sign in with OAuth, or to answer a server's own questions, are not for one that is given
# its credentials and talks to no person.
mcp_scenarios="2025-06-18/initialize 2025-06-18/tools_call 2025-11-25/initialize 2025-11-25/tools_call
  2025-11-25/sse-retry 2025-11-25/json-schema-2020-12-preservation 2026-07-28/tools_call 2026-07-28/request-metadata
  2026-07-28/http-standard-headers 2026-07-28/http-custom-headers 2026-07-28/http-invalid-tool-headers
  2026-07-28/json-schema-ref-no-deref 2026-07-28/json-schema-2020-12-preservation"
parts_07="inspect providers admin files conversations safety tool_runtime responses agents inference vector_io batches"
parts_03="inspect providers files conversations safety tool_runtime tools responses agents inference vector_io batches"
text=vllm/llama3.2:3b-instruct-fp16
out=$cache/results
pids=()

stop() { for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; pids=(); }
trap stop EXIT

absent() { # judge reason
  echo "$1: not to be had here: $2" >&2
  printf '%s\t%s\n' "$1" "$2" >>"$out/absent.tsv"
  return 1
}

# A commit or tag of a repository, some of its folders only, into $cache/NAME.
source_of() { # judge name url revision path…
  local judge=$1 folder=$cache/$2 url=$3 revision=$4
  shift 4
  [ -f "$folder/.done" ] && return
  rm -rf "$folder" "$folder.git"
  mkdir -p "$folder"
  git init --quiet --bare "$folder.git"
  git -C "$folder.git" fetch --quiet --depth 1 "$url" "$revision" 2>"$out/fetch.log" ||
    absent "$judge" "cannot fetch $revision of $url" || return 1
  git -C "$folder.git" archive FETCH_HEAD "$@" | tar -x -C "$folder"
  rm -rf "$folder.git"
  touch "$folder/.done"
}

python_with() { # judge release: a Python with Llama Stack as a library, which its tests import
  local folder=$cache/python-$2 python
  [ -f "$folder/.done" ] && return
  for python in ${PYTHON:-python3.13 python3.12 python3}; do
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && break
    python=
  done
  [ -n "$python" ] || absent "$1" "Python 3.12 is needed; name one by PYTHON" || return 1
  rm -rf "$folder"
  "$python" -m venv "$folder"
  "$folder/bin/pip" --quiet --disable-pip-version-check install --no-deps -r "$here/llama-stack-$2.txt" ||
    absent "$1" "the packages of llama-stack-$2.txt cannot be installed" || return 1
  touch "$folder/.done"
}

npm_into() { # judge name package…
  local judge=$1 folder=$cache/$2
  shift 2
  [ -f "$folder/.installed" ] && return
  mkdir -p "$folder"
  (
    cd "$folder"
    [ -f package.json ] || echo '{"private":true,"type":"module","allowScripts":{"node":true}}' >package.json
    npm install --no-audit --no-fund --silent "$@" && touch .installed
  ) || absent "$judge" "npm cannot install $*"
}

# Starts something that says `NAME http://…` in its first line of output, and puts the address into $address.
start() { # log command…
  local log=$1
  shift
  "$@" >"$log" 2>&1 &
  pids+=("$!")
  local left=600
  until address=$(grep -oE -m 1 'http://[0-9.]+:[0-9]+' "$log" 2>/dev/null); do
    sleep 0.1
    left=$((left - 1))
    [ "$left" -gt 0 ] && kill -0 "${pids[-1]}" 2>/dev/null || { cat "$log" >&2; exit 1; }
  done
}

# The control plane as release $1 shows itself, with a model server that plays what lies below $2….
plane() { # release recordings…
  local release=$1 data
  shift
  start "$out/models.log" "$target/examples/recorded-models" --pace 20 "$@"
  models=$address
  data=$(mktemp -d)
  start "$out/gateway.log" "$target/claimstack" --data-dir "$data" --log "${LOG:-warn}" \
    --set gateway.listen=127.0.0.1:0 --set "gateway.version=$release" --set gateway.connectors="$connectors" \
    --set "gateway.default_embedding_model=$embedder" \
    --set gateway.web_search="{\"provider\":\"tavily\",\"url\":\"$models/search\",\"api_key\":\"none\"}" \
    --set gateway.providers="[
      {\"id\":\"openai\",\"type\":\"remote::openai\",\"url\":\"$models/v1\"},
      {\"id\":\"vllm\",\"type\":\"remote::vllm\",\"url\":\"$models/v1\"}]" \
    gateway
  base=$address
}
# What Llama Stack's own CI has in its configuration.
connectors='{"test-mcp-connector":{"url":"http://localhost:5199/sse"}}'
embedder=vllm/nomic-ai/nomic-embed-text-v1.5

# The same release of the Python server, with the same model server.
python_plane() { # release
  local port=8399
  STORE_DIR=$(mktemp -d) VLLM_URL=$models/v1 OPENAI_BASE_URL=$models/v1 OPENAI_API_KEY=none \
    LLAMA_STACK_DISABLE_VERSION_CHECK=1 "$cache/python-$1/bin/llama" stack run "$here/llama-stack-$1.yaml" \
    --port $port >"$out/python-$1.log" 2>&1 &
  pids+=("$!")
  base=http://127.0.0.1:$port
  curl --silent --show-error --fail --retry 120 --retry-connrefused --retry-delay 1 "$base/v1/health" >/dev/null
}

# One folder of Llama Stack's tests.
integration() { # judge release tag part
  local judge=$1 release=$2 suite=$cache/llama-stack-$3 part=$4 model=$text embedding=$embedder width=768
  [ -d "$suite/tests/integration/$part" ] || return 0
  case $part in responses | conversations | files | providers | admin | inspect | batches)
    model=openai/gpt-4o embedding=openai/text-embedding-3-small width=1536 ;;
  esac
  (
    cd "$suite"
    LLAMA_STACK_TEST_INFERENCE_MODE=live LLAMA_STACK_LOGGING=all=error HF_HUB_OFFLINE=1 OPENAI_API_KEY=none \
      TAVILY_SEARCH_API_KEY=none timeout "${SUITE_SECONDS:-3600}" "$cache/python-$release/bin/python" -m pytest \
      "tests/integration/$part" --stack-config="$base" --inference-mode=live --text-model="$model" \
      --embedding-model="$embedding" --embedding-dimension="$width" --safety-shield=llama-guard \
      -q --timeout=60 -p no:cacheprovider --junitxml="$out/$judge@$part.xml" ${PYTEST_EXTRA:-} \
      >"$out/$judge@$part.log" 2>&1
  ) || true
  "$here/report.py" junit "$out" "$judge/$part" "$out/$judge@$part.xml"
}

# The shield that their configurations have.
llama_guard() { # model
  curl --silent --show-error --fail "$base/v1/shields" -H 'Content-Type: application/json' -o /dev/null -d \
    "{\"shield_id\": \"llama-guard\", \"provider_id\": \"llama-guard\", \"provider_shield_id\": \"$1\"}"
}

llama_stack() { # judge release tag parts
  local judge=$1 release=$2 tag=$3 part folders="tests pyproject.toml"
  [ "$tag" = v0.3.5 ] || folders+=" conftest.py"
  # shellcheck disable=SC2086
  source_of "$judge" "llama-stack-$tag" "$llama_stack" "refs/tags/$tag" $folders || return 0
  python_with "$judge" "$release" || return 0
  plane "$release" "$cache/llama-stack-$tag/tests/integration"
  llama_guard vllm/llama-guard3:1b
  for part in $4; do
    if wanted "$judge/$part"; then integration "$judge" "$release" "$tag" "$part"; fi
  done
  curl --silent --show-error "$models/stats" >"$out/$judge-models.json"
  if [ "${BESIDE:-}" = 1 ]; then
    python_plane "$release"
    for part in $4; do
      if wanted "$judge/$part"; then integration "python-$release" "$release" "$tag" "$part"; fi
    done
  fi
  stop
}

open_responses() {
  source_of openresponses openresponses "$openresponses" "$openresponses_commit" bin/compliance-test.ts src/lib \
    src/generated || return 0
  npm_into openresponses openresponses zod@3.25.76 tsx@4.20.6 ws@8.18.3 || return 0
  plane 0.7.3
  (
    cd "$cache/openresponses"
    NODE_OPTIONS=--experimental-websocket timeout 300 npx --no-install tsx bin/compliance-test.ts \
      --base-url "$base/v1" --api-key none --model vllm/mock-llama --json >"$out/openresponses.json" 2>"$out/openresponses.log"
  ) || true
  "$here/report.py" openresponses "$out" openresponses "$out/openresponses.json"
  stop
}

mcp_client() {
  npm_into mcp-client mcp-conformance "@modelcontextprotocol/conformance@$mcp_suite" node@22 || return 0
  local scenario log modules=$cache/mcp-conformance/node_modules
  for scenario in $mcp_scenarios; do
    log=$out/mcp-client-${scenario/\//-}.log
    (cd "$out" && PATH=$modules/node/bin:$PATH timeout 120 node \
      "$modules/@modelcontextprotocol/conformance/dist/index.js" client --command "$target/examples/mcp-client" \
      --scenario "${scenario#*/}" --spec-version "${scenario%/*}") >"$log" 2>&1 || true
    "$here/report.py" mcp "$out" mcp-client "$scenario" "$log"
  done
}

transcript() { # judge release
  python_with "$1" "$2" || return 0
  local python=$cache/python-$2/bin/python
  start "$out/tools-sse.log" "$python" "$here/claims_tools.py" sse
  local sse=$address/sse
  start "$out/tools-http.log" "$python" "$here/claims_tools.py" streamable-http
  local http=$address/mcp
  connectors="{\"claims\":{\"url\":\"$sse\"}}" embedder=vllm/mock-embed plane "$2"
  llama_guard vllm/mock-llama
  "$python" "$here/probe.py" "$base" --mcp-sse "$sse" --mcp-http "$http" >"$out/$1.txt"
  "$here/report.py" transcript "$out" "$1" "$here/transcripts/$2.txt" "$out/$1.txt"
  stop
}

asked=("$@")
wanted() { # judge or judge/part
  local name
  [ "${#asked[@]}" -eq 0 ] && return 0
  for name in "${asked[@]}"; do
    case $1 in "$name" | "$name"/*) return 0 ;; esac
    case $name in "$1"/*) return 0 ;; esac
  done
  return 1
}

rm -rf "$out"
mkdir -p "$out"
if [ -z "${SKIP_BUILD:-}" ]; then
  cargo build --quiet --locked -p stack --no-default-features
  cargo build --quiet --locked -p testkit --example recorded-models -p providers --example mcp-client
fi
if wanted llama-stack-0.7; then llama_stack llama-stack-0.7 0.7.3 v0.7.1 "$parts_07"; fi
if wanted llama-stack-0.3; then llama_stack llama-stack-0.3 0.3.5 v0.3.5 "$parts_03"; fi
if wanted openresponses; then open_responses; fi
if wanted mcp-client; then mcp_client; fi
if wanted transcript-0.3; then transcript transcript-0.3 0.3.5; fi
if wanted transcript-0.7; then transcript transcript-0.7 0.7.3; fi
"$here/report.py" table "$out" "$here/known.txt"
