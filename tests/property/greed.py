#!/usr/bin/env python3
"""greed.py BUILD [WORD...]: scripts that ask for too much of C, under --memory-limit and --cpu-limit.

Each is to end in a fault that says so, within the time, and with no more memory than the limit and
what the program takes by itself. With WORDs only those whose name holds one."""

import gzip
import http.server
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time

MEMORY = 64  # MiB
CPU = 2  # s
SLACK = 48  # MiB: the program, its reserve for saying what is wrong, and blocks that move
LATE = 1.5  # s of CPU time: until it is noticed, and to begin and to end

HEAD = """
local json, yaml, http, fs = require "native.json", require "native.yaml", require "native.http", require "native.fs"
local sqlite, process, server = require "native.sqlite", require "native.process", require "native.server"
local databricks, task = require "native.databricks", require "native.task"
local URL, DIR = os.getenv "GREED_URL", os.getenv "GREED_DIR"
local M = 1 << 20
local function bomb(n) local x = {} for _ = 1, n do x = { x, x } end return x end
local function same(value, n) local t = {} for i = 1, n do t[i] = value end return t end
local function query(text) return sqlite.open(":memory:"):query(text) end
local function connect() return databricks.connect { host = URL, credential = databricks.credential { token = "x" } } end
"""

EITHER, OVER_MEMORY, OVER_TIME, FINE = "either", "memory", "time", "fine"

