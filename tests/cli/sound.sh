#!/bin/sh
# Recordings from files to a device: the space that is chosen for them, the search, the
# exported files, which begin with the waveform, and decisions of the front end.
. "$(dirname "$0")/lib.sh.inc"
data=${NASMITH_DATA:-$root/../shared/data}/fsdd/wav
if [ ! -d "$data" ]; then
    echo "skipped: $data is absent"
    exit 0
fi
field() { python3 -c "import json,sys; d=json.load(open(sys.argv[1])); print(eval('d'+sys.argv[2]))" "$@"; }

# 3 digits of all speakers, a few of each: enough to see learning, quick enough to run always
mkdir few
for n in 0 1 5 10 20 30 40 44; do
    for digit in 0 1 7; do
        for file in "$data/${digit}"_*_"$n".wav; do ln -s "$file" few/; done
    done
done
passes 'sound, 1 channel' "$NASMITH" data check few --names class_group_test=0-4
passes '"sample_rate":8000' "$NASMITH" data check few --names class_group_test=0-4 --json
"$NASMITH" search few --names 'class_*_test=0-4' --length 4000 --trials 2 --epochs 6 --folds 1 -j 1 \
    --study s.nas.db --json > s.json 2> err.txt || { cat err.txt; exit 1; }
grep -q 'audio.*sound' err.txt || { cat err.txt; echo "FAIL the space is not explained"; failures=$((failures + 1)); }
same True "$(field s.json "['best']['test']['value'] > 0.4")" "score above chance"
c=$(field s.json "['files']['c']")
grep -q 'net_spectrum(' "$c/net.c" || { echo "FAIL no front end in the C files"; failures=$((failures + 1)); }
grep -q 'math\.h' "$c"/*.[ch] && { echo "FAIL libm in the C files"; failures=$((failures + 1)); }
for compiler in 'gcc -std=c99' 'clang -std=c99' 'g++ -x c++'; do
    command -v "${compiler%% *}" >/dev/null || continue
    $compiler -O2 -Wall -Wextra -Wpedantic -Wshadow -Werror -c "$c"/net*.c ||
        { echo "FAIL strict $compiler"; failures=$((failures + 1)); }
    rm -f ./*.o
done
make -C "$c" test >make.txt 2>&1 || { cat make.txt; echo "FAIL self-test"; failures=$((failures + 1)); }
passes 'accuracy: [0-9.]+ %' "$NASMITH" eval "$(field s.json "['files']['onnx']")" few \
    --names 'class_*_*'
# settings of the front end are kept once each, beside the prepared data
find . -name 'front-*.nasf' | grep -q . || { echo "FAIL nothing kept"; failures=$((failures + 1)); }

# a space of one's own, with augmentation; without a rate mel bands have no meaning
cat > own.yaml <<'YAML'
network:
  - choose:
      mfcc: {mfcc: {coefficients: [10, 13], bands: 24, as: series}}
      mel: {log_mel: {bands: 24, level: keep, as: series}}
      all: {spectrogram: {window: 256, hop: 128, as: series}}
  - conv: {out: 16, stride: 2}
train: {mask_time: [0, 6], mask_bands: 2, noise: 0.1, time_warp: 0.1, mixup: 0.2}
YAML
passes 'mfcc' "$NASMITH" space check own.yaml --input 1x1x4000 --sample-rate 8000
fails 2 'own.yaml:3.*sampling rate' "$NASMITH" space check own.yaml --input 1x1x4000
"$NASMITH" search few --names 'class_*_test=0-4' --length 4000 --trials 2 --epochs 1 --folds 1 -j 1 \
    --space own.yaml --study o.nas.db -q >/dev/null 2> err.txt || { cat err.txt; failures=$((failures + 1)); }
finish
