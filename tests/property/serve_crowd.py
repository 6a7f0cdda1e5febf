#!/usr/bin/env python3
"""serve_crowd.py BUILD: many connections that do nothing, or almost nothing, from one address: halves
of headers and of bodies, drips, answers that nobody reads. Others are answered all the while, those
who work are left alone, and what is not done with its request ends in time."""

import os
import re
import resource
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from answers import parse  # noqa: E402
from checks import Checks  # noqa: E402
from serving import TOKEN, Serving  # noqa: E402

LIMIT = 10       # seconds that a header may take
STRANGERS = 512  # connections from one address that have not shown the token
CROWD = 1200
BEARER = f"Authorization: Bearer {TOKEN}\r\n"


class Town:
    def __init__(self, serving):
        self.port = serving.port
        self.host = f"Host: 127.0.0.1:{serving.port}\r\n"

    def connect(self, source="127.0.0.1"):
        return socket.create_connection(("127.0.0.1", self.port), timeout=60, source_address=(source, 0))

    def get(self, path, fields=""):
        return f"GET {path} HTTP/1.1\r\n{self.host}{fields}\r\n".encode()

    def post(self, length, fields=""):
        return (f"POST /api/dlt/sql HTTP/1.1\r\n{self.host}Content-Type: application/json\r\n{fields}"
                f"Content-Length: {length}\r\n\r\n").encode()

    def ask(self, data, source="127.0.0.1", on=None):
        """Status and seconds of an answer."""
        begin, s = time.monotonic(), on or self.connect(source)
        s.settimeout(60)
        s.sendall(data)
        seen = b""
        try:
            while not re.match(rb"(?s)HTTP/1\.1 \d+ .*?Content-Length: (\d+)\r\n.*?\r\n\r\n", seen):
                got = s.recv(65536)
                if not got:
                    return 0, time.monotonic() - begin
                seen += got
        except OSError:
            return 0, time.monotonic() - begin
        finally:
            if on is None:
                s.close()
        return int(seen[9:12]), time.monotonic() - begin

    def crowd(self, data, n=CROWD, source="127.0.0.1"):
        held = []
        for _ in range(n):
            s = self.connect(source)
            try:
                s.sendall(data)
            except OSError:
                pass  # it has had to go already
            s.setblocking(False)
            held.append(s)
        return held


def sockets_of(serving):
    """Descriptors of the process that are sockets."""
    folder = f"/proc/{serving.process.pid}/fd"
    count = 0
    for name in os.listdir(folder):
        try:
            count += os.readlink(os.path.join(folder, name)).startswith("socket:")
        except OSError:
            pass
    return count


def ended(held, seconds):
    """Those that the server has ended by then, and what it said."""
    due, left, said = time.monotonic() + seconds, dict(enumerate(held)), {n: b"" for n in range(len(held))}
    while left and time.monotonic() < due:
        for n, s in list(left.items()):
            try:
                got = s.recv(65536)
            except BlockingIOError:
                continue
            except OSError:
                got = b""
            if got:
                said[n] += got
            else:
                del left[n]
        time.sleep(0.05)
    return [said[n] for n in said if n not in left], len(left)


def leave(held):
    for s in held:
        s.close()


def others_are_answered(town, check, what):
    for source in ("127.0.0.1", "127.0.0.2"):
        answers = [town.ask(town.get("/healthz"), source) for _ in range(5)]
        check(f"{what}: {source} is answered", all(status == 200 and took < LIMIT / 2 for status, took in answers),
              answers)


def halves(serving, town, check):
    for what, data in (("half a header", b"GET / HTTP/1.1\r\nHo"), ("nothing at all", b"")):
        before, cpu = sockets_of(serving), serving.cpu()
        held = town.crowd(data)
        others_are_answered(town, check, what)
        check(f"{what}: no more than the limit are held", sockets_of(serving) - before <= STRANGERS + 8,
              (before, sockets_of(serving)))
        cpu = serving.cpu()
        time.sleep(2)
        check(f"{what}: they cost no work", serving.cpu() - cpu <= 0.15, serving.cpu() - cpu)
        said, left = ended(held, 3 * LIMIT)
        check(f"{what}: all are ended in time", left == 0, left)
        told = [parse(text) for text in said if text]
        check(f"{what}: who is told is told once", all(wrong is None and [a.status for a in answers] == [408]
                                                       for answers, wrong in told), told[:3])
        check(f"{what}: the last ones are told", bool(told) == bool(data), len(told))
        leave(held)


