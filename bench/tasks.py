#!/usr/bin/env python3
"""Tables: `nasmith search` beside a linear model and boosted trees, on the same split.

    bench/tasks.py [--data DIR] [--work DIR] [--time 2m] [--workers 2] [--seeds 0] [SET...]

Per set: train.csv and test.csv (the official split where there is one, else a fifth of the
rows drawn with a fixed seed, stratified by class), then
- nasmith search on train.csv, with test.csv as its sealed test, --time a set;
- logistic or linear regression on one-hot and standardised columns (scikit-learn);
- XGBoost with early stopping on 15 % of train.csv, or, without it, scikit-learn's
  HistGradientBoosting.
Accuracy in % for classes, RMSE for quantities. Results are kept in WORK/results.jsonl, one
line per set, method and seed: what is there is not computed again, so the script may be
interrupted and started anew. About 2.5 minutes a set with the default time.

Needs scikit-learn (apt install python3-sklearn), better with XGBoost (pip install xgboost).
"""
import argparse
import csv
import gzip
import json
import math
import os
import random
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..")
MISSING = {"", "NA", "?", "nan", "NaN"}

# name: label, classes?, column that names test rows, columns of codes
SETS = {
    "adult": ("income", True, None, ()),
    "german-credit": ("class", True, None, ()),
    "credit-score": ("Status", True, None, ()),
    "telco-churn": ("churn", True, None, ()),
    "attrition": ("Attrition", True, None, ()),
    "cells": ("class", True, "split", ()),
    "soybean": ("Class", True, None, ("*",)),
    "horse-colic": ("outcome", True, None, ()),
    "mammography": ("class", True, None, ()),
    "satimage": ("classes", True, None, ()),
    "california-housing": ("median_house_value", False, None, ()),
    "ames-housing": ("Sale_Price", False, None, ()),
    "abalone": ("rings", False, None, ()),
    "diamonds": ("price", False, None, ()),
}


def read_table(path):
    """Header and rows of a gzipped CSV file."""
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.reader(file))
    return rows[0], rows[1:]


