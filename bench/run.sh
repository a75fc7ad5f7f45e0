#!/bin/sh
# Measures what must be fast, beside the tools one would use instead. Prints medians and the machine. Never a test.
set -eu
cd "$(dirname "$0")/.."
exec "${PYTHON:-python3}" bench/run.py "$@"
