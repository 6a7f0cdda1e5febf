"""What the suites in Python share: the build, seeds, checks that are counted, waiting, and a
program that answers one text with another. Their arguments are BUILD [SEED [ROUNDS]]."""

import os
import random
import subprocess
import sys
import time

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
TARN = os.path.join(BUILD, "tarn")

SHOWN = 20  # failures that are printed


def rounds(default):
    return int(sys.argv[3]) if len(sys.argv) > 3 else default


def seeds(fixed):
    """The seed of the arguments; without one a fixed seed and a new one. Each is printed when it is
    used, so that a failure can be repeated."""
    for seed in sys.argv[2:3] or (fixed, random.SystemRandom().randrange(2**32)):
        print(f"seed {seed}", flush=True)
        yield int(seed)


def wait_until(condition, seconds=60):
    """Wait until a condition is true; returns its last value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.05)


def is_sanitized():
    """True if the program has AddressSanitizer: it keeps freed memory for a while, and is slow."""
    with open(TARN, "rb") as file:
        return b"__asan_init" in file.read()


class Checks:
    """Counts checks, prints those that fail, and ends the suite with its line of counts."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, ok, detail=""):
        if ok:
            self.passed += 1
            return
        self.failed += 1
        if self.failed <= SHOWN:
            print(f"FAILED: {what}: {detail}"[:2000])

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed")
        raise SystemExit(self.failed > 0 or self.passed == 0)


def skip(reason):
    """End the suite without a test."""
    print(f"skipped: {reason}\n0 passed, 0 failed, 1 skipped")
    raise SystemExit(0)


class Exact:
    """property/exact.lua: it does a piece of work, named by a word, with each text that it is
    sent."""

    def __init__(self):
        file = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../property/exact.lua")
        self.child = subprocess.Popen([TARN, "run", file],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, word, text):
        """True and the result, or False and the message."""
        self.child.stdin.write(b"%s %d\n" % (word.encode(), len(text)) + text)
        self.child.stdin.flush()
        head = self.child.stdout.readline().split()
        if len(head) != 2:
            raise SystemExit(f"exact.lua ended at {text[:200]!r}")
        return head[0] == b"ok", self.child.stdout.read(int(head[1]))

    def close(self):
        """End the program; returns its status."""
        self.child.stdin.close()
        return self.child.wait()
