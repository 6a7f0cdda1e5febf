#!/usr/bin/env python3
"""io_faults.py BUILD [SEED [CASE]]: commands whose system calls on files fail, one at a time.

A command runs once to count its calls on files below a folder (tests/support/iofault.c). Then it
runs again and again while call n fails, for each n or for as many as fit into the time: with EIO,
ENOSPC, EROFS or EACCES, once or from then on, or with half of the bytes written, as on a full disk.
Each time the command must end with a fault that names the file and has a hint. Files have their old
or their new content. The journal has all changes of the workspace, and none as done that was not
made. And the same command completes when calls do not fail any more."""

import concurrent.futures
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from checks import BUILD, TARN, Checks  # noqa: E402

SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 31)
ONLY = sys.argv[3] if len(sys.argv) > 3 else ""
SHIM = os.path.join(BUILD, "iofault.so")
BUDGET = 50  # seconds, for all cases together
# How a call fails, and whether all later calls fail as well.
FAULTS = [("EIO", False), ("EIO", True), ("ENOSPC", False), ("ENOSPC", True), ("EROFS", True),
          ("EACCES", False), ("SHORT", False), ("SHORT", True)]
FULL_DISK = ("SHORT", True)
if not os.path.exists(SHIM):
    raise SystemExit(f"{SHIM} is missing: build with -D TARN_TESTS=ON")
TOP = tempfile.mkdtemp(prefix="tarn-io-")
PIPELINE = "sales_orders_etl"


class Failure(Exception):
    """An expectation that does not hold."""


def expect(holds, what):
    if not holds:
        raise Failure(what)


class Workspace:
    """The embedded workspace in a process of its own, whose calls do not fail."""

    def __init__(self):
        env = make_env(os.path.join(TOP, "server"))
        self.child = subprocess.Popen([TARN, "sandbox", "--fresh", "--port", "0"], env=env,
                                      text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        line = self.child.stdout.readline()
        self.url = re.search(r"http://[0-9.:]+", line).group(0)

    def get(self, path):
        request = urllib.request.Request(self.url + path,
                                         headers={"Authorization": "Bearer demo-token"})
        with urllib.request.urlopen(request, timeout=300) as answer:
            return json.load(answer)

    def pipelines(self, name):
        """The ids of the pipelines with this name."""
        found = self.get("/api/2.0/pipelines?max_results=100&filter=name%20LIKE%20%27" + name
                         + "%27")
        return [p["pipeline_id"] for p in found.get("statuses", []) if p["name"] == name]

    def close(self):
        self.child.terminate()
        self.child.wait()


def make_env(state):
    env = {k: v for k, v in os.environ.items()
           if not re.match(r"DATABRICKS_|ARM_|TARN_|XDG_", k)}
    env.update(HOME=os.path.join(TOP, "home"), XDG_STATE_HOME=state, LC_ALL="C.UTF-8",
               NO_COLOR="1")
    return env


class Run:
    """A folder of its own, and the commands that run in it."""

    def __init__(self, workspace, number):
        self.workspace, self.number = workspace, number
        self.dir = os.path.join(TOP, f"run{number}")
        self.state = os.path.join(self.dir, "state")
        self.files = os.path.join(self.dir, "files")
        self.name = f"copy_{number}"
        os.makedirs(self.files)
        self.log = os.path.join(TOP, f"log{number}")

    def tarn(self, words, at=None, fault=("EIO", False), uses_workspace=True):
        """Run a command. `at`: count its calls; call number `at`, from 1, fails."""
        env = make_env(self.state)
        if uses_workspace:
            env.update(DATABRICKS_HOST=self.workspace.url, DATABRICKS_TOKEN="demo-token")
        if at is not None:
            env.update(LD_PRELOAD=SHIM, IOFAULT_BELOW=self.dir, IOFAULT_AT=str(at),
                       IOFAULT_LOG=self.log, IOFAULT_HOW=fault[0],
                       IOFAULT_LASTS="yes" if fault[1] else "",
                       ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "")
                       + ":verify_asan_link_order=0")
        return subprocess.run([TARN, *words], env=env, capture_output=True, text=True,
                              errors="replace", cwd=self.files, timeout=600, check=False)

    def calls(self):
        """Triples (call, path, failed) of the last command whose calls were counted."""
        if not os.path.exists(self.log):
            return []
        with open(self.log, encoding="utf-8", errors="replace") as f:
            lines = [line.rstrip("\n") for line in f]
        os.remove(self.log)
        parsed = []
        for line in lines:
            failed = line.endswith(" failed")
            _, call, path = line.removesuffix(" failed").split(" ", 2)
            parsed.append((call, path, failed))
        return parsed

    def complete(self, words, **options):
        """Run a command, which must complete."""
        done = self.tarn(words, **options)
        expect(done.returncode == 0,
               f"without a failing call: status {done.returncode}: {done.stderr}")
        return done

    def journal(self):
        """The steps of the journal, after SQLite has checked it; none without a journal."""
        path = os.path.join(self.state, "tarn", "journal.db")
        if not os.path.exists(path) or os.path.getsize(path) == 0:
            return []
        db = sqlite3.connect(path)
        try:
            expect(db.execute("PRAGMA integrity_check").fetchone() == ("ok",),
                   "the journal is damaged")
            if db.execute("PRAGMA user_version").fetchone()[0] == 0:
                return []
            return [{"kind": kind, "status": status, "what": json.loads(what or "null"),
                     "result": json.loads(result or "null")}
                    for kind, status, what, result in
                    db.execute("SELECT kind, status, what, result FROM steps")]
        finally:
            db.close()

    def steps(self, kind):
        return [s for s in self.journal() if s["kind"] == kind]

    def remove(self):
        shutil.rmtree(self.dir)


