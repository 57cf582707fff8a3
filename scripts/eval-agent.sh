#!/usr/bin/env bash
# `make eval-agent`: claims through the whole house with models that lie, obey the document or do as they please. A row a
# claim; none may get an approval that the policy does not give.
set -euo pipefail
cd "$(dirname "$0")/.."
echo "model      claim     what the policy says  what came of it"
cargo test --locked -p stack --test house adversaries -- --nocapture 2>&1 | grep -E '  policy |^test |test result|panicked|^error|DEV-'
