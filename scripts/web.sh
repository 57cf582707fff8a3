#!/usr/bin/env bash
# Builds the page into web/dist, which the executable embeds. Does nothing when no source is newer than the build.
#
#   scripts/web.sh build    install packages as locked, build
#   scripts/web.sh check    and lint, types, unit tests
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$(dirname "$0")/../web"

packages() {
    if [ ! -d node_modules ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
        npm ci --no-audit --no-fund
    fi
}

stale() {
    [ ! -f dist/index.html ] ||
        [ -n "$(find . -path ./node_modules -prune -o -path ./dist -prune -o -type f -newer dist/index.html -print -quit)" ]
}

packages
case "${1:-build}" in
    build)
        if stale; then npm run build; else echo "web: the build is up to date"; fi
        ;;
    check)
        npm run lint
        npm run typecheck
        npm test
        ;;
    *)
        echo "web: unknown argument '$1'" >&2
        exit 64
        ;;
esac
