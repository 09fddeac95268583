#!/bin/sh
# Fashion-MNIST, sealed test, 2 workers, mean of SEEDS (3): 3 minutes under 64 KiB / 256 KiB,
# 10 minutes under these limits, 10 minutes without. About 70 minutes on an idle machine;
# CASES="3m" runs the first alone.
set -eu
: "${NASMITH:?path of the program}"
data=${FASHION_MNIST:-/usr/share/datasets/fashion-mnist}
[ -d "$data" ] || { echo "skipped: $data is absent (apt install dataset-fashion-mnist)"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# campaign NAME TARGET options...
campaign() {
    name=$1 target=$2
    shift 2
    for seed in $(seq 0 $((${SEEDS:-3} - 1))); do
        "$NASMITH" search "$data" --seed "$seed" -j 2 --study "$name-$seed.nas.db" -q --json \
            "$@" >"$name-$seed.json"
        rm -rf "$name-$seed.nas" "$name-$seed.nas.db"
    done
    python3 - "$name" "$target" "$name"-*.json <<'PY'
import json, sys
name, target, files = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
tests = []
for path in files:
    d = json.load(open(path))
    b = d['best']
    tests.append(b['test']['value'])
    print(f"{name} {path}: test {100 * b['test']['value']:.2f} %, {b['params']} params, "
          f"{b['macs']} MACs, RAM {b['ram_bytes']}, flash {b['flash_bytes']}, "
          f"{d['trials']['scored']} scored, {d['trials']['full']} full, {d['seconds']:.0f} s")
mean = 100 * sum(tests) / len(tests)
print(f"{name}: mean {mean:.2f} % of {len(tests)} seeds, target {target} %: "
      f"{'reached' if mean >= target else 'MISSED'}")
PY
}

for case in ${CASES:-3m 10m 10m-free}; do
    case $case in
    3m) campaign 3m 91.8 --time 3m --max-ram 64KiB --max-flash 256KiB ;;
    10m) campaign 10m 92.4 --time 10m --max-ram 64KiB --max-flash 256KiB ;;
    10m-free) campaign 10m-free 92.8 --time 10m ;;
    esac
done
