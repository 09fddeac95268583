#!/usr/bin/env python3
"""Images, series, sound and forecasts: `nasmith search` on published splits, one seed.

    bench/signals.py [--data DIR] [--work DIR] [--time 2m] [--workers 2] [--seed 0]
                     [--full] [SET...]

Sets are read as they lie in DIR, official test parts sealed: 11 UCR/UEA series beside the
published accuracies of MLP, FCN, ResNet and InceptionTime, then fsdd (spoken digits), hapt
(activities, test persons apart), sign-digits, mnist, fashion-mnist and ETTh1 (oil
temperature, 24 hours ahead, 12 / 4 / 4 months). --full adds fsdd with each of its speakers
left out in turn. Results are kept in WORK/signals.jsonl, a line a set: what is there is not
computed again, so the script may be interrupted and started anew.
"""
import argparse
import gzip
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..")
COLUMNS = ("MLP", "FCN", "ResNet", "InceptionTime")
# Test accuracy in %, in the order of COLUMNS: means of 5 runs (hfawaz/dl-4-tsc), the last
# of an ensemble (hfawaz/InceptionTime); several channels: Navidfoumani/Disjoint-CNN.
SERIES = {
    "ACSF1": (55.8, 89.8, 91.6, 92.0),
    "ArrowHead": (78.4, 84.3, 83.8, 84.6),
    "BasicMotions": (None, None, 100, 100),
    "Chinatown": (87.2, 98.0, 97.8, 98.5),
    "ECG200": (91.4, 88.8, 87.4, 93.0),
    "ECG5000": (93.0, 94.0, 93.5, 94.1),
    "FaceFour": (83.6, 93.0, 95.5, 95.5),
    "GunPoint": (92.8, 100, 99.1, 100),
    "JapaneseVowels": (97.6, 99.3, 99.2, None),
    "NATOPS": (None, None, 97.1, 96.6),
    "Plane": (97.7, 100, 100, 100),
}
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
OTHERS = {"fsdd": "aim 97", "hapt": "aim 93", "sign-digits": "aim 92", "mnist": "aim 99.2",
          "fashion-mnist": "", "ETTh1": "RMSE"}
MONTHS = 14400  # rows of ETTh1: 8,640 to train on, 2,880 to validate, 2,880 to test


def link_speaker(data, folder, speaker):
    """Folders of links: the recordings of one speaker, and of all others."""
    parts = {part: os.path.join(folder, part) for part in ("train", "test")}
    for path in parts.values():
        os.makedirs(path, exist_ok=True)
    for name in os.listdir(data):
        part = "test" if name.split("_")[1] == speaker else "train"
        link = os.path.join(parts[part], name)
        if not os.path.lexists(link):
            os.symlink(os.path.abspath(os.path.join(data, name)), link)
    return [parts["train"], "--test", parts["test"], "--names", "class_group_*"]


def cut_forecast(data, folder):
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "ETTh1.csv")
    with gzip.open(data, "rt") as whole, open(path, "w") as part:
        part.writelines(line for _, line in zip(range(MONTHS + 1), whole))
    return [path, "--horizon", "24", "--label", "OT", "--val", "0.2", "--test", "0.2"]


def data_of(name, options):
    """Arguments that name a set."""
    folder = os.path.join(options.work, name)
    if name in SERIES:
        return [os.path.join(options.data, "ucr", name)]
    if name == "fsdd":
        return [os.path.join(options.data, "fsdd", "wav"), "--names", "class_*_test=0-4"]
    if name.startswith("fsdd-"):
        return link_speaker(os.path.join(options.data, "fsdd", "wav"), folder, name[5:])
    if name == "ETTh1":
        return cut_forecast(os.path.join(options.data, "ett", "ETTh1.csv.gz"), folder)
    return [os.path.join(options.data, name)]


def search(name, options):
    start = time.monotonic()
    study = os.path.join(options.work, f"{name}-{options.time}-{options.seed}.nas.db")
    command = [options.nasmith, "search", *data_of(name, options), "--time", options.time,
               "--workers", str(options.workers), "--seed", str(options.seed), "--json",
               "--study", study, "--new", "--export", "none", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{name}: {' '.join(command)}\n{done.stderr}")
    result = json.loads(done.stdout)
    best = result["best"]
    return {"set": name, "time": options.time, "seed": options.seed, "test": best["test"],
            "validation": best["validation"], "params": best["params"],
            "trials": result["trials"], "baselines": result["baselines"],
            "seconds": time.monotonic() - start}


def read_results(path, options):
    results = {}
    if os.path.exists(path):
        with open(path) as file:
            for line in file:
                entry = json.loads(line)
                if (entry["time"], entry["seed"]) == (options.time, options.seed):
                    results[entry["set"]] = entry
    return results


def print_entry(name, entry):
    value = entry["test"]["value"]
    words = OTHERS.get(name, "")
    if name in SERIES:
        words = "  ".join(f"{'-' if v is None else v:>6}" for v in SERIES[name])
    text = f"{value:8.4g}" if name == "ETTh1" else f"{100 * value:8.2f}"
    print(f"{name:16} {text}  {words:40} {entry['params']:>9,} parameters, "
          f"{entry['trials']['scored']} networks, {entry['seconds']:.0f} s", flush=True)


def print_summary(results):
    gaps = [SERIES[n][2] - 100 * e["test"]["value"] for n, e in results.items()
            if n in SERIES]
    left_out = [100 * e["test"]["value"] for n, e in results.items()
                if n.startswith("fsdd-")]
    if gaps:
        print(f"mean gap to ResNet on {len(gaps)} UCR sets: {sum(gaps) / len(gaps):.2f} "
              "points (aim: at most 2)")
    if left_out:
        print(f"fsdd, one of {len(left_out)} speakers left out: mean "
              f"{sum(left_out) / len(left_out):.2f} %, least {min(left_out):.2f} %")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", metavar="SET")
    parser.add_argument("--data", default=os.environ.get(
        "NASMITH_DATA", os.path.join(ROOT, "..", "shared", "data")))
    parser.add_argument("--work", default=os.path.join(ROOT, "build", "tasks"))
    parser.add_argument("--nasmith", default=os.path.join(ROOT, "build", "nasmith"))
    parser.add_argument("--time", default="2m")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()
    known = [*SERIES, *OTHERS, *(f"fsdd-{s}" for s in SPEAKERS)]
    sets = options.sets or [n for n in known if options.full or not n.startswith("fsdd-")]
    for name in sets:
        if name not in known:
            sys.exit(f"unknown set `{name}`, expected one of {', '.join(known)}")
    if not os.path.isdir(os.path.join(options.data, "ucr")):
        sys.exit(f"skipped: {options.data}/ucr is absent (set NASMITH_DATA)")
    os.makedirs(options.work, exist_ok=True)
    path = os.path.join(options.work, "signals.jsonl")
    results = read_results(path, options)
    print(f"{'set':16} {'nasmith':>8}  {'  '.join(f'{c[:6]:>6}' for c in COLUMNS)}")
    for name in sets:
        if name not in results:
            results[name] = search(name, options)
            with open(path, "a") as file:
                file.write(json.dumps(results[name]) + "\n")
        print_entry(name, results[name])
    print_summary({n: results[n] for n in sets})


if __name__ == "__main__":
    main()
