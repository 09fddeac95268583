#!/bin/sh
# Data larger than memory: a CSV of GIGABYTES (5) and a folder of IMAGES (200000) small PNGs
# are made, checked and searched. No process may have more than 500 MB in memory, a terminal
# sees progress, and a preparation that was killed starts again and leaves nothing behind.
# About twelve minutes; GIGABYTES=0.3 IMAGES=10000 is a quick look.
set -eu
: "${NASMITH:?path of the program}"
root=$(cd "$(dirname "$0")/../.." && pwd)
GIGABYTES=${GIGABYTES:-5} IMAGES=${IMAGES:-200000}
cc=${CC:-cc}
command -v "$cc" >/dev/null || { echo "skipped: no C compiler for the generator"; exit 0; }
# The source, its prepared copy and a half-written one; a PNG takes a block of the disk.
wanted=$(awk -v g="$GIGABYTES" -v i="$IMAGES" 'BEGIN {
    a = 2.7 * g * 1e6; b = 8 * i; printf "%d", (a > b ? a : b) + 500000 }')
free=$(df -Pk "${TMPDIR:-/tmp}" | awk 'NR == 2 { print $4 }')
if [ "$free" -lt "$wanted" ]; then
    echo "skipped: $wanted kB wanted in ${TMPDIR:-/tmp}, $free are free"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$cc" -O2 -o "$work/make_large" "$root/tests/accept/make_large.c" -lz
cd "$work"
python3 "$root/tests/accept/large.py" "$NASMITH" "$work/make_large" "$GIGABYTES" "$IMAGES"
