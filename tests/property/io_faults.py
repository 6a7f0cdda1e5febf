#!/usr/bin/env python3
"""io_faults.py BUILD [SEED [CASE]]: commands whose calls for files fail, one at a time.

A command runs once to count its calls for files below a folder (tests/support/iofault.c), and then
with the n-th of them failing, for each n, or for as many as there is time for: with EIO, ENOSPC,
EROFS or EACCES, once or from then on, or writing only half, as on a disk that fills up. Whatever n
is: it ends with a fault that names the file and says what to do; what was there before is there,
as it was or wholly new; the journal knows of all that was changed in the workspace, and holds
nothing for done that was not; and the same command completes once nothing fails any more."""

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

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 31)
ONLY = sys.argv[3] if len(sys.argv) > 3 else ""
TARN = os.path.join(BUILD, "tarn")
SHIM = os.path.join(BUILD, "iofault.so")
BUDGET = 50  # seconds, for all cases
HOWS = [("EIO", False), ("EIO", True), ("ENOSPC", False), ("ENOSPC", True), ("EROFS", True),
        ("EACCES", False), ("SHORT", False), ("SHORT", True)]
FULL = ("SHORT", True)
TOP = tempfile.mkdtemp(prefix="tarn-io-")


class Wrong(Exception):
    pass


def expect(holds, what):
    if not holds:
        raise Wrong(what)


