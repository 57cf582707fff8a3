#!/usr/bin/env bash
# `make crash-test`: kill -9 at odd moments while claims are handed in and processed, on SQLite and on two replicas over a
# PostgreSQL of its own. ROUNDS=n says how often (200).
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/stages.sh

export CRASH_ROUNDS=${ROUNDS:-200} CLAIMSTACK_REQUIRE_POSTGRES=1
stage "what it needs" scripts/setup.sh test
stage "crashing $CRASH_ROUNDS times on each database" \
    cargo test -p claims --locked --test crash -- --nocapture --test-threads=1
all_stages