CASES = {
    "json.encode: a table that holds itself twice, again and again": (EITHER, "json.encode(bomb(60))"),
    "json.encode: with keys": (EITHER, "local x = {} for _ = 1, 60 do x = { a = x, b = x } end json.encode(x)"),
    "json.encode: indented": (EITHER, "json.encode(bomb(60), { indent = 16 })"),
    "json.encode: one long string many times": (OVER_MEMORY, "json.encode(same(('x'):rep(M), 200))"),
    "json.encode: control characters": (OVER_MEMORY, "json.encode(('\\0'):rep(20 * M))"),
    "json.encode: many keys": (
        OVER_MEMORY, "local t = {} for i = 1, 300000 do t['k' .. i] = i end json.encode(same(t, 200))"),
    "json.decode: many numbers": (OVER_MEMORY, "json.decode('[' .. ('1e1,'):rep(4000000) .. '1]')"),
    "json.decode: many arrays": (OVER_MEMORY, "json.decode('[' .. ('[],'):rep(4000000) .. '1]')"),
    "json.decode: a long string": (OVER_MEMORY, "json.decode('\"' .. ('x'):rep(40 * M) .. '\"')"),
    "yaml.encode: a table that holds itself twice, again and again": (EITHER, "yaml.encode(bomb(60))"),
    "yaml.encode: one long string many times": (OVER_MEMORY, "yaml.encode(same(('x'):rep(M), 200))"),
    "yaml.decode: aliases of aliases": (
        FINE, "local t = { 'a: &a [x, x, x, x, x, x, x, x, x, x]' } for i = 1, 20 do local c = string.char(96 + i) "
        "t[#t + 1] = ('%s: &%s [*%s, *%s, *%s, *%s, *%s, *%s]'):format(string.char(97 + i), string.char(97 + i), "
        "c, c, c, c, c, c) end pcall(yaml.decode, table.concat(t, '\\n')) return { ok = true }"),
    "yaml.decode: many values": (EITHER, "yaml.decode(('- a: b\\n'):rep(900000))"),
    "yaml.decode: a long string": (OVER_MEMORY, "yaml.decode('\"' .. ('x'):rep(30 * M) .. '\"')"),
    "string.rep": (OVER_MEMORY, "return #('x'):rep(1 << 30)"),
    "string.rep with a separator": (OVER_MEMORY, "return #('x'):rep(1 << 20, ('y'):rep(1000))"),
    "table.concat": (OVER_MEMORY, "return #table.concat(same(('x'):rep(M), 200))"),
    "string.format: wide": (FINE, "assert(not pcall(string.format, '%99999d', 1)) return { ok = true }"),
    "string.format: many": (
        OVER_MEMORY, "local s = ('x'):rep(M) return #string.format(('%s'):rep(200), table.unpack(same(s, 200)))"),
    "string.gsub: long replacements": (OVER_MEMORY, "return ('a'):rep(M):gsub('a', ('b'):rep(1000))"),
    "string.gsub: captures": (OVER_MEMORY, "return ('a'):rep(M):gsub('(a+)', ('%1'):rep(1000))"),
    "string.gsub: a function": (OVER_MEMORY, "local s = ('b'):rep(1000) return ('a'):rep(M):gsub('a', function() return s end)"),
    "string.gsub: everywhere, in time": (EITHER, "local s = ('a'):rep(3 * M) while true do s:gsub('', '') end"),
    "http.escape": (OVER_MEMORY, "return #http.escape(('\\0'):rep(20 * M))"),
    "http.unescape": (OVER_MEMORY, "return #http.unescape(('x'):rep(30 * M))"),
    "http.base64_encode": (OVER_MEMORY, "return #http.base64_encode(('x'):rep(40 * M))"),
    "http.base64_decode": (OVER_MEMORY, "return #http.base64_decode(('QUFB'):rep(10 * M))"),
    "http.request: a long answer": (OVER_MEMORY, "http.request('GET', URL .. '/long', { max_bytes = 1 << 40 })"),
    "http.request: a long answer in few bytes": (
        OVER_MEMORY, "http.request('GET', URL .. '/gzip', { max_bytes = 1 << 40 })"),
    "http.request: many answers": (
        OVER_MEMORY, "local ended, e = 0 for _ = 1, 30 do task.spawn(function() local ok, why = pcall(http.request, 'GET', "
        "URL .. '/ten', { retry = false }) e = not ok and why or e ended = ended + 1 end) end "
        "while ended < 30 do task.sleep(0.01) end error(e, 0)"),
    "http.request: a long body": (
        OVER_MEMORY, "local s = ('x'):rep(20 * M) local e for _ = 1, 20 do task.spawn(function() local ok, why = "
        "pcall(http.request, 'POST', URL .. '/slow', { body = s }) e = not ok and why or e end) end "
        "task.sleep(0.5) error(e, 0)"),
    "ws:request: a long answer": (OVER_MEMORY, "connect():request('GET', '/long', { raw = true, max_bytes = 10 ^ 11 // 1 | 0 })"),
    "ws:request: a long answer in few bytes": (
        OVER_MEMORY, "connect():request('GET', '/gzip', { raw = true, max_bytes = 10 ^ 11 // 1 | 0 })"),
    "ws:request: a long body": (OVER_MEMORY, "connect():request('POST', '/x', { body = ('x'):rep(40 * M) })"),
    "process.run: a long output": (
        OVER_MEMORY, "process.run({ 'head', '-c', '500000000', '/dev/zero' }, { max_bytes = 1 << 40 })"),
    "process.run: a long input": (OVER_MEMORY, "process.run({ 'cat' }, { stdin = ('x'):rep(40 * M) })"),
    "fs.read: a long file": (OVER_MEMORY, "fs.read(DIR .. '/long')"),
    "fs.read: a file without end": (OVER_MEMORY, "fs.read('/dev/zero')"),
    "io.read: a file without end": (OVER_MEMORY, "io.open('/dev/zero'):read 'a'"),
    "fs.append": (FINE, "fs.append(DIR .. '/out', ('x'):rep(20 * M)) return { ok = true }"),
    "server.body": (OVER_MEMORY, "local s, t = ('x'):rep(10 * M), {} for i = 1, 30 do t[i] = server.body(s) end return #t"),
    "load": (OVER_MEMORY, "load(('x = 1 '):rep(8 * M))"),
    "sqlite: zeroblob": (OVER_MEMORY, "query 'select zeroblob(500000000) as z'"),
    "sqlite: zeroblob that is only measured": (EITHER, "query 'select length(hex(zeroblob(400000000))) as z'"),
    "sqlite: randomblob": (OVER_MEMORY, "query 'select randomblob(500000000) as z'"),
    "sqlite: printf": (EITHER, "query \"select printf('%.*c', 500000000, 'x') as z\""),
    "sqlite: replace": (OVER_MEMORY, "query \"select replace(hex(zeroblob(1000000)), '0', hex(zeroblob(1000))) as z\""),
    "sqlite: group_concat": (
        OVER_MEMORY, "query \"with recursive c(x) as (select 1 union all select x + 1 from c) "
        "select group_concat(hex(zeroblob(1000))) from (select x from c limit 1000000)\""),
    "sqlite: rows without end": (
        EITHER, "query 'with recursive c(x) as (select 1 union all select x + 1 from c) select x from c'"),
    "sqlite: a computation without end": (
        OVER_TIME, "query 'with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c'"),
    "sqlite: a computation without end, again and again": (
        OVER_TIME, "while true do pcall(query, 'with recursive c(x) as (select 1 union all select x + 1 from c) "
        "select count(*) from c') end"),
    "sqlite: a sort": (
        EITHER, "query 'with recursive c(x) as (select 1 union all select x + 1 from c limit 100000000) "
        "select x from c order by random()'"),
    "sqlite: a database in memory": (
        OVER_MEMORY, "local db = sqlite.open ':memory:' db:exec 'create table t (a)' "
        "while true do db:exec 'insert into t values (zeroblob(1000000))' end"),
    "sqlite: databases in memory": (
        OVER_MEMORY, "local t = {} while true do local db = sqlite.open ':memory:' t[#t + 1] = db "
        "db:exec 'create table t (a); insert into t values (zeroblob(1000000))' end"),
    "sqlite: a parameter": (
        OVER_MEMORY, "local db = sqlite.open ':memory:' local s = ('x'):rep(30 * M) db:query('select length(:s || :s) as n', { s = s })"),
    "sqlite: a function of Lua": (
        EITHER, "local db = sqlite.open ':memory:' db:define('f', 1, function(s) return s .. s end) "
        "db:query(\"select \" .. ('f('):rep(24) .. \"'0123456789'\" .. (')'):rep(24) .. ' as z')"),
    "patterns": (OVER_TIME, "while true do pcall(string.find, ('a'):rep(3000), '.-.-.-b$') end"),
    "a loop": (OVER_TIME, "while true do end"),
}

