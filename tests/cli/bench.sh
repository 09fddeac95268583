#!/bin/sh
# covers: cmd_bench.c
# nasmith bench table: what is printed, the same seed, what a mistyped one gets.
. "$(dirname "$0")/lib.sh.inc"

cat > tiny.yaml <<'END'
network:
  - conv: {out: [4, 8, 12], kernel: [1, 3, 5]}
  - global_avg_pool
END
cat > t.csv <<'END'
arch,valid_3,valid_9,test,seconds_9,params,macs
00,41,45,44,10,100,1000
11,81,86,85,20,200,3000
22,84,87,88,40,400,9000
12,82,88,87,30,300,5000
21,80,89,86,35,350,6000
10,61,65,64,12,120,2000
20,62,66,67,13,130,2500
END

table="bench table t.csv --space tiny.yaml --runs 4"
passes 'space tiny.yaml, 7 rows, 7 networks' "$NASMITH" $table
passes 'random ' "$NASMITH" $table --queries 3
passes 'most parameters' "$NASMITH" $table --queries 3
passes 'Optimum  89.0000, there test 86.0000; best test 88.0000' "$NASMITH" $table
passes 'evolution\+hyperband' "$NASMITH" $table --scheduler hyperband --queries 6
passes '^evolution:population=3:tournament=2 ' "$NASMITH" $table --queries 6 \
    --strategy evolution:population=3:tournament=2,evolution
grep -q '^evolution ' out.txt || { echo "FAIL no plain evolution"; failures=1; }
passes '^seconds ' "$NASMITH" $table --seconds 60
passes '^epochs ' "$NASMITH" $table --epochs 60 --curve
passes 'Front ' "$NASMITH" $table --objective params

passes '"schema":1' "$NASMITH" $table --json --seed 3
mv out.txt first.txt
passes '"axis":"queries"' "$NASMITH" $table --json --seed 3
same "$(cat first.txt)" "$(cat out.txt)" "the same seed"
passes '"schema":1' "$NASMITH" $table --json --seed 4
[ "$(cat first.txt)" != "$(cat out.txt)" ] || { echo "FAIL seeds change nothing"; failures=1; }

passes 'Optimum' "$NASMITH" $table --output page.html
grep -q '</html>' page.html || { echo "FAIL no page"; failures=1; }

fails 2 'unknown action `tabel`' "$NASMITH" bench tabel t.csv
fails 2 'unknown strategy `evolutoin`' "$NASMITH" $table --strategy evolutoin
grep -q 'did you mean `evolution`' err.txt || { echo "FAIL no hint"; failures=1; }
fails 2 'unknown strategy option `popluation`' "$NASMITH" $table --strategy evolution:popluation=2
fails 2 'expected key=value' "$NASMITH" $table --strategy evolution:population
fails 2 'population' "$NASMITH" $table --strategy evolution:population=none
fails 2 'unknown scheduler `ahsa`' "$NASMITH" $table --scheduler ahsa
fails 2 'has no column `tset`' "$NASMITH" $table --test tset
fails 3 'absent.csv' "$NASMITH" bench table absent.csv
fails 3 'no validation column' "$NASMITH" bench table "$root/docs/refs.bib"
fails 2 'expected a shape' "$NASMITH" $table --input 3x32
printf 'valid_1\n1\n2\n' > plain.csv
fails 2 'no seconds' "$NASMITH" bench table plain.csv --seconds 10
finish
