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
# Two other ignored tests have targets of their own: `make open-table` needs Python, `make calibrate` takes hours.
if cargo nextest --version >/dev/null 2>&1; then
    exec cargo nextest run --locked --workspace --no-fail-fast --run-ignored only -E 'not (binary(open_table) or binary(calibrate))'
fi
exec cargo test --locked --workspace --no-fail-fast -- --ignored --skip polars_and_duckdb --skip calibrate
