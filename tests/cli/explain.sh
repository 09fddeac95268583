#!/bin/sh
# covers: cmd_compare.c, cmd_plot.c
# Explanations at the command line: verdict, comparison, plots, a second domain.
. "$(dirname "$0")/lib.sh.inc"
table=$root/tests/data-sets/wdbc.csv.gz
"$NASMITH" search "$table" --label diagnosis --trials 30 --epochs 3 -j 1 --study a.nas.db -q >/dev/null
"$NASMITH" search "$table" --label diagnosis --trials 3 --epochs 2 -j 1 --study b.nas.db --seed 3 -q >/dev/null

passes 'test rows right' "$NASMITH" show a.nas.db --explain
passes 'What mattered' "$NASMITH" show a.nas.db --explain
"$NASMITH" show a.nas.db --explain --json > e.json
field() { python3 -c "import json,sys; d=json.load(open(sys.argv[1])); print(eval('d'+sys.argv[2]))" "$@"; }
same 1 "$(field e.json "['schema']")" schema
same 30 "$(field e.json "['network']['columns'].__len__()")" "columns of the table"
same True "$(field e.json "['mattered']['decisions'][0]['share'] <= 1")" "share"

passes '#1 .*#2' "$NASMITH" compare 1 2 --study a.nas.db
passes 'params' "$NASMITH" compare 1 2 3 --study a.nas.db
passes 'study .*a.nas.db .*b.nas.db' "$NASMITH" compare a.nas.db b.nas.db
"$NASMITH" compare a.nas.db b.nas.db --json > c.json
same 2 "$(field c.json "['networks'].__len__()")" "networks compared"
fails 2 'mixed' "$NASMITH" compare 1 b.nas.db --study a.nas.db
fails 2 'no trial 999' "$NASMITH" compare 1 999 --study a.nas.db

passes 'timeline' "$NASMITH" plot
passes 'Wrote front.svg' "$NASMITH" plot front a.nas.db
python3 -c "import xml.dom.minidom as x; x.parse('front.svg')" || { echo "FAIL front.svg is no XML"; failures=$((failures + 1)); }
fails 2 'unknown plot' "$NASMITH" plot fron a.nas.db

passes 'Wrote' "$NASMITH" report a.nas.db --output r.html --ablate 2s
grep -q 'What its parts do' r.html || { echo "FAIL no ablation in the report"; failures=$((failures + 1)); }
rm -r a.nas/data
passes 'Wrote' "$NASMITH" report a.nas.db --output r.html # what was explained before
grep -q 'What its parts do' r.html || { echo "FAIL the ablation was forgotten"; failures=$((failures + 1)); }

passes 'no clear difference' "$NASMITH" eval a.nas/best.nasm "$table" --label diagnosis --shifted "$table"
"$NASMITH" eval a.nas/best.nasm "$table" --label diagnosis --shifted "$table" --json > s.json
same True "$(field s.json "['shifted']['value'] == d['value']")" "the same file scores the same"
finish
