#!/bin/sh
# 200 random networks: int8 C here = int8 C on emulated Cortex-M0+, M4 and M33, bit for bit;
# ONNX Runtime within one unit a layer and with the same class in 99.5 % of rows; counted
# sizes = linked sizes.
set -eu
cd "$(dirname "$0")/../.."
export NASMITH_GRAPHS="${NASMITH_GRAPHS:-200}"

programs="test_emulated test_onnx_int8 test_c_parts test_code"
cmake --preset release >/dev/null
cmake --build --preset release --target $programs
for program in $programs; do
    echo "$program"
    "build/$program"
done
