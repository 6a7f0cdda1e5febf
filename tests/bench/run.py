#!/usr/bin/env python3
"""run.py BUILD [NAME...]: measure Tarn and, in turns, programs that only do the necessary work (the
floor).

Each line gives the ratio of the medians, its spread over the pairs, and its limit. Times are those
of whole processes; the embedded workspace runs beside them on loopback."""

import http.server
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from contextlib import contextmanager
from json import dumps, loads

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
ONLY = sys.argv[2:]
TARN = os.path.join(BUILD, "tarn")
FLOOR = os.path.join(BUILD, "bench_floor")
REPLAY = os.path.join(BUILD, "bench_replay")
RESULTS = []


def environment(url=None):
    """The environment of a program, whose workspace is at this URL."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("DATABRICKS_", "TARN_"))}
    env.update(HOME=tempfile.gettempdir(), NO_COLOR="1", no_proxy="*")
    if url:
        env.update(DATABRICKS_HOST=url, DATABRICKS_TOKEN="demo-token")
    return env


class Server:
    """A program that serves. It prints its port at the end of a line, on stdout or stderr."""

    def __init__(self, argv, env, output="stderr"):
        self.child = subprocess.Popen(argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True)
        for line in getattr(self.child, output):
            found = re.match(r"(?:listening on http://\S+:)?(\d+)$", line)
            if found:
                self.port = int(found.group(1))
                break
        else:
            raise SystemExit(f"{' '.join(argv)} did not start")
        self.url = f"http://127.0.0.1:{self.port}"
        # so that a full pipe does not stop it
        for pipe in (self.child.stdout, self.child.stderr):
            threading.Thread(target=pipe.read, daemon=True).start()

    def cpu(self):
        """The CPU seconds so far."""
        with open(f"/proc/{self.child.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()


class Sandbox(Server):
    """The embedded workspace with a scenario and a latency for each call."""

    def __init__(self, scenario, latency):
        super().__init__([TARN, "sandbox", "--port", "0", "--scenario", scenario,
                          "--latency", str(latency)], environment())


class Run:
    """One process: wall and user seconds, peak memory in MiB, its output."""

    def __init__(self, argv, env=None):
        with tempfile.TemporaryFile() as out:
            begin = time.monotonic()
            child = subprocess.Popen(argv, stdout=out, stderr=subprocess.PIPE, env=env)
            errors = child.stderr.read()
            _, status, usage = os.wait4(child.pid, 0)
            self.wall = time.monotonic() - begin
            child.returncode = status
            out.seek(0)
            self.out = out.read()
        if status != 0:
            raise SystemExit(f"{' '.join(argv)} failed:\n{errors.decode()}")
        self.user = usage.ru_utime
        self.memory = usage.ru_maxrss / 1024  # at least that of this program: see peak_memory


def peak_memory(argv, env):
    """Peak memory in MiB, from a parent that is smaller than this program."""
    done = subprocess.run([FLOOR, "memory", *argv], env=env, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, check=True)
    return int(done.stderr.split()[-1]) / 1024


def report(name, text, ok):
    RESULTS.append(ok)
    print(f"{'ok  ' if ok else 'MISS'} {name}: {text}", flush=True)


def ratio(name, ours, floor, bound, value=lambda run: run.wall, runs=7, unit="wall"):
    """`ours` and `floor` run one process each, in turns, so that noise affects both."""
    ours(), floor()  # to fill the caches
    pairs = [(value(ours()), value(floor())) for _ in range(runs)]
    a, b = (statistics.median(x[i] for x in pairs) for i in (0, 1))
    ratios = [x / max(y, 1e-9) for x, y in pairs]
    report(name, f"{unit} {a * 1000:.1f} ms, floor {b * 1000:.1f} ms: {a / b:.2f} times the floor "
           f"{spread(ratios, 2)}; at most {bound}", a / b <= bound)


def calls_of(command, env):
    """The calls of a command, from its trace: one line `> METHOD` for each."""
    done = subprocess.run([TARN, "-v", *command], env=env, capture_output=True, text=True)
    return len(re.findall(r"^> [A-Z]+ ", done.stderr, re.M))


def first_id(env):
    """The id of a pipeline of the workspace."""
    done = subprocess.run([TARN, "list", "-o", "csv"], env=env, capture_output=True, text=True)
    return re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", done.stdout).group(0)


@contextmanager
def script_file(text):
    """The path of a file with a script."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(text)
        file.flush()
        yield file.name


