#!/usr/bin/env python3
"""terraform_text.py BUILD [SEED]: what exports write as HCL, Terraform itself reads as the same text,
as a value and as a key of a map, and `terraform fmt` has nothing to change.

Needs no provider and no network. Without terraform it passes nothing and says so."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
HERE = os.path.dirname(os.path.abspath(__file__))

PIECES = ["$", "$$", "${", "$${", "%", "%%", "%{", "%%{", "{", "}", '"', "\\", "\\n", "\n", "\r", "\t", "\x1b", "\x7f",
          "\x85", "\u2028", "é", "\U0001F600", "a", "a.b", ": ", " #", "'", "/*", "//", "<<EOT", "${var.x}", "%{ if true }",
          " ", "="]


def run(*words, **more):
    return subprocess.run(words, capture_output=True, check=False, timeout=120, **more)


def main():
    terraform = shutil.which("terraform")
    if not terraform:
        print("terraform is not here\n0 passed, 0 failed")
        return
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    maker = random.Random(seed)
    texts = ["".join(maker.choice(PIECES) for _ in range(maker.randrange(8))) for _ in range(400)]
    ours = run(os.path.join(BUILD, "tarn"), "run", os.path.join(HERE, "terraform_text.lua"),
               input=json.dumps(texts).encode())
    passed = failed = 0

    def count(ok, what):
        nonlocal passed, failed
        passed += ok
        failed += not ok
        if not ok and failed < 10:
            print(what)

    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "main.tf"), "wb") as file:
            file.write(ours.stdout.rstrip(b"\n") + b"\n")
        done = run(terraform, "fmt", "-check", "-diff", folder)
        count(done.returncode == 0, done.stdout.decode())
        done = run(terraform, "apply", "-auto-approve", "-no-color", cwd=folder)
        count(done.returncode == 0, done.stderr.decode())
        found = json.loads(run(terraform, "output", "-json", cwd=folder).stdout or b"{}")
    got = found.get("list", {}).get("value", [])
    for i, text in enumerate(texts):
        count(i < len(got) and got[i] == text, f"{text!r} became {got[i] if i < len(got) else None!r}")
    count(found.get("map", {}).get("value") == {text: text for text in texts}, "the map differs")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