def read_tree(folder):
    """The contents of all files below, by their paths."""
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            with open(path, "rb") as f:
                found[os.path.relpath(path, folder)] = f.read()
    return found


def check_creates(run):
    """The journal has each pipeline with the run's name that was created, and none as created that
    does not exist. Returns the ids of those that exist."""
    found = run.workspace.pipelines(run.name)
    steps = [s for s in run.steps("pipeline.create") if s["what"]["name"] == run.name]
    created = [s["result"]["pipeline_id"] for s in steps if s["status"] == "done"]
    unknown = [s for s in steps if s["status"] == "unknown"]
    expect(set(created) <= set(found), f"done, but missing: {set(created) - set(found)}")
    expect(len(found) <= len(created) + len(unknown),
           f"{len(found)} were created, and the journal has {steps}")
    return found


# ---- the cases ----


class Case:
    """A command. `words` are its arguments; `prepare` runs before it, `check` after it, when a call
    has failed, and `again` after that, when calls do not fail any more."""

    uses_workspace = True

    def prepare(self, run):
        pass

    def again(self, run):
        run.complete(self.words(run))


class Clone(Case):
    @staticmethod
    def words(run):
        return ["clone", PIPELINE, "--name", run.name, "--schema", "s", "--yes"]

    def check(self, run, done):
        found = check_creates(run)
        expect(done.returncode != 0 or len(found) == 1, "status 0, but there is no copy")

    def again(self, run):
        run.complete(self.words(run))
        expect(len(check_creates(run)) == 1, "not exactly one copy after the second run")


class CloneOnceMore(Clone):
    """With another operation in the journal, which must stay."""

    def prepare(self, run):
        run.complete(["clone", PIPELINE, "--name", run.name + "_before", "--schema", "s",
                      "--yes"])
        run.before = run.journal()

    def check(self, run, done):
        super().check(run, done)
        expect(run.journal()[:len(run.before)] == run.before, "the journal has lost an operation")


class Undo(Case):
    @staticmethod
    def words(_run):
        return ["undo", "last", "--yes"]

    def prepare(self, run):
        run.complete(Clone.words(run))

    def check(self, run, done):
        found = run.workspace.pipelines(run.name)
        deletes = [s["status"] for s in run.steps("pipeline.delete")]
        expect(found or deletes and set(deletes) <= {"done", "unknown"},
               f"the copy is deleted, and the journal has {deletes}")
        expect("done" not in deletes or not found, "deleted in the journal, but the copy exists")
        expect(done.returncode != 0 or not found, "status 0, but the copy exists")

    def again(self, run):
        # `last` could be the undo itself: the clone is named.
        db = sqlite3.connect(os.path.join(run.state, "tarn", "journal.db"))
        (operation,) = db.execute("SELECT id FROM operations WHERE command = 'clone'").fetchone()
        db.close()
        run.complete(["undo", operation, "--yes"])
        expect(not run.workspace.pipelines(run.name), "the copy exists after the second run")


