#!/bin/sh
# covers: options.c, config.c, terminal.c, help.c, common.c, cmd_version.c, cmd_space.c
# Verbs, flags, environment and configuration files: what a mistyped one gets.
. "$(dirname "$0")/lib.sh.inc"

passes '^nasmith [0-9]+\.[0-9]+\.[0-9]+$' "$NASMITH" --version
passes '"study_schema":1' "$NASMITH" version --json
passes 'nasmith search DATA' "$NASMITH"
passes 'max-ram BYTES' "$NASMITH" search --help
passes 'max-ram BYTES' "$NASMITH" help search
for verb in search trials show report compare plot train eval export data space targets worker version proxies bench; do
    passes 'Usage' "$NASMITH" $verb --help # each option is there once
done

fails 2 'unknown verb `serch`' "$NASMITH" serch data
grep -q 'did you mean `nasmith search`' err.txt || { echo "FAIL no hint"; failures=1; }
fails 2 'unknown option `--max-rem`' "$NASMITH" search data --max-rem 64KiB
grep -q 'did you mean `--max-ram`' err.txt || { echo "FAIL no hint"; failures=1; }
fails 2 'needs DATA' "$NASMITH" search
fails 2 'unexpected argument `b`' "$NASMITH" search a b
fails 2 'needs a value' "$NASMITH" search data --time
fails 2 'max_ram|max-ram' "$NASMITH" search data --max-ram lots
fails 2 'time' "$NASMITH" search data --time soon
fails 2 'progress' "$NASMITH" search data --progress loud
fails 2 'minimize: unknown word `speed`' "$NASMITH" search data --minimize speed
fails 2 'unknown metric `accurracy`' "$NASMITH" search data --metric accurracy
fails 2 'NASMITH_MAX_RAM' env NASMITH_MAX_RAM=much "$NASMITH" search data
fails 2 'somewhere to write' "$NASMITH" export model.nasm
fails 2 'needs the network' "$NASMITH" train data

printf 'time: 3m\nmax_rem: 64KiB\n' > search.yaml
fails 2 'search.yaml:2:1: unknown key `max_rem`' "$NASMITH" search data
grep -q '2 | max_rem: 64KiB' err.txt || { echo "FAIL no source line"; failures=1; }
printf 'time: [1, 2]\n' > search.yaml
fails 2 'search.yaml:1:7' "$NASMITH" search data
printf 'time: "3m\n' > search.yaml
fails 2 'search.yaml:' "$NASMITH" search data
rm search.yaml
fails 5 'absent.yaml' "$NASMITH" search data --config absent.yaml

fails 4 'no study here' "$NASMITH" trials
fails 4 'no study `absent.nas.db`' "$NASMITH" show absent.nas.db
printf 'hello' > text.nas.db
fails 4 'text.nas.db' "$NASMITH" trials text.nas.db
fails 2 'unknown action' "$NASMITH" space look
fails 2 'did you mean|presets|known' "$NASMITH" space show image-cn
fails 2 'expected a shape' "$NASMITH" space show image-cnn --input 28x28
finish
