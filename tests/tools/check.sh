#!/bin/sh
# Every gate of tools/check must find what it is for: a small tree with one fault of each
# kind, and the same tree without faults.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cp -r "$root/tools" "$root/.clang-format" "$root/.clang-tidy" "$tree"
rm -f "$tree/tools/check.exempt"
cd "$tree"
mkdir -p include/nasmith src/base src/graph src/data src/plan tests/base tests/graph

cat >include/nasmith/graph.h <<'END'
/* A header. */
#ifndef NASMITH_GRAPH_H
#define NASMITH_GRAPH_H

/* @return seven */
int nas_graph_seven(void);

#endif
END
cat >src/graph/graph.c <<'END'
#include "nasmith/graph.h"

/* not banned: strcpy(, printf( in a comment, in "a string", or as a longer name */
int nas_graph_seven(void)
{
    return 7;
}
END
echo '/* sealed */' >src/data/sealed.h
echo 'int main(void);' >tests/graph/test_graph.c
git init -q .
git add . >/dev/null

failures=0
expect() { # GATE PATTERN: the gate must report it
    if ! NASMITH_CHECK_BUILD="$tree/build" tools/check "$1" >found 2>&1 && grep -q "$2" found; then
        return
    fi
    echo "gate $1 did not report '$2'; it said:"
    cat found
    failures=$((failures + 1))
}

accept() { # GATE: it must have nothing to report
    if ! NASMITH_CHECK_BUILD="$tree/build" tools/check "$1" >found 2>&1; then
        echo "gate $1 should be content; it said:"
        cat found
        failures=$((failures + 1))
    fi
}

if ! NASMITH_CHECK_BUILD="$tree/build" tools/check >found 2>&1; then
    echo "a clean tree was refused:"
    cat found
    exit 1
fi

printf '#include "nasmith/graph.h"\n' >src/base/low.c
expect layers 'src/base/low.c:1: layer base includes nasmith/graph.h of the later layer graph'
expect pairing 'src/base/low.c:1: no test file'
printf 'int main(void);\n' >tests/graph/test_low.c
expect pairing 'src/base/low.c:1: no test file'
printf '/* covers: other.c, low.c */\n' >tests/base/test_all.c
accept pairing
printf '#include "nasmith/unheard.h"\n' >src/base/low.c
expect layers 'unheard.h has no row'
printf '#include "data/sealed.h"\n' >src/plan/peek.c
expect sealed 'src/plan/peek.c:1: only src/data and src/search'
printf '#include <stdlib.h>\n\nvoid f(void)\n{\n    exit(3);\n}\n' >src/plan/peek.c
expect banned 'src/plan/peek.c:5: banned call: exit'
printf '#include <stdio.h>\n\nint f(char *s)\n{\n    return sprintf(s, "x");\n}\n' >tests/graph/test_graph.c
expect banned 'test_graph.c:5: banned call: sprintf'
printf 'size_t f(void);\n' >src/plan/alone.h
expect headers 'src/plan/alone.h'
printf '\nint nas_graph_eight(void);\n' >>include/nasmith/graph.h
expect docstrings 'graph.h:10: public function without a comment: nas_graph_eight'
printf '\n/* Nine.\n * @return 9\n * @param x  unused */\nint nas_graph_nine(int x);\n' >>include/nasmith/graph.h
expect docstrings 'graph.h:14: @param stands after @return'
printf '/* %090d */\n' 1 >src/plan/wide.c
expect size 'wide.c:1: 96 columns'
yes '/* */' | head -n 800 >src/plan/long.c
expect size 'long.c:800: 800 lines'
printf '/* TO''DO */\n' >src/plan/later.c
expect markers 'later.c:1: unfinished'
printf '/* /ro''ot/x */\n' >src/plan/here.c
expect paths 'here.c:1: path of one machine'
printf '#!/bin/sh\nif\n' >tools/broken
expect scripts 'tools/broken:.*yntax'
printf 'int  x;\n' >src/plan/ugly.c
expect format 'ugly.c:1: not formatted'
{
    printf 'int f(int x);\n\nint f(int x)\n{\n'
    for i in $(seq 90); do echo "    x += $i;"; done
    printf '    return x;\n}\n'
} >src/plan/huge.c
expect tidy "huge.c:3: function 'f' exceeds"
echo 'tidy f it is a table' >tools/check.exempt
if NASMITH_CHECK_BUILD="$tree/build" tools/check tidy | grep -q huge.c; then
    echo "an exemption had no effect"
    failures=$((failures + 1))
fi

[ "$failures" -eq 0 ]
