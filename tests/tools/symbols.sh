#!/bin/sh
# Whoever links the libraries must not meet foreign names: every global symbol begins with
# nas_ (Onnx and onnx__ in generated code, and what sanitizers add, aside).
set -eu
cd "${NASMITH_BUILD:?}"
foreign=$(nm -A -g --defined-only libnasmith_*.a 2>/dev/null |
    awk '$2 ~ /^[TDBRCV]$/ && $3 !~ /^(nas_|__odr_asan|__asan|__ubsan|__tsan)/ { print $1, $3 }')
if [ -n "$foreign" ]; then
    echo "global symbols without nas_:"
    echo "$foreign"
    exit 1
fi
ls libnasmith_base.a >/dev/null
