#!/usr/bin/env python3
"""greed.py BUILD [WORD...]: scripts that make C functions use too much memory or time, with
--memory-limit and --cpu-limit.

Each must end with a fault that says so, in time, and with at most the memory of the limit and of
the program itself. With WORDs only the cases whose names contain one."""

import gzip
import http.server
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from checks import TARN, Checks, is_sanitized  # noqa: E402

MEMORY = 64  # MiB
CPU = 2  # seconds
MORE_MEMORY = 48  # MiB: of the program, its reserve for error messages, and blocks that move
MORE_CPU = 1.5  # seconds: to start, to notice the limit and to end

HEAD = """
local json, yaml = require "native.json", require "native.yaml"
local http, fs = require "native.http", require "native.fs"
local sqlite, process = require "native.sqlite", require "native.process"
local server, task = require "native.server", require "native.task"
local databricks = require "native.databricks"
local URL, DIR = os.getenv "GREED_URL", os.getenv "GREED_DIR"
local M = 1 << 20
local function bomb(n) local x = {} for _ = 1, n do x = { x, x } end return x end
local function same(value, n) local t = {} for i = 1, n do t[i] = value end return t end
local function query(text) return sqlite.open(":memory:"):query(text) end
local function connect()
  return databricks.connect { host = URL, credential = databricks.credential { token = "x" } }
end
"""

# How a script must end: over the limit of memory, of time, of either, or with status 0.
EITHER, OVER_MEMORY, OVER_TIME, FINE = "either", "memory", "time", "fine"

