#!/usr/bin/env python3
"""terraform_text.py BUILD [SEED]: Terraform reads the HCL of exports as the same texts, as values
and as keys of a map, and `terraform fmt` has nothing to change.

Needs no provider and no network. Without terraform the suite is skipped."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from checks import TARN, Checks, seeds, skip  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))

PIECES = [
    "$", "$$", "${", "$${", "%", "%%", "%{", "%%{", "{", "}", '"', "\\", "\\n", "\n", "\r", "\t",
    "\x1b", "\x7f", "\x85", "\u2028", "é", "\U0001F600", "a", "a.b", ": ", " #", "'", "/*", "//",
    "<<EOT", "${var.x}", "%{ if true }", " ", "="]


def run(*words, **options):
    return subprocess.run(words, capture_output=True, check=False, timeout=600, **options)


def main():
    terraform = shutil.which("terraform")
    if not terraform:
        skip("terraform is not installed")
    checks = Checks()
    generator = random.Random(next(seeds(random.SystemRandom().randrange(2**32))))
    texts = ["".join(generator.choice(PIECES) for _ in range(generator.randrange(8)))
             for _ in range(400)]
    ours = run(TARN, "run", os.path.join(HERE, "terraform_text.lua"),
               input=json.dumps(texts).encode())
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "main.tf"), "wb") as file:
            file.write(ours.stdout.rstrip(b"\n") + b"\n")
        done = run(terraform, "fmt", "-check", "-diff", folder)
        checks.check("terraform fmt", done.returncode == 0, done.stdout.decode())
        done = run(terraform, "apply", "-auto-approve", "-no-color", cwd=folder)
        checks.check("terraform apply", done.returncode == 0, done.stderr.decode())
        found = json.loads(run(terraform, "output", "-json", cwd=folder).stdout or b"{}")
    got = found.get("list", {}).get("value", [])
    for i, text in enumerate(texts):
        value = got[i] if i < len(got) else None
        checks.check(repr(text), value == text, repr(value))
    value = found.get("map", {}).get("value")
    checks.check("the map", value == {text: text for text in texts}, value)
    checks.end()


main()
