#!/bin/sh
# covers: report_child.c
# The report is written by a process of its own: whatever ends that, a report is there.
. "$(dirname "$0")/lib.sh.inc"
table=$root/tests/data-sets/wdbc.csv.gz

# child_of PID: wait until it has started `nasmith report`, print its process
child_of() {
    for _ in $(seq 1000); do
        for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
            if tr '\0' ' ' 2>/dev/null <"/proc/$child/cmdline" | grep -q ' report '; then
                echo "$child"
                return
            fi
        done
        sleep 0.02
    done
}

# ended HOW SIGNAL WHOM EXIT-CODE: signal the search or its child while it explains
ended() {
    "$NASMITH" search "$table" --label diagnosis --trials 2 --epochs 1 -j 1 --ablate 60s \
        --study "$1.nas.db" >"$1.out" 2>"$1.err" &
    search=$!
    child=$(child_of $search)
    [ -n "$child" ] || { echo "FAIL $1: no report process"; failures=$((failures + 1)); }
    sleep 0.3
    if [ "$3" = child ]; then kill "-$2" "$child"; else kill "-$2" $search; fi
    code=0
    wait $search || code=$?
    same "$4" $code "$1: exit code"
    [ -s "$1.nas/report.html" ] || { echo "FAIL $1: no report"; failures=$((failures + 1)); }
    same 0 "$(ps --ppid $search -o pid= | wc -l)" "$1: processes left"
}

ended killed KILL child 0
grep -q 'warning: the network was not explained: killed by signal 9' killed.err || {
    cat killed.err
    echo "FAIL no warning"
    failures=$((failures + 1))
}
grep -q '^Wrote .*report.html' killed.out || { echo "FAIL report not named"; failures=$((failures + 1)); }
ended interrupted INT search 130
finish
