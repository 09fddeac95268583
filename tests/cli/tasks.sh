#!/bin/sh
# Tasks beside classes and quantities, from the data to files that were run again.
. "$(dirname "$0")/lib.sh.inc"
field() { python3 -c "import json,sys; d=json.load(open(sys.argv[1])); print(eval('d'+sys.argv[2]))" "$@"; }

# several labels a row
python3 - > weather.csv <<'PY'
import random
random.seed(2)
print('t,p,h,rain,wind,frost')
for i in range(400):
    t, p, h = random.gauss(8, 8), random.gauss(1013, 9), random.random()
    print(f'{t:.2f},{p:.1f},{h:.3f},{int(p < 1008 and h > .3)},{int(p < 1005 or p > 1025)},{int(t < 0)}')
PY
passes '(^|[^a-z])multilabel' "$NASMITH" data check weather.csv --label rain,wind,frost
passes 'Labels   rain [0-9]+ · wind' "$NASMITH" data check weather.csv --label rain,wind,frost
"$NASMITH" search weather.csv --label rain,wind,frost --trials 4 --epochs 30 -j 2 --json >m.json 2>err.txt || cat err.txt
same multilabel "$(field m.json "['task']")" task
same macro_f1 "$(field m.json "['metric']")" metric
same True "$(field m.json "['best']['test']['value'] > 0.6")" 'score on the test rows'
[ -e "$(field m.json "['files']['onnx']")" ] || { echo 'FAIL no verified ONNX'; failures=$((failures + 1)); }
c=$(field m.json "['files']['c']")
make -C "$c" test >make.txt 2>&1 || { cat make.txt; echo 'FAIL self-test'; failures=$((failures + 1)); }
grep -q 'probability of each label' "$c/net.h" || { echo 'FAIL header'; failures=$((failures + 1)); }
passes 'macro_f1: [0-9.]+ %' "$NASMITH" eval "$(field m.json "['files']['onnx']")" weather.csv \
    --label rain,wind,frost
passes 'auc: 0.[0-9]+' "$NASMITH" eval "$(field m.json "['files']['model']")" weather.csv --metric auc \
    --label rain,wind,frost
fails 2 'no int8 form' "$NASMITH" search weather.csv --label rain,wind,frost --trials 2 --dtype int8 --study i.nas.db
fails 2 'rmse' "$NASMITH" search weather.csv --label rain,wind,frost --trials 2 --metric rmse --study i.nas.db

# a forecast, beside what repeats the past
python3 - > load.csv <<'PY'
import math, random
random.seed(3)
print('hour,load,wind')
for i in range(900):
    print(f'2026-{1 + i // 672:02d}-{1 + i // 24 % 28:02d} {i % 24:02d}:00,'
          f'{50 + 20 * math.sin(i * math.pi / 12) + random.gauss(0, 2):.2f},{random.gauss(5, 2):.2f}')
PY
printf 'network:\n  - conv: {out: [4, 8], kernel: 5, stride: 2}\n  - dense: {out: [16, 32]}\n' > small.yaml
forecast='--horizon 12 --window 48 --label load'
# shellcheck disable=SC2086 # flags are words
passes 'forecasting, the next 12 steps from 48' "$NASMITH" data check load.csv $forecast
# shellcheck disable=SC2086
"$NASMITH" search load.csv $forecast --trials 3 --epochs 6 -j 2 --space small.yaml --step 3 --json >f.json 2>err.txt || cat err.txt
python3 - f.json <<'PY' || failures=$((failures + 1))
import json, sys
d = json.load(open(sys.argv[1]))
b = {x['name']: x['test']['value'] for x in d['baselines']}
assert set(b) == {'mean', 'last value', 'season of 24', 'linear', 'standard'}, b
assert b['season of 24'] < 4 < b['mean'] and b['season of 24'] < b['last value'], b
assert d['best']['test']['value'] < b['mean'], (d['best'], b)
assert d['files']['onnx'] and d['files']['c']
PY
# shellcheck disable=SC2086
passes 'rmse: [0-9.]+' "$NASMITH" eval "$(field f.json "['files']['onnx']")" load.csv --horizon 12
fails 3 'no series of' "$NASMITH" data check load.csv --label load --horizon 4000
fails 2 'exclude each other' "$NASMITH" data check load.csv --label load --horizon 4 --length 5

# anomalies: trained on normal rows, judged by how far rows are from what comes out again
python3 - > pump.csv <<'PY'
import math, random
random.seed(4)
print(','.join(f's{k}' for k in range(8)) + ',state')
for i in range(500):
    a, b = random.gauss(0, 1), random.gauss(0, 1)
    row = [100 + 5 * (a * math.sin(k) + b * math.cos(k)) + random.gauss(0, .3) for k in range(8)]
    state = 'normal'
    if i % 5 == 0:
        state, k = random.choice(['leak', 'dry']), random.randrange(8)
        row[k] += random.choice([-4, 4])
    print(','.join(f'{x:.2f}' for x in row) + ',' + state)
PY
passes 'anomaly: 400 rows are normal, 100 are not' "$NASMITH" data check pump.csv --label state --task anomaly
"$NASMITH" search pump.csv --label state --task anomaly --trials 4 --epochs 40 -j 2 --json >a.json 2>err.txt || cat err.txt
python3 - a.json <<'PY' || failures=$((failures + 1))
import json, sys
d = json.load(open(sys.argv[1]))
b = {x['name']: x['test']['value'] for x in d['baselines']}
assert d['task'] == 'anomaly' and d['metric'] == 'auc', d
assert d['best']['test']['value'] > max(0.85, b['mean']), (d['best'], b)
assert d['files']['onnx'] and d['files']['c']
PY
c=$(field a.json "['files']['c']")
make -C "$c" test >make.txt 2>&1 || { cat make.txt; echo 'FAIL self-test'; failures=$((failures + 1)); }
passes 'auc: 0.[89]|auc: 1' "$NASMITH" eval "$(field a.json "['files']['onnx']")" pump.csv --label state
fails 2 'no class' "$NASMITH" data check pump.csv --label state --task anomaly --normal fine
finish
