# Sourced by the scripts that `make` calls: runs a stage with its name before it and its time after it, and tells the
# times again at the end.
stage_times=()
. scripts/env.sh

stage() {
    local name=$1 began=$SECONDS status=0
    shift
    printf '\n==> %s\n' "$name"
    "$@" || status=$?
    local took=$((SECONDS - began))
    if [ "$status" -ne 0 ]; then
        printf '==> %s FAILED after %d s (status %d): %s\n' "$name" "$took" "$status" "$*" >&2
        exit "$status"
    fi
    printf '==> %s: %d s\n' "$name" "$took"
    stage_times+=("$(printf '%6d s  %s' "$took" "$name")")
}

all_stages() {
    printf '\n'
    printf '%s\n' "${stage_times[@]}"
    printf '%6d s  in all\n' "$SECONDS"
}
