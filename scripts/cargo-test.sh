#!/bin/sh
# Runs Rust tests with nextest where it is installed (faster, clearer), else with cargo's own runner.
set -eu
if cargo nextest --version >/dev/null 2>&1; then
    ignored=""
    arguments=""
    for argument in "$@"; do
        case "$argument" in
            --) ;;
            --ignored) ignored="--run-ignored only" ;;
            *) arguments="$arguments $argument" ;;
        esac
    done
    # shellcheck disable=SC2086 # lists of arguments
    exec cargo nextest run --no-fail-fast --status-level fail --final-status-level fail $arguments $ignored
fi
exec cargo test "$@"