def write_token(folder, token):
    """The path of a file with a token that only its owner can read."""
    path = os.path.join(folder, "token")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
        file.write(token)
    return path


def spread(values, digits=0):
    return f"(spread {min(values):.{digits}f} to {max(values):.{digits}f}, {len(values)} runs)"


def version():
    ratio("tarn --version", lambda: Run([TARN, "--version"]), lambda: Run([FLOOR, "version"]),
          1.2, runs=31)


def completion():
    """A TAB on the beginning of a pipeline's name, with 1,000 cached names."""
    with Sandbox("large:1000", 50) as sandbox, tempfile.TemporaryDirectory() as cache:
        env = dict(environment(sandbox.url), XDG_CACHE_HOME=cache)
        words = [TARN, "completion", "words", "--", "get", "pipeline"]
        Run(words, env)
        times = [Run(words, env).wall * 1000 for _ in range(21)]
        worst = max(times)
        report("completion of 1,000 cached names",
               f"{statistics.median(times):.1f} ms, at most {worst:.1f} ms in 21 runs; at most 100",
               worst <= 100)


def assistants():
    """From the start of `tarn mcp` to its list of tools."""
    with tempfile.TemporaryDirectory() as folder:
        request = os.path.join(folder, "request")
        with open(request, "w", encoding="ascii") as file:
            file.write('{"jsonrpc":"2.0","id":1,"method":"tools/list"}\n')
        times = []
        for _ in range(21):
            with open(request, encoding="ascii") as lines:
                begin = time.monotonic()
                subprocess.run([TARN, "mcp"], env=environment(), stdin=lines, check=True,
                               stdout=subprocess.DEVNULL)
                times.append((time.monotonic() - begin) * 1000)
        median = statistics.median(times)
        report("tarn mcp, tools/list from the start",
               f"{median:.1f} ms {spread(times, 1)}; at most 60", median <= 60)


def listing():
    """Pages from both ends at once: six rounds in place of ten, and 61 in place of 120."""
    with Sandbox("large:1000", 50) as sandbox:
        env = environment(sandbox.url)
        ratio("tarn list, 1,000 pipelines, 50 ms a call",
              lambda: Run([TARN, "list", "-o", "json"], env),
              lambda: Run([FLOOR, "list", sandbox.url], env), 0.68)
        calls = calls_of(["list", "-o", "json"], env)
        report("tarn list, calls", f"{calls}; at most 12", calls <= 12)
    with Sandbox("large:12000", 50) as sandbox:
        env = environment(sandbox.url)
        ratio("tarn list, 12,000 pipelines, 50 ms a call",
              lambda: Run([TARN, "list", "-o", "json"], env),
              lambda: Run([FLOOR, "list", sandbox.url], env), 0.60, runs=3)


def dashboard():
    for size, active, events, calls_bound, bound in (1000, 50, 1000, 62, 0.75), \
                                                    (12000, 200, 20, 330, 0.60):
        with Sandbox(f"large:{size},{active},{events}", 50) as sandbox:
            env = environment(sandbox.url)
            name = f"tarn dashboard, {size:,} pipelines, {active} active"
            ratio(f"{name}, 50 ms a call",
                  lambda: Run([TARN, "dashboard", "-o", "json"], env),
                  lambda: Run([FLOOR, "dashboard", sandbox.url], env), bound, runs=5)
            calls = calls_of(["dashboard", "-o", "json"], env)
            report(f"{name}, calls", f"{calls}; at most {calls_bound}", calls <= calls_bound)


def warehouse():
    with Sandbox("large:12000", 0) as sandbox:
        env = environment(sandbox.url)
        command = ["dashboard", "--source", "sql", "-o", "json"]
        trace = subprocess.run([TARN, "-v", *command], env=env, capture_output=True, text=True,
                               check=True)
        calls = re.findall(r"^> ([A-Z]+) \S*?(/api/\S*)", trace.stderr, re.M)
        sent = calls.count(("POST", "/api/2.0/sql/statements"))
        total = loads(trace.stdout)["summary"]["total"]
        report("tarn dashboard --source sql, 12,000 pipelines, calls",
               f"{len(calls)}, {sent} of them statements (pipelines; events by two names), for "
               f"{total} pipelines; at most 12 and 3",
               len(calls) <= 12 and sent <= 3 and total == 12000)
        # the floor is the time of the statement itself, by the same program
        with script_file(STATEMENT) as path:
            org, text = Run([TARN, "run", path], env).out.decode().split("\n", 1)
        ratio("tarn dashboard --source sql, 12,000 pipelines, beside `tarn sql` of its statement",
              lambda: Run([TARN, *command], env),
              lambda: Run([TARN, "sql", text, "--param", "workspace=" + org, "-o", "jsonl"], env),
              2.5, runs=5)
        peak = max(peak_memory([TARN, *command], env) for _ in range(3))
        report("tarn dashboard --source sql, 12,000 pipelines, memory",
               f"{peak:.1f} MiB at its peak; at most 64", peak <= 64)


