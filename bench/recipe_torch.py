#!/usr/bin/env python3
"""The training recipe here and in PyTorch: one fixed network of 30 k parameters on
Fashion-MNIST, the same recipe, several seeds each, test accuracy.

    bench/recipe_torch.py [--seeds 3] [--epochs 10] [--data FOLDER]

Recipe: AdamW, peak rate 0.02, decay 0.02 on kernels only, betas 0.9 and 0.99, batch 64,
label smoothing 0.05, linear warm-up over a fifth of the steps, then one cosine to zero; 85 %
of the 60,000 training rows. About three minutes per seed. Needs PyTorch (see
compare_torch.py) and build/nasmith.
"""
import argparse
import gzip
import json
import math
import os
import statistics
import struct
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
    from torch import nn
except ImportError:
    sys.exit("skipped: no PyTorch here (apt install python3-torch)")

HERE = os.path.dirname(os.path.abspath(__file__))
NASMITH = os.environ.get("NASMITH", os.path.join(HERE, "..", "build", "nasmith"))
# C: 3x3 convolution, S: depthwise 3x3 and 1x1; batch norm and ReLU behind each; M: max pool
CHAIN = [("C", 16), ("M", 0), ("S", 32), ("S", 48), ("M", 0), ("S", 64), ("S", 96), ("S", 128)]


def graph():
    nodes = [{"op": "input", "shape": [1, 28, 28]}]

    def add(op, **attributes):
        nodes.append({"op": op, "inputs": [len(nodes) - 1], **attributes})

    def conv(op, **attributes):
        add(op, **attributes)
        add("batch_norm")
        add("relu")

    for kind, out in CHAIN:
        if kind == "M":
            add("max_pool", kernel_h=2, kernel_w=2, stride_h=2, stride_w=2, pad="valid")
        elif kind == "C":
            conv("conv", out=out, kernel_h=3, kernel_w=3)
        else:
            conv("depthwise", kernel_h=3, kernel_w=3)
            conv("conv", out=out, kernel_h=1, kernel_w=1)
    add("global_avg_pool")
    add("dense", out=10)
    return {"format": "nasmith-graph", "version": 1, "nodes": nodes, "output": len(nodes) - 1}


def network():
    layers, channels = [], 1

    def conv(out, kernel, groups=1):
        layers.extend([nn.Conv2d(channels, out, kernel, padding=kernel // 2, groups=groups,
                                 bias=False), nn.BatchNorm2d(out), nn.ReLU()])

    for kind, out in CHAIN:
        if kind == "M":
            layers.append(nn.MaxPool2d(2))
            continue
        if kind == "C":
            conv(out, 3)
        else:
            conv(channels, 3, channels)
            conv(out, 1)
        channels = out
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))
    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return net


def idx(folder, name):
    path = os.path.join(folder, name)
    opener, path = (open, path) if os.path.exists(path) else (gzip.open, path + ".gz")
    with opener(path, "rb") as file:
        data = file.read()
    rank = data[3]
    shape = struct.unpack(f">{rank}I", data[4:4 + 4 * rank])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def torch_accuracy(folder, seed, epochs):
    torch.manual_seed(seed)
    rows = torch.randperm(60000)[:51000]
    x = torch.tensor(idx(folder, "train-images-idx3-ubyte")).float()[rows, None]
    y = torch.tensor(idx(folder, "train-labels-idx1-ubyte")).long()[rows]
    mean, deviation = x.mean(), x.std()
    x = (x - mean) / deviation
    net = network().to(memory_format=torch.channels_last)
    decayed = [p for p in net.parameters() if p.dim() > 1]
    others = [p for p in net.parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.02},
                                   {"params": others, "weight_decay": 0}],
                                  lr=0.02, betas=(0.9, 0.99))
    loss = nn.CrossEntropyLoss(label_smoothing=0.05)
    steps = len(x) // 64 * epochs
    warm, step = steps // 5, 0
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for k in range(len(x) // 64):
            batch = order[64 * k:64 * k + 64]
            rate = 0.02 * (step + 1) / warm if step < warm else \
                0.01 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad(set_to_none=True)
            loss(net(x[batch].contiguous(memory_format=torch.channels_last)),
                 y[batch]).backward()
            optimizer.step()
            step += 1
    net.eval()
    tx = (torch.tensor(idx(folder, "t10k-images-idx3-ubyte")).float()[:, None] - mean) / deviation
    ty = torch.tensor(idx(folder, "t10k-labels-idx1-ubyte")).long()
    with torch.no_grad():
        answers = torch.cat([net(part).argmax(1) for part in tx.split(500)])
    return (answers == ty).float().mean().item()


def own_accuracy(folder, seed, epochs):
    with tempfile.TemporaryDirectory() as work:
        with open(os.path.join(work, "net.json"), "w") as file:
            json.dump(graph(), file)
        test = os.path.join(work, "test")
        os.mkdir(test)
        for name in os.listdir(folder):
            if name.startswith("t10k"):
                os.symlink(os.path.join(folder, name), os.path.join(test, name))
        run = dict(cwd=work, check=True, capture_output=True, text=True)
        subprocess.run([NASMITH, "train", folder, "--graph", "net.json", "--epochs", str(epochs),
                        "--seed", str(seed), "--split-seed", str(seed), "-q", "--json"], **run)
        out = subprocess.run([NASMITH, "eval", "model.nasm", test, "--json"], **run).stdout
        return json.loads(out)["value"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    options = parser.parse_args()
    torch.set_flush_denormal(True)
    ours, theirs = [], []
    for seed in range(options.seeds):
        ours.append(own_accuracy(options.data, seed, options.epochs))
        theirs.append(torch_accuracy(options.data, seed, options.epochs))
        print(f"seed {seed}: nasmith {100 * ours[-1]:.2f} %, PyTorch {torch.__version__} "
              f"{100 * theirs[-1]:.2f} %", flush=True)
    difference = statistics.mean(ours) - statistics.mean(theirs)
    print(f"means {100 * statistics.mean(ours):.2f} and {100 * statistics.mean(theirs):.2f} %, "
          f"difference {100 * difference:+.2f} points")


main()
