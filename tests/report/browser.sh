#!/bin/sh
# Reports of small searches in a headless browser: silent, offline, accessible, usable, on
# paper. A table with everything, images with pictures of rows, series with their curves.
set -eu
: "${NASMITH:?path of the program}"
root=$(cd "$(dirname "$0")/../.." && pwd)
command -v node >/dev/null || exit 77
[ -d "$root/tests/node/node_modules/playwright-core" ] || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# search NAME TRIALS DATA OPTION...
search() {
    name=$1 trials=$2
    shift 2
    "$NASMITH" search "$@" --trials "$trials" --epochs 2 -j 1 --export none --study "$name.nas.db" \
        --no-report -q >/dev/null
    "$NASMITH" report "$name.nas.db" --output "$name.html" --examples --ablate 1s --seeds 1s \
        >/dev/null
}
# Two classes of three channels: a bump early or late.
awk 'BEGIN { srand(5); for (i = 0; i < 200; i++) { printf "%d", i % 2
    for (t = 0; t < 48; t++)
        printf ",%.3f", rand() + 2 * exp(-(t - 12 - 24 * (i % 2)) ^ 2 / 9)
    print "" } }' > bumps.csv
mkdir bumps
sed -n '1,150p' bumps.csv | tr , '\t' > bumps/Bumps_TRAIN.tsv
sed -n '151,200p' bumps.csv | tr , '\t' > bumps/Bumps_TEST.tsv

search table 20 "$root/tests/data-sets/wdbc.csv.gz" --label diagnosis
search images 6 "$root/tests/data-sets/digits8x8" --folds 1
search series 12 bumps --folds 1
code=0
for name in table images series; do
    HOME=$work node "$root/tests/node/view_report.js" "$name.html" > said.txt || {
        code=$?
        sed "s/^/$name: /" said.txt
        [ "$code" = 77 ] || exit 1
    }
done
exit "$code"