STATEMENT = """
print(require("tarn").workspace():org_id())
print((require("tarn.statements").fleet.health ""))
"""

SCRIPT = """
local tarn = require "tarn"
local ws = tarn.workspace()
local sizes = tarn.map(ws:pipelines(), function(row)
  local pipeline = ws:pipeline(row.pipeline_id)
  local events = ws.native:events(row.pipeline_id, { max_results = 250 }).events
  return #pipeline.spec.libraries + #events
end, { limit = 32 })
return #sizes
"""


def watch():
    """A refresh of `dashboard --watch`: a tenth of what eleven refreshes cost more than one."""
    with Sandbox("large:1000,0,100", 50) as sandbox:
        env = environment(sandbox.url)

        def refreshes(n):
            return ["dashboard", "--watch", "--interval", "0.1", "--refreshes", str(n),
                    "-o", "jsonl"]

        calls = (calls_of(refreshes(11), env) - calls_of(refreshes(1), env)) / 10
        report("tarn dashboard --watch, 1,000 quiet pipelines, calls of a refresh",
               f"{calls:g}; at most 12", 10 <= calls <= 12)
        floor, one, eleven = (statistics.median(Run(argv, env).wall for _ in range(3))
                              for argv in ([FLOOR, "list", sandbox.url], [TARN, *refreshes(1)],
                                           [TARN, *refreshes(11)]))
        refresh = (eleven - one) / 10 - 0.1
        report("tarn dashboard --watch, 50 ms a call",
               f"a refresh {refresh * 1000:.0f} ms, the list by the floor {floor * 1000:.0f} ms: "
               f"{refresh / floor:.2f} times; at most 1.25", refresh <= 1.25 * floor)


def script():
    with Sandbox("large:1000,1000,10", 50) as sandbox, script_file(SCRIPT) as path:
        env = environment(sandbox.url)
        ours = lambda: Run([TARN, "run", path], env)
        floor = lambda: Run([FLOOR, "events", sandbox.url], env)
        name = "a script, 1,000 pipelines and a page of events of each, window 32"
        ratio(name, ours, floor, 1.10, runs=5)
        ratio(name, ours, floor, 2.5, value=lambda run: run.user, runs=5, unit="user CPU")


NEWEST = """
local tarn = require "tarn"
local ws = tarn.workspace()
local counts = tarn.map(ws:pipelines(), function(row)
  local n = 0
  for _ in ws:events(row.pipeline_id, { max = 100 }) do
    n = n + 1
  end
  return n
end, { limit = 32 })
return #counts
"""


def newest():
    """The newest 100 events of each of 1,000 pipelines."""
    with Sandbox("large:1000,1000,100", 50) as sandbox, script_file(NEWEST) as path:
        env = environment(sandbox.url)
        ratio("the newest 100 events of 1,000 pipelines, window 32",
              lambda: Run([TARN, "run", path], env),
              lambda: Run([FLOOR, "newest", sandbox.url], env), 1.10, runs=5)


def events():
    """All events of a log, a line of JSON for each."""
    with Sandbox("large:1,1,100000", 0) as sandbox:
        env = environment(sandbox.url)
        log = first_id(env)
        command = [TARN, "events", log, "--all", "-o", "jsonl"]
        name = "tarn events --all, 100,000 events"
        lines = Run(command, env).out.count(b"\n")
        report(f"{name}, lines", f"{lines}; exactly 100000", lines == 100000)
        ours, floor = (lambda: Run(command, env)), (lambda: Run([FLOOR, "log", sandbox.url, log]))
        ratio(name, ours, floor, 2.0, runs=3)
        ratio(name, ours, floor, 2.0, value=lambda run: run.user, runs=3, unit="user CPU")
        peak = peak_memory(command, env)
        report(f"{name}, memory", f"{peak:.1f} MiB at its peak; at most 32", peak <= 32)


