#!/usr/bin/env python3
"""exact_yaml.py BUILD [SEED [ROUNDS]]: PyYAML (YAML 1.1) and native.yaml read what the other writes
as the same values.

The strings are made of pieces that have a meaning in YAML. Without PyYAML the suite is skipped."""

import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from checks import Checks, Exact, rounds, seeds, skip  # noqa: E402

try:
    import yaml
except ImportError:
    skip("PyYAML is not installed")

PIECES = [
    "yes", "No", "on", "off", "y", "n", "true", "NULL", "~", "4", "007", "0x1f", "0o7", "1e3",
    "1_000", "12:30", "2001-01-01", ".5", ".inf", "<<", "=", "*", "&a", "!t", "%", "@", "`", "- ",
    "? ", ": ", ":", " #", "#", " ", "  ", "\n", "\t", "\r", "\0", "\x07", "\x1b", "\x7f", "\x85",
    "\u2028", "\ufeff", "é", "日本", "\U0001F600", "${a.b}", "${", "}", "%{", "$${", "'", '"',
    "\\", "|", ">", ",", "[", "]", "{",
    "---", "...", "a", "b.c", "/Users/a@x.io/**", "../src", "dbfs:/",
    "{{secrets/a/b}}", "spark.x"]


class Generator:
    """Random values."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def string(self):
        count = self.random.choice([0, 1, 1, 1, 2, 3, 8])
        return "".join(self.random.choice(PIECES) for _ in range(count))

    def scalar(self):
        r = self.random
        return r.choice([
            self.string, self.string, self.string, lambda: None, lambda: r.random() < 0.5,
            lambda: r.randrange(-2**63, 2**63), lambda: r.randrange(100),
            lambda: 2**64 + r.randrange(9),
            lambda: r.choice([0.1, -0.0, 1e100, 5e-324, 1.5, 2.0, r.random()])])()

    def value(self, depth):
        r = self.random
        kind = r.randrange(4 if depth > 0 else 1)
        if kind == 2:
            return [self.value(depth - 1) for _ in range(r.randrange(4))]
        if kind == 3:
            keys = [r.choice(["name", "configuration", "", self.string()])
                    for _ in range(r.randrange(5))]
            return {key: self.value(depth - 1) for key in keys}
        return self.scalar()


def same(a, b):
    """Equal and of the same types: 1 is not True, and -0.0 is not 0.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return repr(a) == repr(b)


def find_error(exact, value):
    """What is wrong with the YAML of a value; None if nothing is."""
    ok, text = exact.ask("to_yaml", json.dumps(value).encode())
    if not ok:
        return f"native.yaml cannot write it: {text.decode()}"
    try:
        got = yaml.safe_load(text.decode())
    except yaml.YAMLError as e:
        return f"PyYAML cannot read {text!r}: {e}"
    if not same(got, value):
        return f"PyYAML reads {text!r} as {got!r}"
    # quoted, because a plain scalar of YAML 1.1 can have another meaning in 1.2, which we read
    theirs = yaml.safe_dump(value, allow_unicode=True, default_style='"').encode()
    ok, text = exact.ask("from_yaml", theirs)
    if not ok or not same(json.loads(text), value):
        return f"native.yaml reads {theirs!r} as {text.decode()}"
    return None


def main():
    checks, exact = Checks(), Exact()
    for seed in seeds(20260819):
        generator = Generator(seed)
        for _ in range(rounds(300)):
            value = generator.value(4)
            error = find_error(exact, value)
            checks.check(repr(value), error is None, error)
    exact.close()
    checks.end()


main()