# ---- the server ----


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # the clients here hang up


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


# ---- running ----


def bound():
    """What a program may take that does not keep its bounds: so that the machine stands it."""
    resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))


def run(program, path, environment, sanitized):
    """Status, stderr, MiB of memory at most, seconds of CPU time."""
    words = [program, "--bundled", "run", path, "--memory-limit", str(MEMORY), "--cpu-limit", str(CPU)]
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=said, env=environment,
                                 preexec_fn=None if sanitized else bound)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
    return child.returncode, text, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime


def is_sanitized(program):
    with open(program, "rb") as file:
        return b"__asan_init" in file.read()


def problems(kind, status, text, memory, seconds, sanitized):
    over_memory = "not enough memory" in text and status == 1
    over_time = "computed for" in text and status in (6, 70)  # 70: it kept the fault for itself, and went on
    if kind == FINE and status != 0:
        yield f"ends with {status}"
    elif kind == OVER_MEMORY and not over_memory:
        yield f"ends with {status}, for another reason"
    elif kind == OVER_TIME and not over_time:
        yield f"ends with {status}, for another reason"
    elif kind == EITHER and not (over_memory or over_time):
        yield f"ends with {status}, for another reason"
    if sanitized:
        return  # it takes what it likes, and is slow
    if memory > MEMORY + SLACK:
        yield f"takes {memory:.0f} MiB"
    if seconds > CPU + LATE:
        yield f"takes {seconds:.1f} s"


def main():
    program = os.path.abspath(os.path.join(sys.argv[1], "tarn"))
    sanitized = is_sanitized(program)
    wanted = sys.argv[2:]
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "long"), "wb") as file:
            file.truncate(500 << 20)
        environment = dict(os.environ, GREED_URL=start_server(), GREED_DIR=folder, HOME=folder)
        path = os.path.join(folder, "greedy.lua")
        for name, (kind, text) in CASES.items():
            if wanted and not any(word in name for word in wanted):
                continue
            with open(path, "w") as file:
                file.write(HEAD + text + "\n")
            seen = run(program, path, environment, sanitized)
            wrong = list(problems(kind, *seen, sanitized))
            if wrong:
                failed += 1
                print(f"{name}: {', '.join(wrong)}\n  {seen[1].strip()[:300]}")
            else:
                passed += 1
            if wanted:
                print(f"{name}: {seen[0]}, {seen[2]:.0f} MiB, {seen[3]:.1f} s")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
