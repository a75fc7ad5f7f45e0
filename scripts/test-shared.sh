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
exec scripts/cargo-test.sh --release --locked --workspace shared -- --ignored
