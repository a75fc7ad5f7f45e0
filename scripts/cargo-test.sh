#!/bin/sh
# Runs Rust tests with nextest where it is installed (faster, clearer), else with cargo's own runner.
set -eu
if cargo nextest --version >/dev/null 2>&1; then
    exec cargo nextest run --no-fail-fast --status-level fail --final-status-level fail "$@"
fi
exec cargo test --no-fail-fast "$@"
