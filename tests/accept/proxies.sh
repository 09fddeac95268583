#!/bin/sh
# Proxies of our engine rank 500 NAS-Bench-201 cells as published scores of the same cells
# do. About five minutes of one core; NETWORKS=100 for a quick look.
set -eu
: "${NASMITH:?path of the program}"
root=$(cd "$(dirname "$0")/../.." && pwd)
data=${NASMITH_DATA:-$root/../shared/data}
if [ ! -r "$data/nb201/nb201.csv.gz" ] || [ ! -d "$data/cifar10" ]; then
    echo "skipped: NAS-Bench-201 and CIFAR-10 are absent (set NASMITH_DATA)"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME="$work/cache"
mkdir "$work/cifar"
for part in images-idx4 labels-idx1; do
    cp "$data/cifar10/cifar10-first4000-$part-ubyte.gz" "$work/cifar/train-$part-ubyte.gz"
done
"$NASMITH" proxies "$work/cifar" --table "$data/nb201/nb201.csv.gz" --metric c10 \
    --networks "${NETWORKS:-500}" --seed "${SEED:-0}" \
    --proxies "${PROXIES:-params,macs,naswot,jacov,synflow}" --json > "$work/scores.json"
exec python3 "$root/tests/accept/proxies.py" "$work/scores.json" "$data/nb201/nb201.csv.gz" \
    "$data/nb201/nb201-zerocost-cifar10.csv.gz"
