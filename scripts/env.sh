# Sourced by the other scripts: where tools that setup.sh brought are found.
tools=${XDG_CACHE_HOME:-$HOME/.cache}/claimstack/tools
if [ -x "$tools/bin/node" ]; then PATH=$tools/bin:$PATH; fi
export PATH
# A PostgreSQL that has the extension `vector`, for tests.
if [ -d "$tools/pgvector" ]; then export CLAIMSTACK_PGVECTOR=$tools/pgvector; fi
