#!/bin/sh
# What a user feels: first output, start-up, memory of supervisor and workers, two workers
# against one. Prints the figures; fails where a promise is broken.
set -eu
: "${NASMITH:?path of the program}"
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
table=$root/tests/data-sets/wdbc.csv.gz
exec python3 "$root/tests/accept/small.py" "$NASMITH" "$table" \
    "${FASHION_MNIST:-/usr/share/datasets/fashion-mnist}"
