#!/bin/sh
# Strategies and schedulers reach on published tables what independent implementations
# reach: `make bench-tables`, about half an hour.
set -eu
cd "$(dirname "$0")/../.."

cmake --preset release >/dev/null
cmake --build --preset release --target bench_tables
exec build/bench_tables
