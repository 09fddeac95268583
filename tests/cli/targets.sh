#!/bin/sh
# covers: target.c, cmd_targets.c
# --target sets limits and numbers; flags that are given win.
. "$(dirname "$0")/lib.sh.inc"
digits=$root/tests/data-sets/digits8x8

passes '^cortex-m4 +128 KiB +512 KiB +120 MHz +int8' "$NASMITH" targets
passes '"name":"raspberry-pi"' "$NASMITH" targets --json
passes '^clock_mhz: 120$' "$NASMITH" targets cortex-m4
fails 2 'no target `cortex-m44`' "$NASMITH" targets cortex-m44

"$NASMITH" targets cortex-m4 | sed 's/^ram: .*/ram: 6KiB/' >board.yaml
passes '^board +6 KiB' "$NASMITH" targets board.yaml
sed 's/^ram:/rum:/' board.yaml >bad.yaml
fails 2 'bad.yaml:[0-9]+:1: unknown key `rum`' "$NASMITH" space sample image-cnn --target bad.yaml
grep -q 'did you mean `ram`' err.txt || { echo "FAIL no hint"; failures=1; }
fails 2 'bad.yaml:[0-9]+:1: unknown key `rum`' "$NASMITH" search "$digits" --target bad.yaml
fails 2 'bad.yaml' "$NASMITH" export net.nasm --c c --target bad.yaml
fails 2 'bad.yaml' "$NASMITH" train "$digits" --graph net.json --target bad.yaml

sample="$NASMITH space sample image-cnn --samples 40"
passes ' ms ' $sample --target cortex-m4
passes 'over the limit on ram' $sample --target board.yaml
passes '^([0-9]+) of 40 sampled assignments are networks, \1 meet the limits' $sample --target board.yaml --max-ram 64MiB --max-flash 64MiB
passes 'over the limit on latency' $sample --target cortex-m0plus --max-latency 1ms
a=$($sample --target cortex-m4 | grep -o '[0-9.]* [KM]*i*B RAM' | head -n 1)
b=$($sample --target cortex-m4 --dtype float | grep -o '[0-9.]* [KM]*i*B RAM' | head -n 1)
[ "$a" != "$b" ] || { echo "FAIL --dtype does not win: $a"; failures=$((failures + 1)); }

passes '"device":\{"name":"board","latency_ms":[0-9.]+,"low_ms":[0-9.]+,"high_ms":[0-9.]+,"millijoules":[0-9.e-]+\}' \
    "$NASMITH" search "$digits" --target board.yaml --trials 2 --epochs 1 --folds 1 --workers 1 --export none \
    --no-report --json
passes 'mJ an inference on board, estimated' \
    "$NASMITH" search "$digits" --target board.yaml --trials 2 --epochs 1 --folds 1 --workers 1 --export none \
    --no-report
fails 4 'max-ram' "$NASMITH" search "$digits" --target cortex-m4 --trials 2 --epochs 1 --folds 1 --workers 1
finish