class Export(Case):
    """Into a folder that has an older export, and another file."""

    sources = ["--with-sources"]

    def words(self, run):
        return ["export", PIPELINE, "--dir", run.files, *self.sources, "--force"]

    def prepare(self, run):
        run.complete(self.words(run))
        run.new = read_tree(run.files)
        run.old = dict(run.new)
        for name in run.new:
            if name.endswith("pipeline.json"):
                run.old[name] = b'{"old": true}\n'
        run.old["mine.txt"] = run.new["mine.txt"] = b"mine\n"
        for name, text in run.old.items():
            with open(os.path.join(run.files, name), "wb") as f:
                f.write(text)

    def check_files(self, run, done, now):
        extra = set(now) - set(run.new)
        expect(not extra or run.cleaning_failed, f"not removed: {extra}")
        expect(done.returncode != 0 or now == run.new or extra and run.cleaning_failed,
               "status 0, but not complete")

    def check(self, run, done):
        now = read_tree(run.files)
        for name, text in run.old.items():
            expect(name in now, f"{name} is gone")
            expect(now[name] in (text, run.new[name]),
                   f"{name} is neither old nor new: {now[name][:200]!r}")
        self.check_files(run, done, now)

    def again(self, run):
        run.complete(self.words(run))
        now = read_tree(run.files)
        expect({k: v for k, v in now.items() if k in run.new} == run.new,
               "not complete after the second run")


class ExportSettings(Export):
    sources = []


class ExportMany(Export):
    """A tree of several pipelines, with its manifest."""

    def words(self, run):
        return ["export", PIPELINE, "quickstart", "--dir", run.files, "--with-sources", "--force"]


class ExportNew(Export):
    """Into a folder that does not exist."""

    def words(self, run):
        return ["export", PIPELINE, "--dir", os.path.join(run.files, "new", "folder"),
                "--with-sources"]

    def prepare(self, run):
        run.complete(self.words(run))
        run.new, run.old = read_tree(run.files), {}
        shutil.rmtree(os.path.join(run.files, "new"))

    def check(self, run, done):
        now = read_tree(run.files)
        for name in set(now) & set(run.new):
            expect(now[name] == run.new[name], f"{name} is incomplete: {now[name][:200]!r}")
        self.check_files(run, done, now)

    def again(self, run):
        # Files that were written before the failing call are replaced only with --force.
        run.complete(self.words(run) + ["--force"])
        now = read_tree(run.files)
        expect({k: v for k, v in now.items() if k in run.new} == run.new,
               "not complete after the second run")


class Import(Case):
    @staticmethod
    def words(run):
        return ["import", os.path.join(run.files, "export"), "--name", run.name, "--yes"]

    def prepare(self, run):
        run.complete(["export", PIPELINE, "--dir", os.path.join(run.files, "export"),
                      "--with-sources"])
        run.export = read_tree(run.files)

    def check(self, run, done):
        found = check_creates(run)
        expect(read_tree(run.files) == run.export, "the export has changed")
        expect(done.returncode != 0 or len(found) == 1, "status 0, but nothing was created")

    def again(self, run):
        # Each import creates a pipeline, and a name that is taken is refused.
        if not run.workspace.pipelines(run.name):
            run.complete(self.words(run))
        expect(len(check_creates(run)) == 1, "not exactly one pipeline after the second run")


class Cursor(Case):
    @staticmethod
    def words(run):
        return ["events", PIPELINE, "--follow", "--once", "--cursor",
                os.path.join(run.files, "cursor"), "-o", "jsonl"]

    def prepare(self, run):
        first = run.complete(self.words(run))
        run.count = len(first.stdout.splitlines())
        os.remove(os.path.join(run.files, "cursor"))

    def check(self, run, done):
        now = read_tree(run.files)
        extra = set(now) - {"cursor"}
        expect(not extra or run.cleaning_failed, f"not removed: {extra}")
        if "cursor" in now:
            json.loads(now["cursor"])
        run.printed = len(done.stdout.splitlines())

    def again(self, run):
        more = len(run.complete(self.words(run)).stdout.splitlines())
        expect(run.printed + more >= run.count,
               f"of {run.count} events {run.printed} and {more} were printed")


class Record(Case):
    @staticmethod
    def words(run):
        return ["--record", os.path.join(run.files, "list.jsonl"), "list"]

    def check(self, run, done):
        if done.returncode == 0:
            with open(os.path.join(run.files, "list.jsonl"), encoding="utf-8") as f:
                expect(all(json.loads(line) for line in f),
                       "status 0, but the record is not complete")


class Journal(Case):
    """Only reads."""

    @staticmethod
    def words(_run):
        return ["journal", "-o", "json"]

    def prepare(self, run):
        run.complete(Clone.words(run))
        run.before = run.journal()

    def check(self, run, done):
        expect(run.journal() == run.before, "the journal has changed")
        expect(done.returncode != 0 or json.loads(done.stdout), "status 0, but nothing is listed")

    def again(self, run):
        expect(json.loads(run.complete(self.words(run)).stdout), "nothing is listed")