def memory():
    """Beside the floor for a small list: there most of it is the libraries', in both."""
    with Sandbox("large:1000", 0) as sandbox:
        env = environment(sandbox.url)
        ours, floor = (max(peak_memory(argv, env) for _ in range(3))
                       for argv in ([TARN, "list", "-o", "json"], [FLOOR, "list", sandbox.url]))
        report("tarn list, 1,000 pipelines, memory",
               f"{ours:.1f} MiB at its peak, floor {floor:.1f} MiB: {ours / floor:.2f} times the "
               "floor; at most 1.5", ours <= 1.5 * floor)
    with Sandbox("large:10000,50,20", 0) as sandbox:
        env = environment(sandbox.url)
        for command, form, bound in (("list", "jsonl", 24), ("dashboard", "json", 48)):
            peak = max(peak_memory([TARN, command, "-o", form], env) for _ in range(3))
            report(f"tarn {command}, 10,000 pipelines, memory",
                   f"{peak:.1f} MiB at its peak; at most {bound}", peak <= bound)


def workspace():
    begin = time.monotonic()
    with Sandbox("large:10000,50,1000", 0):
        took = time.monotonic() - begin
    report("embedded workspace, large:10000,50,1000", f"ready after {took:.2f} s; at most 2",
           took <= 2)
    with Sandbox("large:100", 0) as sandbox:
        env = environment(sandbox.url)
        url = f"{sandbox.url}/api/2.0/pipelines/{first_id(env)}"
        rates = []
        for _ in range(5):
            begin = sandbox.cpu()
            Run([FLOOR, "load", url, "6000", "16"], env)
            rates.append(6000 / (sandbox.cpu() - begin))
        report("embedded workspace, GET of one pipeline",
               f"{statistics.median(rates):.0f} requests per second of one core "
               f"{spread(rates)}; at least 3000", statistics.median(rates) >= 3000)


def serving():
    """The list of 1,000 pipelines from the cache, and a bare server of the same bytes, in requests
    per second of one core: the CPU time of the client does not count. Neither writes a log."""
    token, path, count = "token-of-the-bench-01", "/api/dlt/pipelines", 10000
    with tempfile.TemporaryDirectory() as home, Sandbox("large:1000", 0) as sandbox:
        env = dict(environment(sandbox.url), HOME=home, XDG_STATE_HOME=home, FLOOR_TOKEN=token,
                   FLOOR_PLAIN="1")
        argv = [TARN, "-q", "serve", "--port", "0", "--token-file", write_token(home, token),
                "--cache", "3600"]
        with Server(argv, env) as ours:
            body = urllib.request.urlopen(urllib.request.Request(
                ours.url + path, headers={"Authorization": f"Bearer {token}"})).read()
            bytes_file = os.path.join(home, "bytes")
            with open(bytes_file, "wb") as file:
                file.write(body)
            rates = ([], [])
            with Server([os.path.join(BUILD, "bench_bare"), bytes_file], env, "stdout") as bare:
                for _ in range(7):
                    for server, list_of_rates in zip((ours, bare), rates):
                        begin = server.cpu()
                        Run([FLOOR, "load", server.url + path, str(count), "8"], env)
                        list_of_rates.append(count / (server.cpu() - begin))
        mine, floor = (statistics.median(one) for one in rates)
        report("tarn serve, cached list of 1,000 pipelines",
               f"{mine:.0f} and {floor:.0f} requests of {len(body)} bytes per second of one core: "
               f"{mine / floor:.2f} {spread([a / b for a, b in zip(*rates)], 2)}; at least 0.7",
               mine / floor >= 0.7)
    here = os.path.dirname(os.path.abspath(__file__))
    done = subprocess.run([sys.executable, os.path.join(here, "../property/serve_load.py"), BUILD,
                           "1"], capture_output=True, text=True)
    report("tarn serve under load for a minute", done.stdout.strip().replace("\n", "; "),
           done.returncode == 0)


# The published rate limits of a workspace for notebooks, in calls per second. Tarn does not exceed
# them, and neither does the floor.
RATES = {"POST /api/2.0/workspace/import": 30, "GET /api/2.0/workspace/export": 60}
TOKENS = ("demo-token", "demo-dr-token")


def replay(url, calls, window, rates):
    """One run of the program that only makes the calls (method, token, type, path, body)."""
    with tempfile.NamedTemporaryFile() as file:
        for method, token, kind, path, body in calls:
            rate = rates.get(f"{method} {path.split('?')[0]}", 0)
            file.write(f"{method} {token} {rate} {len(body)} {kind} {path}\n".encode() + body)
            file.write(b"\n")
        file.flush()
        return Run([REPLAY, url, file.name, str(window)])


