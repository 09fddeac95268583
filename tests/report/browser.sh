#!/bin/sh
# The report of a small search in a headless browser: silent, offline, usable.
set -eu
: "${NASMITH:?path of the program}"
root=$(cd "$(dirname "$0")/../.." && pwd)
command -v node >/dev/null || exit 77
[ -d "$root/tests/node/node_modules/playwright-core" ] || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$NASMITH" search "$root/tests/data-sets/wdbc.csv.gz" --label diagnosis --trials 20 --epochs 2 \
    -j 1 --export none --study s.nas.db -q >/dev/null
HOME=$work node "$root/tests/node/view_report.js" s.nas/report.html
