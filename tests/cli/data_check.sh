#!/bin/sh
# covers: cmd_data.c
# What is understood of small free data sets, word for word: data_check.txt holds a line
# "$ NAME FLAGS" for each, then its answer. Sets outside of the repository are passed over
# where they are absent. `data_check.sh --write` writes the answers anew.
. "$(dirname "$0")/lib.sh.inc"
golden="$root/tests/cli/data_check.txt"
data=${NASMITH_DATA:-$root/../shared/data}
seen=0
set -f # flags may be *

# answer "NAME FLAGS": what the program says, and its exit code if it is not 0
answer() {
    code=0
    # shellcheck disable=SC2086 # flags are words
    "$NASMITH" data check $1 2>&1 || code=$?
    [ "$code" -eq 0 ] || echo "exit code $code"
}

# enter NAME: go to where it lies
enter() {
    for folder in "$root/tests/data-sets" "$data"; do
        if [ -e "$folder/$1" ]; then
            cd "$folder"
            return 0
        fi
    done
    return 1
}

if [ "${1:-}" = --write ]; then
    sed -n 's/^\$ //p' "$golden" | while IFS= read -r command; do
        enter "${command%% *}"
        printf '$ %s\n' "$command"
        answer "$command"
    done > "$work/new.txt"
    cp "$work/new.txt" "$golden"
    exit 0
fi

# want COMMAND TEXT
want() {
    if [ -z "$1" ] || ! enter "${1%% *}"; then
        return 0
    fi
    seen=$((seen + 1))
    same "$2" "$(answer "$1")" "$1"
}

command='' text=''
while IFS= read -r line; do
    case $line in
    '$ '*)
        want "$command" "$text"
        command=${line#??} text=''
        ;;
    *) text="$text${text:+
}$line" ;;
    esac
done < "$golden"
want "$command" "$text"
same true "$([ "$seen" -ge 3 ] && echo true)" 'at least the bundled sets are seen'
cd "$work"
finish
