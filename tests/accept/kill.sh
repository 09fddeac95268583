#!/bin/sh
# kill -9 of a random process of a search at random moments, ROUNDS (50) times, then the
# same command: finished evaluations never shrink, none is stored twice, and the search
# ends as if nothing had happened. About four minutes.
set -eu
: "${NASMITH:?path of the program}"
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
exec python3 "$root/tests/accept/kill.py" "$NASMITH" "$root/tests/data-sets/wdbc.csv.gz" \
    "${ROUNDS:-50}"
