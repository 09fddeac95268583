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
finish