class Demo(Case):
    """The embedded workspace inside of the program: its own files fail."""

    uses_workspace = False

    @staticmethod
    def words(_run):
        return ["-p", "demo", "list", "-o", "json"]

    def check(self, _run, done):
        expect(done.returncode != 0 or len(json.loads(done.stdout)) > 5,
               "status 0, but nothing is listed")

    def again(self, run):
        done = run.complete(self.words(run), uses_workspace=False)
        expect(len(json.loads(done.stdout)) > 5, "nothing is listed")


CASES = [Clone, CloneOnceMore, Undo, ExportSettings, Export, ExportMany, ExportNew, Import, Cursor,
         Record, Journal, Demo]


# ---- running ----


def check_end(run, done, calls):
    """The command ends with a fault that names the file and has a hint."""
    expect(done.returncode >= 0, f"ended by signal {-done.returncode}")
    expect(done.returncode != 70, f"a bug: {done.stderr}")
    expect("traceback" not in done.stderr, f"a traceback: {done.stderr}")
    if done.returncode == 0 or not any(failed for _, _, failed in calls):
        return
    expect(run.dir in done.stderr, f"no file is named: {done.stderr!r}")
    expect(re.search(r'^hint: \S|"hint":"[^"]', done.stderr, re.M), f"no hint: {done.stderr!r}")


def attempt(workspace, case, number, at, fault):
    """Run a case while a call fails; returns what is wrong, or None."""
    run = Run(workspace, number)
    try:
        case.prepare(run)
        run.calls()
        done = run.tarn(case.words(run), at=at, fault=fault, uses_workspace=case.uses_workspace)
        calls = run.calls()
        failed = [(call, path) for call, path, is_failed in calls if is_failed]
        run.cleaning_failed = fault[1] or any(call in ("unlink", "close") for call, _ in failed)
        try:
            check_end(run, done, calls)
            case.check(run, done)
            case.again(run)
        except (Failure, ValueError, sqlite3.Error) as e:
            shown = ", ".join(f"{call} {path}" for call, path in failed[:2])
            return (f"call {at} with {fault[0]}{' from then on' if fault[1] else ''} ({shown}), "
                    f"status {done.returncode}: {e}").replace(run.dir, "DIR")
        return None
    finally:
        run.remove()


def find_calls(workspace, case, number):
    """The calls of a case, by their names."""
    run = Run(workspace, number)
    try:
        case.prepare(run)
        run.calls()
        done = run.tarn(case.words(run), at=0, uses_workspace=case.uses_workspace)
        expect(done.returncode == 0,
               f"{type(case).__name__} without a failing call: {done.stderr}")
        return [call for call, _, _ in run.calls()]
    finally:
        run.remove()


def make_plan(calls, rng):
    """Pairs of the number of a call and a fault, in random order."""
    plan = [(at, rng.choice(FAULTS)) for at in range(1, len(calls) + 1)]
    # A disk that becomes full in the middle of a file leaves half of it.
    plan += [(at, FULL_DISK) for at, call in enumerate(calls, 1)
             if call == "write" and (at, FULL_DISK) not in plan]
    rng.shuffle(plan)
    return plan


def run_plans(workspace, plans, checks):
    """One attempt of each case in turn, so that they share the time."""
    number, begin = len(plans), time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        while any(plan for _, plan in plans) and time.monotonic() - begin < BUDGET:
            jobs = []
            for case, plan in plans:
                if plan:
                    number += 1
                    jobs.append((case, pool.submit(attempt, workspace, case, number,
                                                   *plan.pop())))
            for case, job in jobs:
                error = job.result()
                checks.check(type(case).__name__, error is None, error)


def main():
    checks, rng = Checks(), random.Random(SEED)
    print(f"seed {SEED}")
    workspace = Workspace()
    try:
        plans = []
        for number, case in enumerate(c() for c in CASES if ONLY in c.__name__):
            plans.append((case, make_plan(find_calls(workspace, case, number), rng)))
        sizes = [len(plan) for _, plan in plans]
        run_plans(workspace, plans, checks)
        for (case, plan), size in zip(plans, sizes):
            print(f"{type(case).__name__}: {size - len(plan)} of {size} tried")
    finally:
        workspace.close()
        shutil.rmtree(TOP)
    checks.end()


main()