CASES = {
    "json.encode: shared tables, 60 levels deep": (EITHER, "json.encode(bomb(60))"),
    "json.encode: shared tables with keys": (
        EITHER, "local x = {} for _ = 1, 60 do x = { a = x, b = x } end json.encode(x)"),
    "json.encode: indented": (EITHER, "json.encode(bomb(60), { indent = 16 })"),
    "json.encode: one long string many times": (
        OVER_MEMORY, "json.encode(same(('x'):rep(M), 200))"),
    "json.encode: control characters": (OVER_MEMORY, "json.encode(('\\0'):rep(20 * M))"),
    "json.encode: many keys": (
        OVER_MEMORY, "local t = {} for i = 1, 300000 do t['k' .. i] = i end json.encode(same(t, "
        "200))"),
    "json.decode: many numbers": (OVER_MEMORY, "json.decode('[' .. ('1e1,'):rep(4000000) .. '1]')"),
    "json.decode: many arrays": (OVER_MEMORY, "json.decode('[' .. ('[],'):rep(4000000) .. '1]')"),
    "json.decode: a long string": (OVER_MEMORY, "json.decode('\"' .. ('x'):rep(40 * M) .. '\"')"),
    "yaml.encode: shared tables, 60 levels deep": (EITHER, "yaml.encode(bomb(60))"),
    "yaml.encode: one long string many times": (
        OVER_MEMORY, "yaml.encode(same(('x'):rep(M), 200))"),
    "yaml.decode: aliases of aliases": (
        FINE, "local t = { 'a: &a [x, x, x, x, x, x, x, x, x, x]' } for i = 1, 20 do local c = "
        "string.char(96 + i) t[#t + 1] = ('%s: &%s [*%s, *%s, *%s, *%s, *%s, "
        "*%s]'):format(string.char(97 + i), string.char(97 + i), c, c, c, c, c, c) end "
        "pcall(yaml.decode, table.concat(t, '\\n')) return { ok = true }"),
    "yaml.decode: many values": (EITHER, "yaml.decode(('- a: b\\n'):rep(900000))"),
    "yaml.decode: a long string": (OVER_MEMORY, "yaml.decode('\"' .. ('x'):rep(30 * M) .. '\"')"),
    "string.rep": (OVER_MEMORY, "return #('x'):rep(1 << 30)"),
    "string.rep with a separator": (OVER_MEMORY, "return #('x'):rep(1 << 20, ('y'):rep(1000))"),
    "table.concat": (OVER_MEMORY, "return #table.concat(same(('x'):rep(M), 200))"),
    "string.format: wide": (
        FINE, "assert(not pcall(string.format, '%99999d', 1)) return { ok = true }"),
    "string.format: many": (
        OVER_MEMORY, "local s = ('x'):rep(M) return #string.format(('%s'):rep(200), "
        "table.unpack(same(s, 200)))"),
    "string.gsub: long replacements": (
        OVER_MEMORY, "return ('a'):rep(M):gsub('a', ('b'):rep(1000))"),
    "string.gsub: captures": (OVER_MEMORY, "return ('a'):rep(M):gsub('(a+)', ('%1'):rep(1000))"),
    "string.gsub: a function": (
        OVER_MEMORY, "local s = ('b'):rep(1000) return ('a'):rep(M):gsub('a', function() return s "
        "end)"),
    "string.gsub: matches everywhere": (
        EITHER, "local s = ('a'):rep(3 * M) while true do s:gsub('', '') end"),
    "http.escape": (OVER_MEMORY, "return #http.escape(('\\0'):rep(20 * M))"),
    "http.unescape": (OVER_MEMORY, "return #http.unescape(('x'):rep(30 * M))"),
    "http.base64_encode": (OVER_MEMORY, "return #http.base64_encode(('x'):rep(40 * M))"),
    "http.base64_decode": (OVER_MEMORY, "return #http.base64_decode(('QUFB'):rep(10 * M))"),
    "http.request: a long answer": (
        OVER_MEMORY, "http.request('GET', URL .. '/long', { max_bytes = 1 << 40 })"),
    "http.request: a long answer, compressed": (
        OVER_MEMORY, "http.request('GET', URL .. '/gzip', { max_bytes = 1 << 40 })"),
    "http.request: many answers": (
        OVER_MEMORY, "local ended, e = 0 for _ = 1, 30 do task.spawn(function() local ok, why = "
        "pcall(http.request, 'GET', URL .. '/ten', { retry = false }) e = not ok and why or e "
        "ended = ended + 1 end) end while ended < 30 do task.sleep(0.01) end error(e, 0)"),
    "http.request: a long body": (
        OVER_MEMORY, "local s = ('x'):rep(20 * M) local e for _ = 1, 20 do task.spawn(function() "
        "local ok, why = pcall(http.request, 'POST', URL .. '/slow', { body = s }) e = not ok "
        "and why or e end) end task.sleep(0.5) error(e, 0)"),
    "ws:request: a long answer": (
        OVER_MEMORY, "connect():request('GET', '/long', { raw = true, max_bytes = 10 ^ 11 // 1 | "
        "0 })"),
    "ws:request: a long answer, compressed": (
        OVER_MEMORY, "connect():request('GET', '/gzip', { raw = true, max_bytes = 10 ^ 11 // 1 | "
        "0 })"),
    "ws:request: a long body": (
        OVER_MEMORY, "connect():request('POST', '/x', { body = ('x'):rep(40 * M) })"),
    "process.run: a long output": (
        OVER_MEMORY, "process.run({ 'head', '-c', '500000000', '/dev/zero' }, { max_bytes = 1 << "
        "40 })"),
    "process.run: a long input": (
        OVER_MEMORY, "process.run({ 'cat' }, { stdin = ('x'):rep(40 * M) })"),
    "fs.read: a long file": (OVER_MEMORY, "fs.read(DIR .. '/long')"),
    "fs.read: an endless file": (OVER_MEMORY, "fs.read('/dev/zero')"),
    "io.read: an endless file": (OVER_MEMORY, "io.open('/dev/zero'):read 'a'"),
    "fs.append": (FINE, "fs.append(DIR .. '/out', ('x'):rep(20 * M)) return { ok = true }"),
    "server.body": (
        OVER_MEMORY, "local s, t = ('x'):rep(10 * M), {} for i = 1, 30 do t[i] = server.body(s) "
        "end return #t"),
    "load": (OVER_MEMORY, "load(('x = 1 '):rep(8 * M))"),
    "sqlite: zeroblob": (OVER_MEMORY, "query 'select zeroblob(500000000) as z'"),
    "sqlite: zeroblob of which only the length is used": (
        EITHER, "query 'select length(hex(zeroblob(400000000))) as z'"),
    "sqlite: randomblob": (OVER_MEMORY, "query 'select randomblob(500000000) as z'"),
    "sqlite: printf": (EITHER, "query \"select printf('%.*c', 500000000, 'x') as z\""),
    "sqlite: replace": (
        OVER_MEMORY, "query \"select replace(hex(zeroblob(1000000)), '0', hex(zeroblob(1000))) as "
        "z\""),
    "sqlite: group_concat": (
        OVER_MEMORY, "query \"with recursive c(x) as (select 1 union all select x + 1 from c) "
        "select group_concat(hex(zeroblob(1000))) from (select x from c limit 1000000)\""),
    "sqlite: endless rows": (
        EITHER, "query 'with recursive c(x) as (select 1 union all select x + 1 from c) select x "
        "from c'"),
    "sqlite: an endless computation": (
        OVER_TIME, "query 'with recursive c(x) as (select 1 union all select x + 1 from c) select "
        "count(*) from c'"),
    "sqlite: an endless computation in a loop that catches errors": (
        OVER_TIME, "while true do pcall(query, 'with recursive c(x) as (select 1 union all select "
        "x + 1 from c) select count(*) from c') end"),
    "sqlite: a sort": (
        EITHER, "query 'with recursive c(x) as (select 1 union all select x + 1 from c limit "
        "100000000) select x from c order by random()'"),
    "sqlite: a database in memory": (
        OVER_MEMORY, "local db = sqlite.open ':memory:' db:exec 'create table t (a)' while true "
        "do db:exec 'insert into t values (zeroblob(1000000))' end"),
    "sqlite: databases in memory": (
        OVER_MEMORY, "local t = {} while true do local db = sqlite.open ':memory:' t[#t + 1] = db "
        "db:exec 'create table t (a); insert into t values (zeroblob(1000000))' end"),
    "sqlite: a parameter": (
        OVER_MEMORY, "local db = sqlite.open ':memory:' local s = ('x'):rep(30 * M) "
        "db:query('select length(:s || :s) as n', { s = s })"),
    "sqlite: a function in Lua": (
        EITHER, "local db = sqlite.open ':memory:' db:define('f', 1, function(s) return s .. s "
        "end) db:query(\"select \" .. ('f('):rep(24) .. \"'0123456789'\" .. (')'):rep(24) .. ' "
        "as z')"),
    "patterns": (OVER_TIME, "while true do pcall(string.find, ('a'):rep(3000), '.-.-.-b$') end"),
    "a loop": (OVER_TIME, "while true do end"),
}

