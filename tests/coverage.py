#!/usr/bin/env python3
"""coverage.py: reads what `llvm-cov export -summary-only` says and prints lines and branches of each
folder of src/, and its files below what is expected. Fails if a folder has fewer than its share."""

import collections
import json
import os
import sys

LEAST = {"src/base": 90, "src/net": 90, "src/dbx": 90}  # percent of the lines
ROOT = os.getcwd() + "/"


def share(counts):
    return 100 * counts[0] / counts[1] if counts[1] else 100.0


def row(name, lines, branches):
    print(f"{name:34} {share(lines):6.1f} % of {lines[1]:6} lines  {share(branches):6.1f} % of {branches[1]:6} branches")


def main():
    files = json.load(sys.stdin)["data"][0]["files"]
    folders = collections.defaultdict(lambda: ([0, 0], [0, 0]))
    for file in files:
        name, found = file["filename"].removeprefix(ROOT), file["summary"]
        here = found["lines"], found["branches"]
        for place in (os.path.dirname(name), "all"):
            for total, part in zip(folders[place], here):
                total[0] += part["covered"]
                total[1] += part["count"]
        if share((here[0]["covered"], here[0]["count"])) < LEAST.get(os.path.dirname(name), 0):
            row("  " + name, *((part["covered"], part["count"]) for part in here))
    low = []
    for place in sorted(folders, key=lambda name: (name == "all", name)):
        row(place, *folders[place])
        if share(folders[place][0]) < LEAST.get(place, 0):
            low.append(f"{place}: fewer than {LEAST[place]} % of its lines")
    print("\n".join(low))
    return 1 if low else 0


sys.exit(main())
