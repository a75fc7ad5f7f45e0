#!/bin/sh
# Runs the tests that check facts of public data sets which are not part of this project.
set -eu
shared=${TOUCHLINE_SHARED:-$(dirname "$0")/../../shared}
if [ ! -d "$shared/data" ]; then
    echo "The data sets are absent: no folder $shared/data. Set TOUCHLINE_SHARED to the folder that holds data/ and golden/; nothing was checked." >&2
    exit 0
fi
TOUCHLINE_SHARED=$(cd "$shared" && pwd)
export TOUCHLINE_SHARED
# The other ignored test needs Python and has a target of its own, `make open-table`.
if cargo nextest --version >/dev/null 2>&1; then
    exec cargo nextest run --locked --workspace --no-fail-fast --run-ignored only -E 'not binary(open_table)'
fi
exec cargo test --locked --workspace --no-fail-fast -- --ignored --skip polars_and_duckdb