class Server:
    """The embedded workspace in a process of its own, whose files do not fail."""

    def __init__(self):
        env = clean_env(os.path.join(TOP, "server"))
        self.child = subprocess.Popen([TARN, "sandbox", "--fresh", "--port", "0"], env=env, text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        line = self.child.stdout.readline()
        self.url = re.search(r"http://[0-9.:]+", line).group(0)

    def get(self, path):
        request = urllib.request.Request(self.url + path, headers={"Authorization": "Bearer demo-token"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def pipelines(self, name):
        """Ids of the pipelines of that name."""
        found = self.get("/api/2.0/pipelines?max_results=100&filter=name%20LIKE%20%27" + name + "%27")
        return [p["pipeline_id"] for p in found.get("statuses", []) if p["name"] == name]

    def close(self):
        self.child.terminate()
        self.child.wait()


def clean_env(state):
    env = {k: v for k, v in os.environ.items() if not re.match(r"DATABRICKS_|ARM_|TARN_|XDG_", k)}
    env.update(HOME=os.path.join(TOP, "home"), XDG_STATE_HOME=state, LC_ALL="C.UTF-8", NO_COLOR="1")
    return env


class Run:
    """A folder of its own, and the commands that run in it."""

    def __init__(self, server, number):
        self.server, self.number = server, number
        self.dir = os.path.join(TOP, f"run{number}")
        self.state = os.path.join(self.dir, "state")
        self.files = os.path.join(self.dir, "files")
        self.name = f"copy_{number}"
        os.makedirs(self.files)
        self.log = os.path.join(TOP, f"log{number}")

    def tarn(self, words, at=None, how=("EIO", False), local=True):
        env = clean_env(self.state)
        if local:
            env.update(DATABRICKS_HOST=self.server.url, DATABRICKS_TOKEN="demo-token")
        if at is not None:
            env.update(LD_PRELOAD=SHIM, IOFAULT_BELOW=self.dir, IOFAULT_AT=str(at), IOFAULT_LOG=self.log,
                       IOFAULT_HOW=how[0], IOFAULT_LASTS="yes" if how[1] else "",
                       ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")
        done = subprocess.run([TARN, *words], env=env, capture_output=True, text=True, errors="replace",
                              cwd=self.files, timeout=120, check=False)
        return done

    def calls(self):
        """(call, path, failed) of the last run with faults."""
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

    def completes(self, words, **more):
        again = self.tarn(words, **more)
        expect(again.returncode == 0, f"again, without faults: status {again.returncode}: {again.stderr}")
        return again

    def journal(self):
        """The steps of the journal, after SQLite has looked it over; none if there is no journal."""
        path = os.path.join(self.state, "tarn", "journal.db")
        if not os.path.exists(path) or os.path.getsize(path) == 0:
            return []
        db = sqlite3.connect(path)
        try:
            expect(db.execute("PRAGMA integrity_check").fetchone() == ("ok",), "the journal is damaged")
            if db.execute("PRAGMA user_version").fetchone()[0] == 0:
                return []
            return [{"kind": kind, "status": status, "what": json.loads(what or "null"),
                     "result": json.loads(result or "null")}
                    for kind, status, what, result in db.execute("SELECT kind, status, what, result FROM steps")]
        finally:
            db.close()

    def steps(self, kind):
        return [s for s in self.journal() if s["kind"] == kind]

    def remove(self):
        shutil.rmtree(self.dir)


def tree(folder):
    """Path -> bytes of all files below."""
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            with open(path, "rb") as f:
                found[os.path.relpath(path, folder)] = f.read()
    return found


def check_creates(run):
    """The journal knows of each pipeline of the run's name that was made, and of no other as made."""
    there = run.server.pipelines(run.name)
    steps = [s for s in run.steps("pipeline.create") if s["what"]["name"] == run.name]
    made = [s["result"]["pipeline_id"] for s in steps if s["status"] == "done"]
    open_ends = [s for s in steps if s["status"] == "unknown"]
    expect(set(made) <= set(there), f"held for done, and not there: {set(made) - set(there)}")
    expect(len(there) <= len(made) + len(open_ends), f"{len(there)} were made, the journal knows {steps}")
    return there


# ---- the cases ----


class Clone:
    words = staticmethod(lambda run: ["clone", "sales_orders_etl", "--name", run.name, "--schema", "s", "--yes"])

    def prepare(self, run):
        pass

    def check(self, run, done):
        there = check_creates(run)
        expect(done.returncode != 0 or len(there) == 1, "status 0, and there is no copy")

    def again(self, run):
        run.completes(self.words(run))
        expect(len(check_creates(run)) == 1, "there is not one copy after the second run")


class CloneOnceMore(Clone):
    """With a journal that is there already, and another operation in it that must stay."""

    def prepare(self, run):
        run.completes(["clone", "sales_orders_etl", "--name", run.name + "_before", "--schema", "s", "--yes"])
        run.before = run.journal()

    def check(self, run, done):
        super().check(run, done)
        expect(run.journal()[:len(run.before)] == run.before, "what was in the journal is not there any more")


class Undo:
    words = staticmethod(lambda run: ["undo", "last", "--yes"])

    def prepare(self, run):
        run.completes(Clone.words(run))

    def check(self, run, done):
        there = run.server.pipelines(run.name)
        deletes = [s["status"] for s in run.steps("pipeline.delete")]
        expect(there or deletes and set(deletes) <= {"done", "unknown"}, f"gone, the journal says {deletes}")
        expect("done" not in deletes or not there, "held for deleted, and still there")
        expect(done.returncode != 0 or not there, "status 0, and still there")

    def again(self, run):
        # The newest operation is perhaps the undoing itself: what it undid is named.
        db = sqlite3.connect(os.path.join(run.state, "tarn", "journal.db"))
        (op,) = db.execute("SELECT id FROM operations WHERE command = 'clone'").fetchone()
        db.close()
        run.completes(["undo", op, "--yes"])
        expect(not run.server.pipelines(run.name), "still there after the second run")


class Export:
    """Into a folder that holds an older export and a file of somebody else's."""
    sources = ["--with-sources"]

    def words(self, run):
        return ["export", "sales_orders_etl", "--dir", run.files, *self.sources, "--force"]

    def prepare(self, run):
        run.completes(self.words(run))
        run.new = tree(run.files)
        run.old = dict(run.new)
        for name in run.new:
            if name.endswith("pipeline.json"):
                run.old[name] = b'{"old": true}\n'
        run.old["mine.txt"] = run.new["mine.txt"] = b"mine\n"
        for name, text in run.old.items():
            with open(os.path.join(run.files, name), "wb") as f:
                f.write(text)

    def check(self, run, done):
        now = tree(run.files)
        for name, text in run.old.items():
            expect(name in now, f"{name} is gone")
            expect(now[name] in (text, run.new[name]), f"{name} is neither old nor new: {now[name][:200]!r}")
        extra = {name for name in set(now) - set(run.new)}
        expect(not extra or run.cleaning_failed, f"left behind: {extra}")
        expect(done.returncode != 0 or now == run.new or extra and run.cleaning_failed, "status 0, and not complete")

    def again(self, run):
        run.completes(self.words(run))
        now = tree(run.files)
        expect({k: v for k, v in now.items() if k in run.new} == run.new, "not as it should be after the second run")


class ExportSettings(Export):
    sources = []


class ExportNew(Export):
    """Into a folder that is not there."""

    def words(self, run):
        return ["export", "sales_orders_etl", "--dir", os.path.join(run.files, "new", "folder"), "--with-sources"]

    def prepare(self, run):
        run.completes(self.words(run))
        run.new, run.old = tree(run.files), {}
        shutil.rmtree(os.path.join(run.files, "new"))

    def check(self, run, done):
        now = tree(run.files)
        for name in set(now) & set(run.new):
            expect(now[name] == run.new[name], f"{name} is half: {now[name][:200]!r}")
        extra = set(now) - set(run.new)
        expect(not extra or run.cleaning_failed, f"left behind: {extra}")
        expect(done.returncode != 0 or now == run.new or extra and run.cleaning_failed, "status 0, and not complete")

    def again(self, run):
        # What was written before the fault is not replaced unasked.
        run.completes(self.words(run) + ["--force"])
        now = tree(run.files)
        expect({k: v for k, v in now.items() if k in run.new} == run.new, "not as it should be after the second run")


class Import:
    words = staticmethod(lambda run: ["import", os.path.join(run.files, "export"), "--name", run.name, "--yes"])

    def prepare(self, run):
        run.completes(["export", "sales_orders_etl", "--dir", os.path.join(run.files, "export"), "--with-sources"])
        run.export = tree(run.files)

    def check(self, run, done):
        there = check_creates(run)
        expect(tree(run.files) == run.export, "the export was changed")
        expect(done.returncode != 0 or len(there) == 1, "status 0, and nothing was made")

    def again(self, run):
        # It makes a new one each time, and refuses a name that is taken.
        if not run.server.pipelines(run.name):
            run.completes(self.words(run))
        expect(len(check_creates(run)) == 1, "there is not one after the second run")


class Cursor:
    words = staticmethod(lambda run: ["events", "sales_orders_etl", "--follow", "--once", "--cursor",
                                      os.path.join(run.files, "cursor"), "-o", "jsonl"])

    def prepare(self, run):
        first = run.completes(self.words(run))
        run.count = len(first.stdout.splitlines())
        with open(os.path.join(run.files, "cursor"), "rb") as f:
            run.new = f.read()
        os.remove(os.path.join(run.files, "cursor"))

    def check(self, run, done):
        now = tree(run.files)
        extra = set(now) - {"cursor"}
        expect(not extra or run.cleaning_failed, f"left behind: {extra}")
        if "cursor" in now:
            json.loads(now["cursor"])
        run.given = len(done.stdout.splitlines())

    def again(self, run):
        more = len(run.completes(self.words(run)).stdout.splitlines())
        expect(run.given + more >= run.count, f"of {run.count} events {run.given} and {more} were given")


class Record:
    words = staticmethod(lambda run: ["--record", os.path.join(run.files, "list.jsonl"), "list"])

    def prepare(self, run):
        pass

    def check(self, run, done):
        path = os.path.join(run.files, "list.jsonl")
        if done.returncode == 0:
            with open(path, encoding="utf-8") as f:
                expect(all(json.loads(line) for line in f), "status 0, and the record is not whole")

    def again(self, run):
        run.completes(self.words(run))


class Journal:
    """Reading it changes nothing, and needs no more than that."""
    words = staticmethod(lambda run: ["journal", "-o", "json"])

    def prepare(self, run):
        run.completes(Clone.words(run))
        run.before = run.journal()

    def check(self, run, done):
        expect(run.journal() == run.before, "reading has changed it")
        expect(done.returncode != 0 or json.loads(done.stdout), "status 0, and nothing is listed")

    def again(self, run):
        expect(json.loads(run.completes(self.words(run)).stdout), "nothing is listed")


class Demo:
    """The embedded workspace inside the program: its own files fail."""
    words = staticmethod(lambda run: ["-p", "demo", "list", "-o", "json"])

    def prepare(self, run):
        pass

    def run_words(self, run):
        return self.words(run)

    def check(self, run, done):
        expect(done.returncode != 0 or len(json.loads(done.stdout)) > 5, "status 0, and nothing is listed")

    def again(self, run):
        again = run.completes(self.words(run), local=False)
        expect(len(json.loads(again.stdout)) > 5, "nothing is listed")


CASES = [Clone, CloneOnceMore, Undo, ExportSettings, Export, ExportNew, Import, Cursor, Record, Journal, Demo]
LOCAL = {Demo: False}


# ---- what holds for all ----


def check_words(run, done, calls):
    """It ends in words: of the file, and of what to do."""
    expect(done.returncode >= 0, f"ended by signal {-done.returncode}")
    expect(done.returncode != 70, f"a bug: {done.stderr}")
    expect("traceback" not in done.stderr, f"a traceback: {done.stderr}")
    failed = [c for c in calls if c[2]]
    if done.returncode == 0 or not failed:
        return
    expect(run.dir in done.stderr, f"no file is named: {done.stderr!r}")
    expect(re.search(r'^hint: \S|"hint":"[^"]', done.stderr, re.M), f"nothing says what to do: {done.stderr!r}")


def attempt(server, case, number, at, how):
    """None, or what is wrong."""
    run = Run(server, number)
    try:
        case.prepare(run)
        run.calls()
        done = run.tarn(case.words(run), at=at, how=how, local=LOCAL.get(type(case), True))
        calls = run.calls()
        failed = [f"{call} {path}" for call, path, yes in calls if yes]
        run.cleaning_failed = any(call in ("unlink", "close") for call, _, yes in calls if yes) or how[1]
        try:
            check_words(run, done, calls)
            case.check(run, done)
            case.again(run)
        except (Wrong, ValueError, sqlite3.Error) as e:
            shown = ", ".join(failed[:2]).replace(run.dir, "DIR")
            return (f"{type(case).__name__}, call {at} with {how[0]}{' from then on' if how[1] else ''}"
                    f" ({shown}), status {done.returncode}: {e}".replace(run.dir, "DIR"))
        return None
    finally:
        run.remove()


def count(server, case, number):
    run = Run(server, number)
    try:
        case.prepare(run)
        run.calls()
        done = run.tarn(case.words(run), at=0, local=LOCAL.get(type(case), True))
        expect(done.returncode == 0, f"{type(case).__name__} without a fault: {done.stderr}")
        return [call for call, _, _ in run.calls()]
    finally:
        run.remove()


def main():
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    server = Server()
    wrong, tried, number = [], 0, 0
    start = time.monotonic()
    try:
        cases = [c() for c in CASES if ONLY in c.__name__]
        plans = []
        for case in cases:
            number += 1
            calls = count(server, case, number)
            plan = [(at, chance.choice(HOWS)) for at in range(1, len(calls) + 1)]
            # Half a file is what a disk leaves that fills up in the middle of one.
            plan += [(at, FULL) for at, call in enumerate(calls, 1) if call == "write" and (at, FULL) not in plan]
            chance.shuffle(plan)
            plans.append((case, len(plan), plan))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            # In turn one of each case, so that the time is shared; the shorter ones are done in full.
            while any(plan for _, _, plan in plans) and time.monotonic() - start < BUDGET:
                batch = [(case, *plan.pop()) for case, _, plan in plans if plan]
                jobs = []
                for case, at, how in batch:
                    number += 1
                    jobs.append(pool.submit(attempt, server, case, number, at, how))
                for job in jobs:
                    tried += 1
                    if job.result():
                        wrong.append(job.result())
        for case, planned, plan in plans:
            print(f"{type(case).__name__}: {planned - len(plan)} of {planned} tried")
    finally:
        server.close()
        shutil.rmtree(TOP)
    for words in wrong:
        print(words)
    print(f"{tried - len(wrong)} passed, {len(wrong)} failed")
    sys.exit(1 if wrong else 0)


main()
