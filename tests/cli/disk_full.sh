#!/bin/sh
# covers: file.c
# A full disk at every place the program writes to: one clear line, exit code 5, nothing
# half-written, and what was there before still readable.
# Needs a file system of its own: root, or user namespaces.
if [ "${DISK_FULL_INSIDE:-}" != yes ]; then
    for how in 'unshare -m' 'unshare -Urm'; do
        if $how sh -c 'mount -t tmpfs -o size=64k tmpfs /mnt' 2>/dev/null; then
            DISK_FULL_INSIDE=yes exec $how "$0"
        fi
    done
    echo "skipped: no private file system can be mounted here"
    exit 0
fi
. "$(dirname "$0")/lib.sh.inc"
table=$root/tests/data-sets/wdbc.csv.gz

# disk KIB: an empty file system of that size at ./disk
disk() {
    mkdir -p disk
    mount -t tmpfs -o "size=${1}k" tmpfs disk
}
fill() { dd if=/dev/zero of=disk/rest bs=1k 2>/dev/null || true; }
search() { "$NASMITH" search "$table" --label diagnosis --epochs 1 -j 1 "$@"; }

# the study cannot even begin
disk 16
fails 5 'full|No space left' search --trials 2 --study disk/a.nas.db
umount disk

# the study fills up on its way; what was stored stays readable, and more room continues it
disk 1024
fails 5 'full|No space left' search --trials 5000 --study disk/b.nas.db
mount -o remount,size=64m disk
"$NASMITH" trials disk/b.nas.db --json >b.json 2>err.txt || {
    cat err.txt
    echo "FAIL the study is not readable after the disk was full"
    failures=$((failures + 1))
}
done_before=$(python3 -c "import json; print(len(json.load(open('b.json'))['trials']))")
search --trials $((done_before + 2)) --study disk/b.nas.db -q >out.txt 2>err.txt || {
    cat err.txt
    echo "FAIL the study does not continue"
    failures=$((failures + 1))
}
umount disk

# whatever is written when the disk fills up: one line, or there was room for all of it
for size in 24 40 56 72 88 104 120 136 152 168 184 200; do
    disk $size
    if search --trials 2 --study disk/c.nas.db -q >out.txt 2>err.txt; then
        umount disk
        break
    fi
    fails 5 'full|No space left' search --trials 2 --study disk/c.nas.db
    umount disk
done

# exported files and reports
search --trials 2 --study d.nas.db -q --json >d.json 2>err.txt || { cat err.txt; exit 1; }
best=$(python3 -c "import json; print(json.load(open('d.json'))['best']['trial'])")
disk 64
fill
fails 5 'full|No space left' "$NASMITH" report d.nas.db -o disk/report.html
fails 5 'full|No space left' "$NASMITH" export "$best" --study d.nas.db --onnx disk/net.onnx
fails 5 'full|No space left' "$NASMITH" export "$best" --study d.nas.db --c disk/c
same '' "$(find disk -type f ! -name rest)" "files left on the full disk"
umount disk
finish