def post(endpoint, **body):
    return ("POST", TOKENS[0], "application/json", endpoint, dumps(body).encode())


class Fleet(Sandbox):
    """A workspace with 100 pipelines of 3 notebooks each, beside an empty one."""

    PIPELINES, NOTEBOOKS = 100, 3

    def __init__(self):
        super().__init__("empty", 50)
        folders = [f"/Shared/bench/p{i:03}" for i in range(self.PIPELINES)]
        paths = {folder: [f"{folder}/n{k}" for k in range(self.NOTEBOOKS)] for folder in folders}
        cells = b"# Databricks notebook source\n" + b"# COMMAND ----------\n" * 200
        for step in (
                [post("/api/2.0/workspace/mkdirs", path=folder) for folder in folders],
                [post("/api/2.0/workspace/import", path=path, format="SOURCE", language="PYTHON",
                      content=b64encode(cells + path.encode()).decode())
                 for folder in folders for path in paths[folder]],
                [post("/api/2.0/pipelines", name=f"bench {i:03}", catalog="main", schema=f"s{i}",
                      serverless=True,
                      libraries=[{"notebook": {"path": path}} for path in paths[folder]])
                 for i, folder in enumerate(folders)]):
            replay(self.url, step, 32, {})
        self.state = tempfile.TemporaryDirectory()

    def names(self, token):
        """Name -> id of all pipelines."""
        found, page = {}, ""
        while True:
            request = urllib.request.Request(
                f"{self.url}/api/2.0/pipelines?max_results=100{page}",
                headers={"Authorization": "Bearer " + token})
            with urllib.request.urlopen(request) as answer:
                body = loads(answer.read())
            found.update({row["name"]: row["pipeline_id"] for row in body.get("statuses", [])})
            if not body.get("next_page_token"):
                return found
            page = "&page_token=" + urllib.parse.quote(body["next_page_token"])

    def clone(self, *options, url=None):
        env = environment()
        config = os.path.join(self.state.name, "config")
        with open(config, "w") as file:
            for token in TOKENS:
                file.write(f"[{token}]\nhost = {url or self.url}\ntoken = {token}\n")
        env.update(DATABRICKS_CONFIG_FILE=config, XDG_STATE_HOME=self.state.name)
        done = Run([TARN, "-p", TOKENS[0], "clone", "--match", "bench*", "--to", TOKENS[1],
                    "-o", "json", *options], env)
        if loads(done.out)["counts"] != {"created": self.PIPELINES}:
            raise SystemExit(f"not all were cloned: {loads(done.out)['counts']}")
        return done

    def __exit__(self, *_):
        super().__exit__()
        self.state.cleanup()


class Recorder(http.server.BaseHTTPRequestHandler):
    """A proxy between Tarn and a workspace that keeps the requests."""

    protocol_version = "HTTP/1.1"
    calls, target = [], ""

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = self.headers["Authorization"].split()[1]
        kind = self.headers.get("Content-Type") or "-"
        self.calls.append((self.command, token, kind.replace(" ", ""), self.path, body))
        request = urllib.request.Request(self.target + self.path, body or None, {
            "Authorization": "Bearer " + token, "Content-Type": kind}, method=self.command)
        try:
            answer = urllib.request.urlopen(request)
        except urllib.error.HTTPError as refusal:
            answer = refusal
        with answer:
            text = answer.read()
            self.send_response(answer.status)
            for name in ("Content-Type", "X-Databricks-Org-Id"):
                if answer.headers[name]:
                    self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, *_):
        pass


def record(*options):
    """The calls of one bulk clone in their order, with names in the place of ids."""
    with Fleet() as fleet:
        Recorder.calls, Recorder.target = [], fleet.url
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        fleet.clone(*options, url=f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        server.server_close()
        ids = {number: name for token in TOKENS for name, number in fleet.names(token).items()}
    with_names = lambda text: re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}",
                                     lambda m: f"<{ids.get(m[0], m[0])}>", text)
    return [(method, token, kind, with_names(path), body)
            for method, token, kind, path, body in Recorder.calls]


