#!/usr/bin/env python3
"""exact_yaml.py BUILD [SEED [ROUNDS]]: what native.yaml writes, PyYAML (YAML 1.1) reads as the same
value; what PyYAML writes, native.yaml reads as the same value.

Strings are made of pieces that mean something to YAML. Without PyYAML it passes nothing and
says so."""

import json
import os
import random
import subprocess
import sys

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
HERE = os.path.dirname(os.path.abspath(__file__))
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 300

PIECES = ["yes", "No", "on", "off", "y", "n", "true", "NULL", "~", "4", "007", "0x1f", "0o7", "1e3", "1_000", "12:30",
          "2001-01-01", ".5", ".inf", "<<", "=", "*", "&a", "!t", "%", "@", "`", "- ", "? ", ": ", ":", " #", "#", " ", "  ",
          "\n", "\t", "\r", "\0", "\x07", "\x1b", "\x7f", "\x85", "\u2028", "\ufeff", "é", "日本", "\U0001F600", "${a.b}",
          "${", "}", "%{", "$${", "'", '"', "\\", "|", ">", ",", "[", "]", "{", "---", "...", "a", "b.c", "/Users/a@x.io/**",
          "../src", "dbfs:/", "{{secrets/a/b}}", "spark.x"]


class Ours:
    def __init__(self):
        self.child = subprocess.Popen([os.path.join(BUILD, "tarn"), "run", os.path.join(HERE, "exact_yaml.lua")],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, word, text):
        self.child.stdin.write(b"%s %d\n" % (word.encode(), len(text)) + text)
        self.child.stdin.flush()
        head = self.child.stdout.readline().split()
        if len(head) != 2:
            raise SystemExit(f"native.yaml ended at {text[:200]!r}")
        return head[0] == b"ok", self.child.stdout.read(int(head[1]))


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def string(self):
        return "".join(self.random.choice(PIECES) for _ in range(self.random.choice([0, 1, 1, 1, 2, 3, 8])))

    def scalar(self):
        r = self.random
        return r.choice([self.string, self.string, self.string, lambda: None, lambda: r.random() < 0.5,
                         lambda: r.randrange(-2**63, 2**63), lambda: r.randrange(100), lambda: 2**64 + r.randrange(9),
                         lambda: r.choice([0.1, -0.0, 1e100, 5e-324, 1.5, 2.0, r.random()])])()

    def value(self, depth):
        kind = self.random.randrange(4 if depth > 0 else 1)
        if kind == 2:
            return [self.value(depth - 1) for _ in range(self.random.randrange(4))]
        if kind == 3:
            keys = [self.random.choice(["name", "configuration", "", self.string()]) for _ in range(self.random.randrange(5))]
            return {key: self.value(depth - 1) for key in keys}
        return self.scalar()


def same(a, b):
    """Equal, and of the same types; 1 is not True, and -0.0 not 0.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return repr(a) == repr(b)


def wrong_with(ours, yaml, value):
    ok, text = ours.ask("write", json.dumps(value).encode())
    if not ok:
        return f"we cannot write it: {text.decode()}"
    try:
        got = yaml.safe_load(text.decode())
    except yaml.YAMLError as e:
        return f"PyYAML cannot read {text!r}: {e}"
    if not same(got, value):
        return f"PyYAML makes {got!r} of {text!r}"
    # in quotes and with tags: what is plain does not mean the same in 1.1 and 1.2, as which we read
    theirs = yaml.safe_dump(value, allow_unicode=True, default_style='"').encode()
    ok, text = ours.ask("read", theirs)
    if not ok or not same(json.loads(text), value):
        return f"we make {text.decode()} of {theirs!r}"
    return None


def main():
    try:
        import yaml
    except ImportError:
        print("PyYAML is not here\n0 passed, 0 failed")
        return
    seeds = [int(sys.argv[2])] if len(sys.argv) > 2 else [20260819, random.SystemRandom().randrange(2**32)]
    passed = failed = 0
    ours = Ours()
    for seed in seeds:
        print(f"seed {seed}")
        maker = Maker(seed)
        for _ in range(ROUNDS):
            value = maker.value(4)
            wrong = wrong_with(ours, yaml, value)
            passed += wrong is None
            failed += wrong is not None
            if wrong and failed < 10:
                print(f"{value!r}: {wrong}")
    ours.child.stdin.close()
    ours.child.wait()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