def bodies(serving, town, check):
    held = town.crowd(town.post(1000) + b'{"half":')
    others_are_answered(town, check, "half a body of a stranger")
    said, left = ended(held, 3 * LIMIT)
    check("half a body of a stranger: it is not waited for", left == 0, left)
    answers = [parse(text) for text in said if text]
    check("half a body of a stranger: 401, once", all(wrong is None and [a.status for a in found] == [401]
                                                      for found, wrong in answers), answers[:2])
    leave(held)
    before = serving.memory()
    held = town.crowd(town.post(1000000, BEARER) + b"x" * 50000)
    others_are_answered(town, check, "half a body of one who may call")
    check("half a body of one who may call: memory is bounded", serving.memory() - before < 200 << 20,
          serving.memory() - before)
    leave(held)


def drips(town, check):
    held = town.crowd(b"GET /", 300)
    due = time.monotonic() + LIMIT + 5
    while time.monotonic() < due:
        for s in held:
            try:
                s.send(b"a")
            except OSError:
                pass
        time.sleep(0.5)
        status, took = town.ask(town.get("/healthz"))
        if status != 200 or took > LIMIT / 2:
            check("drips hold nobody up", False, (status, took))
            break
    _, left = ended(held, LIMIT)
    check("a header that drips is ended in time", left == 0, left)
    leave(held)


def unread(town, check):
    """Who asks and never reads, and has no token."""
    held = []
    for _ in range(300):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(("127.0.0.1", town.port))
        s.setblocking(False)
        try:
            s.send(town.get("/api/session") * 200)
        except OSError:
            pass
        held.append(s)
    others_are_answered(town, check, "answers that nobody reads")
    leave(held)


def those_at_work(serving, town, check):
    """A browser with its streams, and a proxy that brings many: all from the address of a crowd."""
    browser = [town.connect() for _ in range(6)]
    for s in browser[:5]:
        s.sendall(town.get("/api/dlt/dashboard/stream", BEARER))
    town.ask(town.get("/api/session", BEARER), on=browser[5])
    proxy = [town.connect() for _ in range(250)]
    first = [town.ask(town.get("/api/session", BEARER), on=s)[0] for s in proxy]
    held = town.crowd(b"GET / HTTP/1.1\r\nHo")
    again = [town.ask(town.get("/api/session", BEARER), on=s)[0] for s in proxy]
    check("a proxy keeps its connections", set(first) == {200} == set(again), (set(first), set(again)))
    check("a browser is answered beside its streams", town.ask(town.get("/api/session", BEARER), on=browser[5])[0] == 200)
    streams = 0
    for s in browser[:5]:
        s.settimeout(60)
        streams += b"200 OK" in s.recv(65536)
    found = re.search(rb"\ntarn_http_streams (\d+)\n", serving.request("GET", "/metrics")[1])
    check("its streams go on", streams == 5 and found and int(found.group(1)) == 5, (streams, found))
    leave(held + proxy + browser)


def without_descriptors(serving, town, check):
    """Fewer descriptors than the limits allow for: who is new takes the place of who does nothing."""
    soft, hard = resource.prlimit(serving.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(serving.process.pid, resource.RLIMIT_NOFILE, (64, hard))
    held = town.crowd(b"GET / HTTP/1.1\r\nHo", 100)
    others_are_answered(town, check, "without descriptors")
    cpu = serving.cpu()
    time.sleep(2)
    check("without descriptors: it does not spin", serving.cpu() - cpu <= 0.15, serving.cpu() - cpu)
    leave(held)
    resource.prlimit(serving.process.pid, resource.RLIMIT_NOFILE, (soft, hard))


def main():
    checks = Checks()
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with Serving() as serving:
        town = Town(serving)
        halves(serving, town, checks.check)
        bodies(serving, town, checks.check)
        drips(town, checks.check)
        unread(town, checks.check)
        those_at_work(serving, town, checks.check)
        without_descriptors(serving, town, checks.check)
        status, text = serving.close()
        checks.check("it ends in order", status == 0, (status, text[-2000:]))
        checks.check("nothing failed inside", "traceback" not in text and "task failed" not in text, text[-2000:])
    checks.end()


main()