def clone():
    def ours(*options):
        with Fleet() as fleet:
            return fleet.clone(*options)

    def floor(calls):
        with Fleet() as fleet:
            ids = fleet.names(TOKENS[0])
            with_ids = lambda path: re.sub("<(.*?)>", lambda m: ids.get(m[1], m[1]), path)
            done = replay(fleet.url, [(*c[:3], with_ids(c[3]), c[4]) for c in calls], 32, RATES)
            made = len(fleet.names(TOKENS[1]))
        if made != Fleet.PIPELINES:
            raise SystemExit(f"the floor created {made} pipelines: {done.out.decode()}")
        return done

    for name, options, runs in (
            ("tarn clone, 100 pipelines with 300 notebooks, 50 ms a call", ["--with-sources"], 3),
            ("the same without their sources", [], 5)):
        calls = record(*options)
        twice = len(calls) - len(set(calls))
        report(f"{name}, calls", f"{len(calls)}, {twice} of them repeated; exactly 0", twice == 0)
        peak = []

        def measured():
            done = ours(*options)
            peak.append(done.memory)
            return done

        ratio(name, measured, lambda: floor(calls), 1.3, runs=runs)
        report(f"{name}, memory", f"{max(peak):.1f} MiB at its peak; at most 48", max(peak) <= 48)


class Prompt:
    """The prompt of `tarn` at a terminal of its own."""

    def __init__(self, home, *options):
        self.master, slave = os.openpty()
        env = environment()
        env.update(HOME=home, TERM="xterm", XDG_STATE_HOME=home, XDG_CACHE_HOME=home)
        self.begin = time.monotonic()
        self.child = subprocess.Popen([TARN, *options], stdin=slave, stdout=slave, stderr=slave,
                                      env=env, start_new_session=True)
        os.close(slave)

    def ask(self, keys, answer):
        """Seconds from the keys to the answer on the screen."""
        begin, seen = time.monotonic(), b""
        os.write(self.master, keys)
        while answer not in seen:
            seen += os.read(self.master, 65536)
        return time.monotonic() - begin

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        os.close(self.master)


def prompt():
    def answer(home):
        with Prompt(home) as tarn:
            tarn.ask(b"6 * 7\r", b"42\r\n")
            return time.monotonic() - tarn.begin

    with tempfile.TemporaryDirectory() as home:
        answer(home)
        pairs = [(answer(home), Run([TARN, "--version"]).wall) for _ in range(15)]
        more = statistics.median(a - b for a, b in pairs)
        report("tarn at a terminal, from its start to its first answer",
               f"{more * 1000:.1f} ms more than tarn --version (15 runs); at most 50",
               more <= 0.05)
        os.makedirs(os.path.join(home, "tarn/names"))
        with open(os.path.join(home, "tarn/names/demo.pipeline.json"), "w") as file:
            file.write(dumps({"at": time.time(), "whole": True, "names": [
                [f"pipeline_with_a_long_name_{i:04}", "IDLE"] for i in range(1000)]}))
        with Prompt(home, "--profile", "demo") as tarn:
            tarn.ask(b"6 * 7\r", b"42\r\n")
            times = []
            for i in range(9):
                typed = b'tarn.get { pipeline = "pipeline_w'
                tarn.ask(typed, b"pipeline_w")
                times.append(tarn.ask(b"\t", b"_long_name_"))
                tarn.ask(b"\x15\x0b%d + 1000\r" % i, b"%d\r\n" % (1000 + i))
            took = statistics.median(times)
        report("TAB on 1,000 cached names",
               f"{took * 1000:.1f} ms (9 runs); at most 100", took <= 0.1)


def json():
    done = subprocess.run([os.path.join(BUILD, "bench_json")], capture_output=True, text=True)
    for line in done.stdout.splitlines():
        found = re.match(r"(json (?:decode|encode)): ([0-9.]+) (.*)", line)
        if found:
            report(found.group(1), f"{found.group(2)} {found.group(3)}; at least 0.67",
                   float(found.group(2)) >= 0.67)
        else:
            print("     " + line)


PARTS = (version, prompt, completion, assistants, listing, dashboard, warehouse, watch, script,
         newest, events, clone, memory, json, workspace, serving)
NAMES = [part.__name__ for part in PARTS]
if not set(ONLY) <= set(NAMES):
    raise SystemExit(f"the measurements are: {' '.join(NAMES)}")
for part in PARTS:
    if not ONLY or part.__name__ in ONLY:
        part()
print(f"{sum(RESULTS)} passed, {len(RESULTS) - sum(RESULTS)} failed")
sys.exit(0 if all(RESULTS) else 1)
