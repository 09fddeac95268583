#!/bin/sh
# The tests of the layers below the engine under valgrind, which sees uses of uninitialised
# memory that the sanitizers of `make check` do not. (test_process is left out: valgrind
# forks where posix_spawn shares memory with its child, which then cannot tell that there is
# no such program.)
set -eu
cd "$(dirname "$0")/../.."

programs=$(for layer in base graph plan; do
    for source in tests/$layer/test_*.c; do basename "$source" .c; done
done)
cmake --preset clang >/dev/null
cmake --build --preset clang --target $programs
for program in $programs; do
    [ "$program" != test_process ] || continue
    echo "$program"
    valgrind --quiet --leak-check=full --error-exitcode=9 "build-clang/$program" \
        >build-clang/valgrind.log 2>&1 || {
        tail -n 40 build-clang/valgrind.log
        exit 1
    }
done
