#!/usr/bin/env bash
# `make lint`: what a reviewer should not have to say. Formatting, clippy, house rules, licences and advisories.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/stages.sh

deny_version=0.20.2

# Built from source when it is missing: some minutes, once. A machine that keeps CARGO_HOME keeps it.
deny() {
    if ! cargo deny --version >/dev/null 2>&1; then
        echo "lint: installing cargo-deny $deny_version"
        cargo install --locked --quiet cargo-deny --version "$deny_version"
    fi
    cargo deny --locked check --hide-inclusion-graph bans licenses sources
    # The advisories live in a git repository of their own, which a closed network may not reach.
    if cargo deny --locked fetch db; then
        cargo deny --locked check --hide-inclusion-graph --disable-fetch advisories
    else
        echo "lint: the advisory database cannot be reached; advisories are NOT checked" >&2
    fi
}

stage "format" cargo fmt --all -- --check
stage "web page" scripts/web.sh build
stage "clippy" cargo clippy --workspace --all-targets --locked -- -D warnings
stage "clippy without native code" cargo clippy -p stack --no-default-features --all-targets --locked -- -D warnings
stage "tidy" cargo run --quiet --locked -p xtask -- tidy
stage "web lint" scripts/web.sh check
stage "dependencies" deny
all_stages
