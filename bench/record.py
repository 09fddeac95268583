#!/usr/bin/env python3
"""Record a table of trainings: random networks of a space, trained from scratch for several
numbers of epochs and seeds, as `nasmith bench table` reads it (docs/tables.md).

    bench/record.py DATA TABLE.csv.gz [--space image-cnn] [--networks 100] [--epochs 1,3,9]
                    [--seeds 2] [--test FILE] [-- options of nasmith about the data]

Every training is written to TABLE.csv.gz.log when it is done, so the same command goes on
after any interruption. NASMITH: the program (build/nasmith). Columns: arch, valid_E means
over the seeds, error_E their standard errors, seconds_E of the longest, test, params, macs.
"""
import argparse
import csv
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
NASMITH = os.environ.get("NASMITH", os.path.join(HERE, "..", "build", "nasmith"))


def arguments():
    own, rest = sys.argv[1:], []
    if "--" in own:
        own, rest = own[:own.index("--")], own[own.index("--") + 1:]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data")
    parser.add_argument("table")
    parser.add_argument("--space", default="auto")
    parser.add_argument("--networks", type=int, default=100)
    parser.add_argument("--epochs", default="1,3,9")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--test")
    options = parser.parse_args(own)
    options.epochs = sorted(int(e) for e in options.epochs.split(","))
    options.data_options = rest
    return options


def run(*words):
    done = subprocess.run([NASMITH, *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"nasmith {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def networks(options):
    """Trials of a study of random networks, each with its graph file."""
    study = options.table + ".nas.db"
    run("search", options.data, "--space", options.space, "--strategy", "random",
        "--scheduler", "none", "--trials", str(options.networks), "--epochs", "1",
        "--workers", "1", "--study", study, "--quiet", *options.data_options)
    trials = json.loads(run("trials", study, "--json"))["trials"]
    for trial in trials:
        if trial["trial"] > 0 and trial["state"] in ("scored", "full"):
            trial["graph"] = run("show", study, str(trial["trial"]), "--graph")
            yield trial


def train(options, trial, epochs, seed, folder):
    graph, model = os.path.join(folder, "net.json"), os.path.join(folder, "net.nasm")
    with open(graph, "w", encoding="utf-8") as file:
        file.write(trial["graph"])
    result = json.loads(run("train", options.data, "--graph", graph, "--epochs", str(epochs),
                            "--seed", str(seed), "--output", model, "--json", "--quiet",
                            *options.data_options))
    entry = {"trial": trial["trial"], "epochs": epochs, "seed": seed,
             "validation": result["validation"]["value"], "seconds": result["seconds"]}
    if options.test and epochs == options.epochs[-1]:
        entry["test"] = json.loads(run("eval", model, options.test, "--json",
                                       *options.data_options))["value"]
    return entry


def record(options, trials):
    """All entries of the log, the missing ones trained and added."""
    log, done = options.table + ".log", {}
    if os.path.exists(log):
        with open(log, encoding="utf-8") as file:
            for line in file:
                if line.endswith("\n"):  # the last one may be cut off
                    entry = json.loads(line)
                    done[entry["trial"], entry["epochs"], entry["seed"]] = entry
    wanted = [(trial, epochs, seed) for trial in trials for epochs in options.epochs
              for seed in range(options.seeds)]
    with tempfile.TemporaryDirectory() as folder, \
            open(log + ".new", "w", encoding="utf-8") as file:
        for entry in done.values():
            file.write(json.dumps(entry) + "\n")
        file.flush()
        os.replace(log + ".new", log)
        for i, (trial, epochs, seed) in enumerate(wanted):
            key = trial["trial"], epochs, seed
            if key not in done:
                done[key] = train(options, trial, epochs, seed, folder)
                file.write(json.dumps(done[key]) + "\n")
                file.flush()
                print(f"\r{i + 1} of {len(wanted)} trainings", end="", file=sys.stderr)
    print(file=sys.stderr)
    return done


def mean_error(values):
    if len(values) < 2:
        return values[0], ""
    return statistics.mean(values), statistics.stdev(values) / len(values) ** 0.5


def write(options, trials, done):
    top = options.epochs[-1]
    head = ["arch", *[f"valid_{e}" for e in options.epochs],
            *[f"error_{e}" for e in options.epochs], f"seconds_{top}", "test", "params",
            "macs"]
    with gzip.open(options.table, "wt", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(head)
        for trial in trials:
            def of(epochs, what):
                return [done[trial["trial"], epochs, seed][what]
                        for seed in range(options.seeds)]
            scores = [mean_error(of(e, "validation")) for e in options.epochs]
            test = statistics.mean(of(top, "test")) if options.test else ""
            out.writerow([json.dumps(trial["decisions"], separators=(",", ":")),
                          *[f"{s[0]:.6g}" for s in scores],
                          *[s[1] if s[1] == "" else f"{s[1]:.3g}" for s in scores],
                          f"{statistics.mean(of(top, 'seconds')):.3f}", test,
                          trial["params"], trial["macs"]])


def main():
    options = arguments()
    trials = list(networks(options))
    write(options, trials, record(options, trials))
    print(f"{len(trials)} networks of {options.space}: {options.table}")


main()
