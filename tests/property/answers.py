#!/usr/bin/env python3
"""answers.py BUILD [SEED [all|COMMAND]]: no answer of a workspace makes a command fail as a bug,
whatever one of its fields is, and null is as absent; answers.lua has the cases.

Every field is removed, set to null, and given wrong types, one at a time, for every command. Without
`all` each command has some seconds for a choice by SEED, which is 1 unless it is given."""

import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from checks import TARN  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
FEW = 0.05    # of the wrong types, without `all`
SECONDS = 1   # for each command, without `all`


def main():
    which = sys.argv[3] if len(sys.argv) > 3 else ""
    seed = sys.argv[2] if len(sys.argv) > 2 else "1"
    share, limit = (1, 3600) if which else (FEW, SECONDS)
    command = "" if which == "all" else which
    with tempfile.TemporaryDirectory() as home:
        env = dict(os.environ, HOME=home, XDG_STATE_HOME=os.path.join(home, "state"),
                   TARN_ANSWERS=f"{seed} {share} {limit} {command}".strip())
        done = subprocess.run(
            [TARN, "test", "--timeout", "3600", os.path.join(HERE, "answers.lua")],
            env=env, capture_output=True, check=False, text=True, errors="replace")
    print(done.stdout, end="")
    print(done.stderr, end="", file=sys.stderr)
    counts = re.findall(r"^(\d+) passed, (\d+) failed", done.stdout, re.M)
    if not counts:
        print("0 passed, 1 failed")
    raise SystemExit(done.returncode or not counts)


main()
