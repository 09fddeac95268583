#!/bin/sh
# tools/install-deps against a pretended system: nothing missing, missing as root, missing
# without rights, apt-get failing.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
fake=$(mktemp -d)
trap 'rm -rf "$fake"' EXIT
for tool in sh env dirname awk mktemp tail rm; do
    ln -s "$(command -v "$tool")" "$fake/$tool"
done

cat >"$fake/dpkg-query" <<'END'
#!/bin/sh
for last; do :; done
case " $MISSING " in *" $last "*) exit 1 ;; esac
printf installed
END
cat >"$fake/apt-get" <<'END'
#!/bin/sh
echo "apt-get $*" >>"$CALLS"
case "$*" in
*--print-uris*) echo "'http://x/a.deb' a.deb 2500000 SHA256:0" ;;
*install*) exit "${APT_FAILS:-0}" ;;
esac
END
cat >"$fake/id" <<'END'
#!/bin/sh
echo "$USER_ID"
END
chmod +x "$fake/dpkg-query" "$fake/apt-get" "$fake/id"
export CALLS="$fake/calls" CI=true

fail() {
    echo "$1; it said:"
    cat "$fake/out"
    exit 1
}

run() { # CODE: runs with $MISSING and $USER_ID, wants this exit code
    : >"$CALLS"
    code=0
    PATH=$fake "$root/tools/install-deps" build >"$fake/out" 2>&1 </dev/null || code=$?
    [ "$code" -eq "$1" ] || fail "exit code $code, expected $1"
}

export MISSING="" USER_ID=1000
run 0
[ ! -s "$fake/out" ] || fail "nothing is missing, but it spoke"
[ ! -s "$CALLS" ] || fail "nothing is missing, but apt-get ran"

MISSING="libyaml-dev cmake"
run 5
grep -q 'apt-get install cmake libyaml-dev$' "$fake/out" || fail "no command to run by hand"
[ ! -s "$CALLS" ] || fail "apt-get ran without rights"

USER_ID=0
run 0
grep -q '1 packages, 2 MB to download' "$fake/out" || fail "no size"
grep -q '^apt-get update' "$CALLS" || fail "no update"
grep -q '^apt-get install .* cmake libyaml-dev$' "$CALLS" || fail "wrong install command"

export APT_FAILS=100
run 5
grep -q '^error: cannot install the missing packages: apt-get install failed$' "$fake/out" ||
    fail "apt-get failed without a clear line"

code=0
"$root/tools/install-deps" demos 2>"$fake/out" || code=$?
[ "$code" -eq 2 ] || fail "unknown purpose accepted"