# ---- the server ----


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # the clients here end connections


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bomb = gzip.compress(bytes(500 << 20), 6)

    def log_message(self, *args):
        pass

    def begin(self, size, *more):
        self.send_response(200)
        for name, value in more:
            self.send_header(name, value)
        self.send_header("Content-Length", str(size))
        self.end_headers()

    def do_POST(self):
        left = int(self.headers["Content-Length"])
        if self.path == "/slow":
            time.sleep(3)
            self.close_connection = True
            return
        while left > 0:
            left -= len(self.rfile.read(min(left, 1 << 16)))
        self.begin(2)
        self.wfile.write(b"{}")

    def do_GET(self):
        try:
            if self.path == "/gzip":
                self.begin(len(self.bomb), ("Content-Encoding", "gzip"))
                self.wfile.write(self.bomb)
                return
            count = 10 if self.path == "/ten" else 500
            self.begin(count << 20)
            for _ in range(count):
                self.wfile.write(bytes(1 << 20))
        except OSError:
            pass
        self.close_connection = True


def start_server():
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return "http://127.0.0.1:%d" % server.server_port


# ---- the cases ----


def limit():
    """Protect the machine from a program that ignores its own limits."""
    resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))


def run(path, env, sanitized):
    """The status, stderr, the peak memory in MiB and the CPU time in seconds."""
    words = [TARN, "--bundled", "run", path, "--memory-limit", str(MEMORY), "--cpu-limit",
             str(CPU)]
    with tempfile.TemporaryFile() as stderr:
        child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=stderr, env=env,
                                 preexec_fn=None if sanitized else limit)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        stderr.seek(0)
        text = stderr.read().decode("utf-8", "replace")
    return child.returncode, text, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime


def find_errors(kind, status, text, memory, seconds, sanitized):
    over_memory = "not enough memory" in text and status == 1
    # 70: the script has caught the fault, and gone on
    over_time = "computed for" in text and status in (6, 70)
    ok = {FINE: status == 0, OVER_MEMORY: over_memory, OVER_TIME: over_time,
          EITHER: over_memory or over_time}[kind]
    if not ok:
        yield f"status {status}"
    if sanitized:
        return  # it is slow, and uses more memory
    if memory > MEMORY + MORE_MEMORY:
        yield f"{memory:.0f} MiB"
    if seconds > CPU + MORE_CPU:
        yield f"{seconds:.1f} s"


def main():
    sanitized, wanted, checks = is_sanitized(), sys.argv[2:], Checks()
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "long"), "wb") as file:
            file.truncate(500 << 20)
        env = dict(os.environ, GREED_URL=start_server(), GREED_DIR=folder, HOME=folder)
        path = os.path.join(folder, "greedy.lua")
        for name, (kind, text) in CASES.items():
            if wanted and not any(word in name for word in wanted):
                continue
            with open(path, "w", encoding="utf-8") as file:
                file.write(HEAD + text + "\n")
            result = run(path, env, sanitized)
            errors = list(find_errors(kind, *result, sanitized))
            checks.check(name, not errors, f"{', '.join(errors)}\n  {result[1].strip()[:300]}")
            if wanted:
                print(f"{name}: {result[0]}, {result[2]:.0f} MiB, {result[3]:.1f} s")
    checks.end()


main()