def write_table(path, header, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def draw_split(rows, label, classes):
    """A fifth of the rows for testing, of each class in proportion."""
    rng = random.Random(2385)
    groups = {}
    for row in rows:
        groups.setdefault(row[label] if classes else "", []).append(row)
    train, test = [], []
    for key in sorted(groups):
        group = groups[key]
        rng.shuffle(group)
        cut = max(1, round(len(group) / 5))
        test += group[:cut]
        train += group[cut:]
    rng.shuffle(train)
    return train, test


def split_set(name, data, folder):
    """Make train.csv and test.csv of a set."""
    label, classes, column, _ = SETS[name]
    if name == "adult":
        header, train = read_table(os.path.join(data, "adult-train.csv.gz"))
        _, test = read_table(os.path.join(data, "adult-test.csv.gz"))
    else:
        header, rows = read_table(os.path.join(data, name + ".csv.gz"))
        if column is None:
            train, test = draw_split(rows, header.index(label), classes)
        else:
            at = header.index(column)
            test = [r[:at] + r[at + 1:] for r in rows if r[at] == "Test"]
            train = [r[:at] + r[at + 1:] for r in rows if r[at] != "Test"]
            header = header[:at] + header[at + 1:]
    write_table(os.path.join(folder, "train.csv"), header, train)
    write_table(os.path.join(folder, "test.csv"), header, test)


# ---- our own ------------------------------------------------------------------------


def run_search(name, folder, options, seed):
    label, classes, _, codes = SETS[name]
    program = options.nasmith
    command = [program, "search", os.path.join(folder, "train.csv"), "--label", label,
               "--test", os.path.join(folder, "test.csv"), "--time", options.time,
               "--workers", str(options.workers), "--seed", str(seed), "--json",
               "--task", "classification" if classes else "regression",
               "--study", os.path.join(folder, f"seed{seed}.nas.db"), "--quiet"]
    if codes:
        command += ["--categories", ",".join(codes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{name}: {' '.join(command)}\n{done.stderr}")
    best = json.loads(done.stdout)["best"]
    return best["test"]["value"], {"params": best["params"],
                                   "validation": best["validation"]["value"]}


# ---- others -------------------------------------------------------------------------


def load_arrays(name, folder):
    """Columns of both parts: numbers with NaN, categories as texts ("" is missing)."""
    import numpy
    label, classes, _, codes = SETS[name]
    parts = []
    for part in ("train.csv", "test.csv"):
        with open(os.path.join(folder, part), newline="") as file:
            rows = list(csv.reader(file))
        parts.append((rows[0], rows[1:]))
    header = parts[0][0]
    inputs = [i for i, column in enumerate(header) if column != label]
    at = header.index(label)

    def is_number(i):
        values = [r[i] for _, rows in parts for r in rows if r[i] not in MISSING]
        try:
            return not codes and all(math.isfinite(float(v)) for v in values)
        except ValueError:
            return False

    kinds = [is_number(i) for i in inputs]
    out = []
    for _, rows in parts:
        x = numpy.empty((len(rows), len(inputs)), dtype=object)
        for k, i in enumerate(inputs):
            for n, row in enumerate(rows):
                gone = row[i] in MISSING
                x[n, k] = (float("nan") if gone else float(row[i])) if kinds[k] else (
                    "" if gone else row[i])
        y = numpy.array([r[at] if classes else float(r[at]) for r in rows])
        out.append((x, y))
    return kinds, out


def score(classes, truth, found):
    import numpy
    if classes:
        return float(numpy.mean(truth == found))
    return float(numpy.sqrt(numpy.mean((truth - found) ** 2)))


def run_linear(name, folder, options, seed):
    import warnings
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    classes = SETS[name][1]
    kinds, ((x, y), (test_x, test_y)) = load_arrays(name, folder)
    numbers = [k for k, number in enumerate(kinds) if number]
    others = [k for k, number in enumerate(kinds) if not number]
    columns = ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(strategy="median", add_indicator=True),
                                  StandardScaler()), numbers),
        ("categories", OneHotEncoder(handle_unknown="ignore"), others)])
    model = make_pipeline(columns, LogisticRegression(max_iter=2000, random_state=seed)
                          if classes else Ridge(random_state=seed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x, y)
        return score(classes, test_y, model.predict(test_x)), {}


def encode_codes(kinds, train, test):
    """Categories as whole numbers, -1 and NaN for what training rows do not have."""
    import numpy
    out = [numpy.empty(a.shape, dtype=float) for a in (train, test)]
    for k, number in enumerate(kinds):
        levels = {} if number else {v: i for i, v in enumerate(sorted(set(train[:, k])))}
        for part, a in zip(out, (train, test)):
            part[:, k] = a[:, k].astype(float) if number else [
                levels.get(v, float("nan")) for v in a[:, k]]
    return out


def run_xgboost(kinds, classes, arrays, seed):
    import numpy
    import xgboost
    (x, y), (test_x, test_y) = arrays
    x, test_x = encode_codes(kinds, x, test_x)
    names = sorted(set(y)) if classes else []
    target = numpy.array([names.index(v) for v in y]) if classes else y
    order = numpy.random.RandomState(seed).permutation(len(y))
    held = order[:max(1, round(0.15 * len(y)))]
    rest = order[len(held):]
    types = ["q" if number else "c" for number in kinds]

    def matrix(rows, labels):
        return xgboost.DMatrix(rows, label=labels, feature_types=types,
                               enable_categorical=True)

    settings = {"eta": 0.05, "max_depth": 6, "subsample": 0.8, "colsample_bytree": 0.8,
                "tree_method": "hist", "seed": seed, "nthread": 2,
                "objective": "reg:squarederror"}
    if classes:
        settings.update(objective="multi:softprob", num_class=len(names))
    booster = xgboost.train(settings, matrix(x[rest], target[rest]), 2000,
                            evals=[(matrix(x[held], target[held]), "held")],
                            early_stopping_rounds=50, verbose_eval=False)
    end = booster.best_iteration + 1
    found = booster.predict(matrix(test_x, None), iteration_range=(0, end))
    if classes:
        found = numpy.array(names)[found.reshape(len(test_y), -1).argmax(axis=1)]
    return score(classes, test_y, found), {"trees": end}


def run_trees(name, folder, options, seed):
    classes = SETS[name][1]
    kinds, arrays = load_arrays(name, folder)
    try:
        import xgboost
        return run_xgboost(kinds, classes, arrays, seed)[0], {
            "library": "xgboost " + xgboost.__version__}
    except ImportError:
        from sklearn.ensemble import (HistGradientBoostingClassifier,
                                      HistGradientBoostingRegressor)
    (x, y), (test_x, test_y) = arrays
    x, test_x = encode_codes(kinds, x, test_x)
    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    model = kind(early_stopping=True, max_iter=1000, learning_rate=0.05,
                 random_state=seed)
    model.fit(x, y)
    return score(classes, test_y, model.predict(test_x)), {"library": "scikit-learn"}


# ---- all ----------------------------------------------------------------------------

METHODS = {"linear": run_linear, "trees": run_trees, "nasmith": run_search}


def read_results(path):
    results = {}
    if os.path.exists(path):
        with open(path) as file:
            for line in file:
                entry = json.loads(line)
                results[entry["set"], entry["method"], entry["seed"],
                        entry["time"]] = entry
    return results


def in_words(name, value):
    return f"{100 * value:7.2f} %" if SETS[name][1] else f"{value:9.4g}"


def print_results(results, options):
    print(f"{'set':20} {'linear':>10} {'trees':>10} {'nasmith':>10}   n seeds")
    ahead = total = 0
    for name in options.sets:
        means = {}
        for method in METHODS:
            values = [e["value"] for (s, m, seed, t), e in results.items()
                      if s == name and m == method and seed in options.seeds
                      and t == (options.time if method == "nasmith" else "")]
            if values:
                means[method] = sum(values) / len(values)
        if len(means) < len(METHODS):
            continue
        better = (means["nasmith"] >= means["trees"] if SETS[name][1]
                  else means["nasmith"] <= means["trees"])
        ahead += better
        total += 1
        print(f"{name:20}", *(f"{in_words(name, means[m]):>10}" for m in METHODS),
              f"  {len(options.seeds)}{'  at least as good as trees' if better else ''}")
    print(f"at least as good as trees on {ahead} of {total} sets")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", metavar="SET", default=[])
    parser.add_argument("--data", default=os.environ.get(
        "NASMITH_DATA", os.path.join(ROOT, "..", "shared", "data")))
    parser.add_argument("--work", default=os.path.join(ROOT, "build", "tasks"))
    parser.add_argument("--nasmith", default=os.path.join(ROOT, "build", "nasmith"))
    parser.add_argument("--time", default="2m")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seeds", default="0")
    options = parser.parse_args()
    options.seeds = [int(s) for s in options.seeds.split(",")]
    options.sets = options.sets or list(SETS)
    for name in options.sets:
        if name not in SETS:
            sys.exit(f"unknown set `{name}`, expected one of {', '.join(SETS)}")
    tables = os.path.join(options.data, "tables")
    if not os.path.isdir(tables):
        sys.exit(f"skipped: {tables} is absent (set NASMITH_DATA)")
    try:
        import sklearn  # noqa: F401
    except ImportError:
        sys.exit("skipped: no scikit-learn here (apt install python3-sklearn)")
    os.makedirs(options.work, exist_ok=True)
    path = os.path.join(options.work, "results.jsonl")
    results = read_results(path)
    for name in options.sets:
        folder = os.path.join(options.work, name)
        os.makedirs(folder, exist_ok=True)
        if not os.path.exists(os.path.join(folder, "test.csv")):
            split_set(name, tables, folder)
        for method, run in METHODS.items():
            for seed in options.seeds:
                key = (name, method, seed, options.time if method == "nasmith" else "")
                if key in results:
                    continue
                start = time.monotonic()
                value, more = run(name, folder, options, seed)
                results[key] = {"set": name, "method": method, "seed": seed,
                                "time": key[3], "value": value,
                                "seconds": round(time.monotonic() - start, 1), **more}
                with open(path, "a") as file:
                    file.write(json.dumps(results[key]) + "\n")
                print(f"{name:20} {method:8} seed {seed}: {in_words(name, value)}",
                      file=sys.stderr)
    print_results(results, options)


if __name__ == "__main__":
    main()
