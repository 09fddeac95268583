#!/bin/sh
# covers: cmd_search.c, cmd_worker.c, cmd_trials.c, cmd_show.c, cmd_report.c, progress.c
# The main job on a small table: result, files, JSON, continuing, refusing.
. "$(dirname "$0")/lib.sh.inc"
table=$root/tests/data-sets/wdbc.csv.gz
folds=1
search() { "$NASMITH" search "$table" --label diagnosis --folds $folds "$@"; }

search --trials 8 --epochs 4 -j 1 --study a.nas.db --json > a.json 2> err.txt || {
    cat err.txt
    exit 1
}
field() { python3 -c "import json,sys; d=json.load(open(sys.argv[1])); print(eval('d'+sys.argv[2]))" "$@"; }
same 1 "$(field a.json "['schema']")" schema
same classification "$(field a.json "['task']")" task
same 1 "$(field a.json "['best']['test']['opening']")" opening
same True "$(field a.json "['trials']['scored'] >= 8")" "scored trials"
same True "$(field a.json "['best']['validation']['value'] > 0.7")" "score"
for key in report onnx c; do
    path=$(field a.json "['files']['$key']")
    [ -e "$path" ] || { echo "FAIL $key: $path does not exist"; failures=$((failures + 1)); }
done

# same seed, same bytes, apart from times
search --trials 8 --epochs 4 -j 1 --study b.nas.db -q >/dev/null
for s in a b; do
    "$NASMITH" trials $s.nas.db --json > $s.raw
    python3 - $s.raw > $s.trials <<'PY'
import json, sys
def clean(v):
    if isinstance(v, dict):
        return {k: clean(x) for k, x in v.items() if not (k.endswith('_ms') and k != 'latency_ms')
                and k not in ('seconds', 'cpu_seconds', 'worker')}
    return [clean(x) for x in v] if isinstance(v, list) else v
print(json.dumps(clean(json.load(open(sys.argv[1])))))
PY
done
cmp a.trials b.trials || { echo "FAIL same seed, other trials"; failures=$((failures + 1)); }

# the same command continues, a larger total extends, the first test score stays
done_before=$(field a.json "['evaluations']['done']")
search --trials 12 --epochs 4 -j 2 --study a.nas.db --json > more.json 2>/dev/null
same True "$(field more.json "['trials']['scored'] >= 12")" "extended study"
same True "$(field more.json "['evaluations']['done'] > $done_before")" "evaluations grow"
fails 4 'space' search --trials 12 --epochs 4 --study a.nas.db --space nasbench201
grep -q -e '--new' err.txt || { echo "FAIL no hint to --new"; failures=$((failures + 1)); }
fails 4 '(^|[^_])seed' search --trials 12 --epochs 4 --study a.nas.db --seed 5
fails 4 'split|data' search --trials 12 --epochs 4 --study a.nas.db --split-seed 5
search --trials 2 --epochs 1 --study a.nas.db --new -q >/dev/null ||
    { echo "FAIL --new"; failures=$((failures + 1)); }

# int8: ranked, tested and exported by the device's kernels
search --trials 6 --epochs 4 -j 1 --study i.nas.db --dtype int8 --json > i.json 2> err.txt || cat err.txt
same True "$(field i.json "['best']['test']['value'] > 0.7")" "int8 score"
grep -q 'int8_t' "$(field i.json "['files']['c']")/net.h" || { echo "FAIL no int8 code"; failures=$((failures + 1)); }
fails 4 'dtype' search --trials 7 --epochs 4 --study i.nas.db
passes 'Wrote again8 .int8' "$NASMITH" export --study i.nas.db "$(field i.json "['best']['trial']")" --c again8 \
    --dtype int8

# folds: by default below 2,000 rows, each a training of its own; a killed search goes on
folds=auto
"$NASMITH" search "$table" --label diagnosis --trials 6 --epochs 4 -j 2 --study f.nas.db \
    >/dev/null 2>&1 &
pid=$!
sleep 1
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null || true
search --trials 6 --epochs 4 -j 2 --study f.nas.db --json > f.json 2> err.txt || cat err.txt
"$NASMITH" trials f.nas.db --json > f.raw
python3 - f.raw f.json <<'PY' || failures=$((failures + 1))
import json, sys
trials = [t for t in json.load(open(sys.argv[1]))['trials'] if t['trial'] > 0]
full = [t for t in trials if t['state'] == 'full']
assert full, 'no trial has all folds'
for t in full:
    rung = t['score']['rung']
    runs = [e for e in t['evaluations'] if e['purpose'] == 'search' and e['rung'] == rung]
    assert sorted(e['fold'] for e in runs) == list(range(5)), runs
    assert abs(t['score']['value'] - sum(e['value'] for e in runs) / 5) < 1e-9
    assert t['score']['n'] == sum(e['n'] for e in runs) == 484
    assert t['score']['low'] < t['score']['value'] < t['score']['high']
best = json.load(open(sys.argv[2]))['best']
assert best['validation']['n'] >= 97, best
PY
passes 'Folds    ' "$NASMITH" show f.nas.db
folds=1
search --trials 2 --epochs 1 --study g.nas.db -q --json > g.json 2>/dev/null
same 85 "$(field g.json "['best']['validation']['n']")" "rows of one validation part"
fails 2 'repeats' search --trials 2 --epochs 1 --study h.nas.db --repeats 2
folds=99
fails 2 'folds' search --trials 2 --epochs 1 --study h.nas.db
folds=1

# limits
fails 1 'smallest' search --trials 4 --epochs 1 --study c.nas.db --max-params 20
passes 'trial' "$NASMITH" trials a.nas.db
passes 'Network' "$NASMITH" show a.nas.db 1
passes '"nasmith-graph"' "$NASMITH" show a.nas.db 1 --graph
passes 'Wrote' "$NASMITH" report a.nas.db -o r.html
grep -q -E 'http://|https://' r.html && { echo "FAIL the report names an address"; failures=$((failures + 1)); }
fails 5 'cannot|denied|directory' search --trials 2 --epochs 1 --study /dev/null/x.nas.db
sqlite3 a.nas.db "update meta set value='7' where key='schema'" 2>/dev/null &&
    fails 4 'schema 7' "$NASMITH" trials a.nas.db
finish
