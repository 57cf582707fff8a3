#!/usr/bin/env bash
# `make deploy-test`: the manifests under deploy/, and the overlays as kustomize renders them, held to strict schemas.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

if ! { kubectl kustomize --help || oc kustomize --help || kustomize version; } >/dev/null 2>&1; then
    echo "deploy-test: none of kubectl, oc and kustomize is here; one of them renders the overlays" >&2
    exit 1
fi
cargo test --locked -p openshift -- --include-ignored
