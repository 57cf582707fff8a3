#!/usr/bin/env bash
# `make test`: everything CI runs, from a clean checkout.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/stages.sh

# cargo test when nextest is not there: slower, same tests.
tests() {
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --locked --no-fail-fast "$@"
    else
        cargo test --locked --no-fail-fast "$@"
    fi
}

# The executable that the tests have just built; building it alone would choose other features and compile anew.
clients() {
    local binary
    binary=$(realpath "${CARGO_TARGET_DIR:-target}/debug/claimstack")
    CLAIMSTACK_BINARY=$binary tests/python/run.sh && CLAIMSTACK_BINARY=$binary tests/node/run.sh
}

stage "system packages" scripts/setup.sh test
. scripts/env.sh
# A checkout that is built once gains nothing from incremental files, and they are gigabytes.
export CARGO_INCREMENTAL=0
# setup.sh has just made sure that it is there, so a test that cannot start it has found something.
export CLAIMSTACK_REQUIRE_POSTGRES=1
stage "format" cargo fmt --all -- --check
stage "web build" scripts/web.sh build
stage "web lint, types, tests" scripts/web.sh check
stage "clippy" cargo clippy --workspace --all-targets --locked -- -D warnings
stage "tidy" cargo run --quiet --locked -p xtask -- tidy
stage "tests" tests --workspace
stage "official clients" clients
stage "tests without native code" tests -p stack --no-default-features
all_stages
