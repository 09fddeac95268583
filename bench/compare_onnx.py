#!/usr/bin/env python3
"""Batch-1 latency of the generated C (host profile, float) against ONNX Runtime.

    bench/compare_onnx.py [BUILD]

Ten networks of the presets with random weights (bench_host). Per network and round, in
turn: our program, the median of its runs; then ONNX Runtime with one thread and all
optimisations, whose own profile is read twice: the time of its kernels alone and of the
whole run. Median of the rounds. The ratio is kernels alone over ours, so that neither the
JavaScript around ONNX Runtime nor its own bookkeeping counts for us.

Needs Node with onnxruntime-node (tests/node) and BUILD/bench_host.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile

ROUNDS = 5
HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = os.path.join(HERE, "..", "tests", "node", "node_modules")

RUNNER = r"""
#define _POSIX_C_SOURCE 200809L
#include "net.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
static float in[NET_INPUTS], out[NET_OUTPUTS];
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}
static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
int main(void)
{
    static double us[400];
    for (int i = 0; i < NET_INPUTS; i++)
        in[i] = (float)(i % 17) / 17.0f - 0.5f;
    for (int i = 0; i < 400; i++) {
        const double start = now();
        if (net_run(in, out) != NET_OK)
            return 1;
        us[i] = now() - start;
    }
    qsort(us, 400, sizeof *us, by_value);
    printf("%.3f\n", us[200]);
    return 0;
}
"""

SCRIPT = r"""
"use strict";
const ort = require(process.argv[2] + "/onnxruntime-node");
const fs = require("fs");
(async () => {
  const session = await ort.InferenceSession.create(process.argv[3], {
    graphOptimizationLevel: "all", intraOpNumThreads: 1, interOpNumThreads: 1,
    enableProfiling: true, profileFilePrefix: process.argv[4],
  });
  const shape = process.argv[5].split("x").map(Number);
  const n = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: n }, (_, i) => (i % 17) / 17 - 0.5);
  const input = new ort.Tensor("float32", data, [1, ...shape]);
  for (let i = 0; i < 300; i++) await session.run({ input });
  session.endProfiling();
})();
"""


def run_ours(program):
    return float(subprocess.run([program], check=True, capture_output=True, text=True).stdout)


def run_onnx(folder, index, shape):
    """Medians of microseconds: kernels, whole run."""
    prefix = os.path.join(folder, "profile")
    subprocess.run(["node", os.path.join(folder, "run.js"), os.path.abspath(MODULES),
                    os.path.join(folder, f"{index}.onnx"), prefix, shape], check=True)
    name = next(n for n in os.listdir(folder) if n.startswith("profile"))
    events = json.load(open(os.path.join(folder, name)))
    os.remove(os.path.join(folder, name))
    runs, kernels, total = [], [], 0
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            total += event["dur"]
        elif event["name"] == "model_run":
            runs.append(event["dur"])
            kernels.append(total)
            total = 0
    return statistics.median(kernels), statistics.median(runs)


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "..", "build")
    if not os.path.isdir(os.path.join(MODULES, "onnxruntime-node")):
        sys.exit("skipped: onnxruntime-node is not installed in tests/node")
    with tempfile.TemporaryDirectory() as folder:
        listing = subprocess.run([os.path.join(build, "bench_host"), folder], check=True,
                                 capture_output=True, text=True).stdout
        open(os.path.join(folder, "run.js"), "w").write(SCRIPT)
        ratios = []
        print("network                     MACs   ours us   kernels us   run us   ratio")
        for line in listing.splitlines():
            index, space, shape, macs = line.split()
            source = os.path.join(folder, f"{index}_c")
            open(os.path.join(source, "bench.c"), "w").write(RUNNER)
            subprocess.run("cc -std=gnu99 -O3 -march=native bench.c net.c net_weights.c -o bench",
                           shell=True, check=True, cwd=source)
            rounds = [(run_ours(os.path.join(source, "bench")), *run_onnx(folder, index, shape))
                      for _ in range(ROUNDS)]
            ours, kernels, whole = (statistics.median(column) for column in zip(*rounds))
            ratios.append(kernels / ours)
            print(f"{space:12} {shape:9} {int(macs):9,} {ours:9.1f} {kernels:12.1f} {whole:8.1f} "
                  f"{ratios[-1]:6.2f}x", flush=True)
        print(f"median {statistics.median(ratios):.2f}x, least {min(ratios):.2f}x")


if __name__ == "__main__":
    main()
