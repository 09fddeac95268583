#!/bin/sh
# A table with categories and missing values from rows to a device: checked, trained,
# evaluated on rows with unknown levels, exported, compiled strictly, run.
. "$(dirname "$0")/lib.sh.inc"

# rows FIRST LAST EXTRA: a height hidden in a colour and a size that is missing now and
# then; EXTRA is a level of the last rows
rows() {
    echo 'size,colour,who,class'
    awk -v first="$1" -v last="$2" -v extra="$3" 'BEGIN {
        split("red green blue", colours, " ")
        for (i = first; i < last; i++) {
            c = i * 7 % 3 + 1
            size = i * 13 % 17
            colour = i % 29 == 0 ? "" : (i > last - 5 && extra != "") ? extra : colours[c]
            print (i % 11 == 0 ? "NA" : size / 4) "," colour "," \
                (i % 4) "," ((size > 8) == (c == 2) ? "yes" : "no")
        }
    }'
}
rows 0 600 '' > train.csv
rows 600 800 violet > test.csv

passes 'table, 2 numeric columns, 1 of categories, 2 classes' \
    "$NASMITH" data check train.csv --label class
passes 'size: number; 55 missing: the median and an input that says so' \
    "$NASMITH" data check train.csv --label class
passes 'colour: 3 categories, one input for all others; 21 missing: an input of its own' \
    "$NASMITH" data check train.csv --label class
passes 'who: 4 categories' \
    "$NASMITH" data check train.csv --label class --categories who
passes '"network_inputs":8' "$NASMITH" data check train.csv --label class --json

cat > net.json <<'JSON'
{"format":"nasmith-graph","version":1,"nodes":[
 {"op":"input","shape":[8,1,1]},
 {"op":"dense","inputs":[0],"out":24},
 {"op":"relu","inputs":[1]},
 {"op":"dense","inputs":[2],"out":2}],"output":3}
JSON
passes 'accuracy on validation: (8[5-9]|9[0-9])' "$NASMITH" train train.csv --label class \
    --graph net.json --epochs 150 -o net.nasm
passes 'accuracy: (8[5-9]|9[0-9])' "$NASMITH" eval net.nasm test.csv
passes 'Wrote net.onnx .checked on [0-9]+ rows' "$NASMITH" export net.nasm --onnx net.onnx \
    --c c --prefix net --data test.csv
"$NASMITH" eval net.nasm test.csv > a.txt
"$NASMITH" eval net.onnx test.csv > b.txt
same "$(grep accuracy a.txt)" "$(grep accuracy b.txt)" 'eval of the ONNX file'
grep -q '2 = red' c/net.h || { echo "FAIL the header lacks the codes"; failures=$((failures + 1)); }
for compiler in gcc clang; do
    command -v $compiler >/dev/null || continue
    $compiler -std=c99 -O2 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror c/net*.c -c ||
        { echo "FAIL strict $compiler"; failures=$((failures + 1)); }
    rm -f ./*.o
done
make -C c test >make.txt 2>&1 || { cat make.txt; echo "FAIL self-test"; failures=$((failures + 1)); }

# A number where training had numbers must be one; a model of plain numbers has no words
# for missing values.
sed 's/^NA,/tall,/' test.csv > tall.csv
fails 3 'column `size`: `tall`, expected a number' "$NASMITH" eval net.nasm tall.csv
cut -d, -f1,3,4 train.csv | grep -v NA > plain.csv
sed 's/8,1,1/2,1,1/' net.json > two.json
passes 'accuracy on validation' "$NASMITH" train plain.csv --label class --graph two.json \
    --epochs 2 -o plain.nasm
fails 3 'column `size`: the value is missing' "$NASMITH" eval plain.nasm test.csv
fails 5 'missing values and long tails need floats' "$NASMITH" export net.nasm --c c8 --dtype int8 --data test.csv
fails 5 'categories or missing values: int8' "$NASMITH" search train.csv --label class \
    --dtype int8 --trials 1 --study int8
# Five columns of colours become a vector of 2 beside the 3 of numbers: 5 * 2 weights and a
# head of 5 * 2 + 2.
printf 'network:\n  - embed: {out: 2}\n' > embed.yaml
"$NASMITH" search train.csv --label class --space embed.yaml --trials 1 --epochs 2 -j 1 \
    --study e.nas.db --json > e.json 2>e.txt || { cat e.txt; failures=$((failures + 1)); }
passes '"params":22[,}]' "$NASMITH" trials e.nas.db --json
# progress of quantities is in their unit
awk 'BEGIN { print "x,y"; for (i = 0; i < 200; i++) print i "," 7 * i + 0.5 }' > line.csv
"$NASMITH" search line.csv --label y --trials 3 --epochs 2 --folds 1 -j 1 --export none --no-report \
    --progress plain >/dev/null 2> err.txt
grep -q 'new best' err.txt && ! grep -q '[0-9] %' err.txt ||
    { cat err.txt; echo "FAIL progress in %"; failures=$((failures + 1)); }
finish
