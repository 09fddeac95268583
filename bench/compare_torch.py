#!/usr/bin/env python3
"""Training step of the engine against PyTorch: the same networks, one thread, interleaved.

    bench/compare_torch.py [--batch 64,128] [--rounds 5] [--json] [NETWORK...]

Per network and round: our program, then PyTorch with NCHW and with channels-last memory;
CPU time of a step (data, forward, loss, backward, SGD with momentum), median of chunks,
then the median of the rounds. PyTorch gets what helps it: denormals flushed, glibc told not
to give freed activations back to the system, the better of its two layouts.

Needs PyTorch with a fast BLAS (Debian: python3-torch libopenblas0-pthread; the reference
BLAS it otherwise gets is ten times slower) and build/bench_engine.
"""
import json
import os
import re
import statistics
import subprocess
import sys
import time

MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "8589934592",
    "MALLOC_TOP_PAD_": "268435456",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
if any(os.environ.get(key) != value for key, value in MALLOC.items()):
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **MALLOC})

try:
    import torch
    from torch import nn
except ImportError:
    sys.exit("skipped: no PyTorch here (apt install python3-torch)")

HERE = os.path.dirname(os.path.abspath(__file__))
ENGINE = os.environ.get("BENCH_ENGINE", os.path.join(HERE, "..", "build", "bench_engine"))


class Residual(nn.Module):
    """conv-norm-ReLU-conv-norm beside a shortcut, 1x1 where the shape changes."""

    def __init__(self, inputs, out, stride):
        super().__init__()
        self.a = conv(inputs, out, 3, stride)
        self.b = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(out)
        self.skip = None
        if inputs != out or stride != 1:
            self.skip = nn.Sequential(
                nn.Conv2d(inputs, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = self.norm(self.b(self.a(x)))
        return torch.relu(y + (x if self.skip is None else self.skip(x)))


def conv(inputs, out, kernel, stride, groups=1, flat=False):
    size, pad = (kernel, kernel // 2) if not flat else ((1, kernel), (0, kernel // 2))
    return nn.Sequential(
        nn.Conv2d(inputs, out, size, stride, pad, groups=groups, bias=False),
        nn.BatchNorm2d(out), nn.ReLU())


class Series(nn.Module):
    """(N, C, 1, T) seen as a sequence by a recurrent layer; its last output."""

    def __init__(self, kind, inputs, hidden):
        super().__init__()
        self.layer = kind(inputs, hidden, batch_first=True)

    def forward(self, x):
        return self.layer(x.squeeze(2).transpose(1, 2))[0][:, -1]


class Encoder(nn.Module):
    """(N, C, 1, T) through an encoder layer with norms first."""

    def __init__(self, channels, heads):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(
            channels, heads, 2 * channels, dropout=0.0, activation="gelu",
            batch_first=True, norm_first=True)

    def forward(self, x):
        return self.layer(x.squeeze(2).transpose(1, 2)).transpose(1, 2).unsqueeze(2)


def build(shape, layers):
    """The layer language of bench_engine (`bench_engine --list`)."""
    channels, height, width = shape
    modules = []
    for kind, numbers in re.findall(r"([A-Z])((?: \d+)*)", layers):
        n = [int(word) for word in numbers.split()]
        flat = height == 1 and width > 1
        if kind == "C":
            modules.append(conv(channels, n[0], n[1], n[2], flat=flat))
        elif kind == "D":
            modules.append(conv(channels, channels, n[0], n[1], channels, flat))
        elif kind == "R":
            modules.append(Residual(channels, n[0], n[1]))
        elif kind == "M":
            modules.append(nn.MaxPool2d((1, 2) if flat else 2))
        elif kind == "G":
            modules += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        elif kind in "FL":
            if height * width > 1 and not modules:
                modules.append(nn.Flatten())
            modules.append(nn.Linear(channels, n[0]))
            modules += [nn.ReLU()] if kind == "F" else []
        elif kind == "P":
            modules.append(nn.Conv2d(channels, n[0], 1))
        elif kind == "A":
            modules.append(Encoder(channels, n[0]))
        elif kind in "UV":
            modules.append(Series(nn.LSTM if kind == "U" else nn.GRU, channels, n[0]))
        else:
            raise SystemExit(f"this script does not know layer {kind}")
        if kind in "CRFLUVP":
            channels = n[0]
    return nn.Sequential(*modules), channels


def torch_step(shape, layers, batch, channels_last):
    """@return a function that makes one step"""
    torch.manual_seed(1)
    net, outputs = build(shape, layers)
    vector = shape[1] * shape[2] == 1
    x = torch.randn(batch, shape[0]) if vector else torch.randn(batch, *shape)
    labels = torch.randint(0, outputs, (batch,))
    if channels_last:
        net = net.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9)
    loss = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(net(x), labels).backward()
        optimizer.step()

    return step


def cpu_us(step, seconds):
    """Median of chunks of five steps, for about so many seconds."""
    step(), step()
    chunks, until = [], time.process_time() + seconds
    while time.process_time() < until or len(chunks) < 3:
        start = time.process_time()
        for _ in range(5):
            step()
        chunks.append((time.process_time() - start) / 5 * 1e6)
    return statistics.median(chunks)


def engine_us(name, batch):
    out = subprocess.run([ENGINE, "--batch", str(batch), name], check=True,
                         capture_output=True, text=True).stdout
    return float(re.search(r":\s+([\d.]+) us per step", out).group(1))


def workloads():
    out = subprocess.run([ENGINE, "--list"], check=True, capture_output=True, text=True)
    for line in out.stdout.splitlines():
        name, shape, layers = line.split(None, 2)
        yield name, tuple(int(n) for n in shape.split("x")), layers


def compare(name, shape, layers, batch, rounds):
    steps = {"nchw": torch_step(shape, layers, batch, False)}
    if shape[1] > 1:
        steps["channels_last"] = torch_step(shape, layers, batch, True)
    ours, theirs = [], {key: [] for key in steps}
    for _ in range(rounds):
        ours.append(engine_us(name, batch))
        for key, step in steps.items():
            theirs[key].append(cpu_us(step, 0.7))
    best = min(statistics.median(times) for times in theirs.values())
    mine = statistics.median(ours)
    return {"network": name, "batch": batch, "engine_us": mine, "torch_us": best,
            "torch_layouts_us": {k: statistics.median(v) for k, v in theirs.items()},
            "ratio": best / mine}


def main():
    arguments = sys.argv[1:]
    option = {"--batch": "64", "--rounds": "5"}
    as_json = "--json" in arguments
    names = []
    while arguments:
        word = arguments.pop(0)
        if word in option and arguments:
            option[word] = arguments.pop(0)
        elif word != "--json":
            names.append(word)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    rows = []
    if not as_json:
        print(f"PyTorch {torch.__version__}, one thread; CPU us per training step")
    for batch in (int(word) for word in option["--batch"].split(",")):
        for name, shape, layers in workloads():
            if names and name not in names:
                continue
            row = compare(name, shape, layers, batch, int(option["--rounds"]))
            rows.append(row)
            if not as_json:
                print(f"{name:8} batch {batch:4}: engine {row['engine_us']:9.1f}  "
                      f"PyTorch {row['torch_us']:9.1f}  ratio {row['ratio']:5.2f}",
                      flush=True)
    if as_json:
        print(json.dumps({"torch": torch.__version__, "rows": rows}, indent=1))


main()
