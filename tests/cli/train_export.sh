#!/bin/sh
# covers: cmd_train.c, cmd_eval.c, cmd_export.c
# One network from a table to a device: train, eval, export, compile strictly, self-test.
. "$(dirname "$0")/lib.sh.inc"
digits=$root/tests/data-sets/digits8x8

cat > net.json <<'JSON'
{"format":"nasmith-graph","version":1,"nodes":[
 {"op":"input","shape":[1,8,8]},
 {"op":"conv","inputs":[0],"out":8,"kernel":3},
 {"op":"batch_norm","inputs":[1]},
 {"op":"relu","inputs":[2]},
 {"op":"max_pool","inputs":[3],"kernel":2,"stride":2},
 {"op":"flatten","inputs":[4]},
 {"op":"dense","inputs":[5],"out":10}],"output":6}
JSON
passes 'accuracy on validation: [0-9.]+ %' "$NASMITH" train "$digits" \
    --graph net.json --epochs 40 -o net.nasm
passes '"validation":\{"value":0\.[0-9]+' "$NASMITH" train "$digits" \
    --graph net.json --epochs 2 -o again.nasm --json
"$NASMITH" train "$digits" --graph net.json --epochs 2 -o third.nasm >/dev/null 2>&1
cmp again.nasm third.nasm || { echo "FAIL two trainings differ"; failures=$((failures + 1)); }
passes 'accuracy: [0-9.]+ %' "$NASMITH" eval net.nasm "$digits"
passes 'Wrote net.onnx .checked on [0-9]+ rows' "$NASMITH" export net.nasm --onnx net.onnx --c c \
    --prefix digits
passes 'accuracy: [0-9.]+ %' "$NASMITH" eval net.onnx "$digits"
passes 'int8, calibrated by .* equal bit for bit' "$NASMITH" export net.nasm --c c8 --dtype int8 \
    --data "$digits"
passes 'calibrated by mse' "$NASMITH" export net.nasm --c c8 --dtype int8 --data "$digits" \
    --calibration mse
make -C c8 test >make.txt 2>&1 || { cat make.txt; echo "FAIL int8 self-test"; failures=$((failures + 1)); }
passes 'Wrote q.onnx .int8, checked on 256 rows' "$NASMITH" export net.nasm --onnx q.onnx --dtype int8 \
    --data "$digits"
fails 2 'int8' "$NASMITH" eval q.onnx "$digits"
fails 2 'needs rows to calibrate' "$NASMITH" export net.nasm --c c8 --dtype int8
for compiler in gcc clang; do
    command -v $compiler >/dev/null || continue
    $compiler -std=c99 -O2 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror c/digits*.c \
        -c || { echo "FAIL strict $compiler"; failures=$((failures + 1)); }
    rm -f ./*.o
done
make -C c test >make.txt 2>&1 || { cat make.txt; echo "FAIL self-test"; failures=$((failures + 1)); }

# Two of eight channels are cut off: they need not be computed.
cat > cut.json <<'JSON'
{"format":"nasmith-graph","version":1,"nodes":[
 {"op":"input","shape":[1,8,8]},
 {"op":"conv","inputs":[0],"out":8,"kernel":3},
 {"op":"batch_norm","inputs":[1]},
 {"op":"relu","inputs":[2]},
 {"op":"slice","inputs":[3],"from":1,"count":6},
 {"op":"global_avg_pool","inputs":[4]},
 {"op":"dense","inputs":[5],"out":10}],"output":6}
JSON
"$NASMITH" train "$digits" --graph cut.json --epochs 2 -o cut.nasm >/dev/null 2>&1
passes 'Clean-up: 2 dead channels and 1 operator; 22 parameters and 1152 MACs less' \
    "$NASMITH" export cut.nasm --onnx cut.onnx --c cut_c
passes 'accuracy: [0-9.]+ %' "$NASMITH" eval cut.onnx "$digits"

sed 's/\[1,8,8\]/[1,9,8]/' net.json > other.json
fails 2 '1 x 9 x 8' "$NASMITH" train "$digits" --graph other.json
sed 's/"out":10/"out":9/' net.json > other.json
fails 2 '9 outputs' "$NASMITH" train "$digits" --graph other.json
sed 's/"out":8/"outs":8/' net.json > other.json
fails 2 'outs' "$NASMITH" train "$digits" --graph other.json
head -c 100 net.nasm > cut.nasm
fails 2 'cut.nasm' "$NASMITH" eval cut.nasm "$digits"
fails 3 'unwritable|cannot|denied|Not a directory' "$NASMITH" eval net.nasm /dev/null/x
finish
