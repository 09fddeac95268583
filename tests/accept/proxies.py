"""Rank correlations of our proxies and of published ones with recorded accuracies, over
the same cells. Usage: proxies.py SCORES.json NB201.csv.gz ZEROCOST.csv.gz"""
import csv
import gzip
import json
import statistics
import sys

OWN_NAMES = {"naswot": "nwot"}  # where the published column has another name
REQUIRED = ["params", "macs", "naswot", "jacov", "synflow"]
ROOM = 0.05


def rows(path):
    with gzip.open(path, "rt") as file:
        yield from csv.DictReader(file)


def canonical(ops):
    """The six operations with those on dead edges replaced: the key of a cell."""
    edges = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
    reached, used = {0}, {3}
    for (a, b), op in zip(edges, ops):
        if op != "none" and a in reached:
            reached.add(b)
    for (a, b), op in reversed(list(zip(edges, ops))):
        if op != "none" and b in used:
            used.add(a)
    return tuple(op if a in reached and b in used else "none"
                 for (a, b), op in zip(edges, ops))


def ops_of(arch):
    return [edge.split("~")[0] for node in arch.split("+")
            for edge in node.strip("|").split("|")]


def ranks(values):
    order = sorted(range(len(values)), key=lambda i: values[i])
    out, i = [0.0] * len(values), 0
    while i < len(order):
        end = i
        while end < len(order) and values[order[end]] == values[order[i]]:
            end += 1
        for k in order[i:end]:
            out[k] = (i + end - 1) / 2
        i = end
    return out


def spearman(a, b):
    return statistics.correlation(ranks(a), ranks(b))


def published(table, zerocost):
    by_index = {row["index"]: row for row in rows(zerocost)}
    cells = {}
    for row in rows(table):
        ops = tuple(ops_of(row["arch"]))
        cell = cells.setdefault(canonical(ops), {})
        if ops == canonical(ops):  # others have weights that do nothing
            cell["params"] = float(row["c10_params_M"])
            cell["macs"] = float(row["c10_flops_M"])
        for name, value in by_index.get(row["index"], {}).items():
            cell.setdefault(name, float(value))
    return cells


def main():
    document = json.load(open(sys.argv[1]))
    cells = published(sys.argv[2], sys.argv[3])
    own, theirs, accuracy = {}, {}, []
    for network in document["networks"]:
        decisions = [network["decisions"][f"cell.node{b}.from{a}"]
                     for b in (1, 2, 3) for a in range(b)]
        cell = cells[canonical(decisions)]
        if "nwot" not in cell:
            continue
        accuracy.append(network["validation"])
        for name, value in network["scores"].items():
            own.setdefault(name, []).append(-1e30 if value is None else value)
            theirs.setdefault(name, []).append(cell.get(OWN_NAMES.get(name, name)))
    missed = []
    seconds = statistics.mean(n["seconds"] for n in document["networks"])
    print(f"{len(accuracy)} cells, {seconds:.2f} s each\n{'proxy':18} own    published")
    for name, values in own.items():
        rho = spearman(values, accuracy)
        known = None not in theirs[name]
        reference = spearman(theirs[name], accuracy) if known else None
        bad = name in REQUIRED and not abs(rho - reference) <= ROOM
        missed += [name] if bad else []
        print(f"{name:18} {rho:6.3f} " + (f"{reference:6.3f}" if known else "     -") +
              ("  MISSED" if bad else ""))
    sys.exit(f"not within {ROOM}: {', '.join(missed)}" if missed else 0)


main()
