#!/bin/sh
# covers: cmd_proxies.c
# nasmith proxies: ranks, the table it is held against, JSON, what a mistyped one gets.
. "$(dirname "$0")/lib.sh.inc"

data=$root/tests/data-sets/wdbc.csv.gz
proxies="proxies $data --label diagnosis --space table-mlp --networks 6 --batch 32"
passes '6 networks of table-mlp' "$NASMITH" $proxies
passes 'log rank .*naswot .*jacov .*synflow' "$NASMITH" $proxies
passes '"schema":1' "$NASMITH" $proxies --json --proxies all --seed 3
mv out.txt first.txt
passes '"az_trainability":' "$NASMITH" $proxies --json --proxies all --seed 3
sed 's/"seconds":[^}]*//g' first.txt > a.txt
sed 's/"seconds":[^}]*//g' out.txt > b.txt
same "$(cat a.txt)" "$(cat b.txt)" "the same seed"
passes '"naswot":' "$NASMITH" $proxies --json --seed 4
passes '   2 ' "$NASMITH" $proxies --top 2
[ "$(grep -c '^ *[0-9]* *-' out.txt)" -eq 2 ] || { echo "FAIL --top 2"; failures=1; }

fails 2 'unknown proxy `naswott`' "$NASMITH" $proxies --proxies naswott
grep -q 'did you mean `naswot`' err.txt || { echo "FAIL no hint"; failures=1; }
fails 2 'multiple of 16' "$NASMITH" proxies "$data" --label diagnosis --batch 40
fails 2 'none is named' "$NASMITH" $proxies --proxies ''

# A search whose first networks are screened: the same seed gives the same networks.
for i in 1 2; do
    passes 'schema' "$NASMITH" search "$data" --label diagnosis --trials 4 --epochs 1 --folds 1 --workers 1 --proxies 12 \
        --study s$i.nas.db --json
    "$NASMITH" trials s$i.nas.db --json | tr '{' '\n' | grep -o '"key":"[^"]*"' > keys$i.txt
done
same "$(cat keys1.txt)" "$(cat keys2.txt)" "the same screened networks"
fails 4 'was made with --proxies 12, now it is 0' "$NASMITH" search "$data" --label diagnosis --trials 5 --folds 1 \
    --epochs 1 --workers 1 --study s1.nas.db

# NAS-Bench-201 cells of one cell a stage, narrow: what is recorded of the full ones.
shared=${NASMITH_DATA:-$root/../shared/data}
if [ -r "$shared/nb201/nb201.csv.gz" ] && [ -d "$shared/cifar10" ]; then
    mkdir cifar
    for part in images-idx4 labels-idx1; do
        cp "$shared/cifar10/cifar10-first4000-$part-ubyte.gz" "cifar/train-$part-ubyte.gz"
    done
    sed 's/cells: 5/cells: 1/; s/channels: 16/channels: 8/; s/out: 16/out: 8/' \
        "$root/spaces/nasbench201.yaml" > small.yaml
    passes '"spearman":\{' "$NASMITH" proxies cifar --table "$shared/nb201/nb201.csv.gz" \
        --metric c10 --space small.yaml --networks 60 --batch 32 --json --seed 1
    python3 - <<'END' || failures=$((failures + 1))
import json
rho = json.load(open("out.txt"))["spearman"]
print({name: round(value, 2) for name, value in rho.items()})
low = {"params": 0.5, "macs": 0.5, "naswot": 0.5, "jacov": 0.45, "synflow": 0.45, "log_rank": 0.6}
bad = [name for name in low if not rho[name] > low[name]]
raise SystemExit(f"FAIL rank correlation too low: {bad}" if bad else 0)
END
else
    echo "skipped: NAS-Bench-201 and CIFAR-10 are absent (set NASMITH_DATA)"
fi
finish
