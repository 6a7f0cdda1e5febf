#!/usr/bin/env python3
"""serve_crowd.py BUILD: many connections from one address that do nothing or almost nothing:
incomplete headers and bodies, a byte at a time, answers that are never read. Other clients are
answered, active connections are kept, and incomplete requests end in time."""

import os
import re
import resource
import socket
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from checks import Checks  # noqa: E402
from http1 import BEARER, JSON, length, request, statuses  # noqa: E402
from serving import Serving  # noqa: E402

LIMIT = 10       # seconds that a header may take
STRANGERS = 512  # connections from one address that have not shown the token
CROWD = 1200
HALF = b"GET / HTTP/1.1\r\nHo"  # of a header


class Clients:
    """Clients of the server, with raw connections."""

    def __init__(self, serving, checks):
        self.serving, self.port, self.check = serving, serving.port, checks.check

    def connect(self, source="127.0.0.1"):
        return socket.create_connection(("127.0.0.1", self.port), timeout=60,
                                        source_address=(source, 0))

    def get(self, path, fields=b""):
        return request(self.port, path, fields)

    def post(self, size, body, fields=b""):
        """A request with a body that is shorter than its length."""
        return request(self.port, b"/api/dlt/sql", JSON + fields + length(size), b"POST", body)

    def ask(self, data, source="127.0.0.1", connection=None):
        """The status of the answer, 0 without an answer, and the seconds that it took."""
        begin, s = time.monotonic(), connection or self.connect(source)
        s.settimeout(60)
        s.sendall(data)
        seen = b""
        try:
            while not re.match(rb"(?s)HTTP/1\.1 \d+ .*?Content-Length: \d+\r\n.*?\r\n\r\n", seen):
                got = s.recv(65536)
                if not got:
                    return 0, time.monotonic() - begin
                seen += got
        except OSError:
            return 0, time.monotonic() - begin
        finally:
            if connection is None:
                s.close()
        return int(seen[9:12]), time.monotonic() - begin

    def crowd(self, data, count=CROWD):
        """Connections that have sent these bytes."""
        held = []
        for _ in range(count):
            s = self.connect()
            try:
                s.sendall(data)
            except OSError:
                pass  # the server has closed it already
            s.setblocking(False)
            held.append(s)
        return held

    def check_others(self, what):
        """Others are answered, from the address of the crowd and from another one."""
        for source in ("127.0.0.1", "127.0.0.2"):
            answers = [self.ask(self.get(b"/healthz"), source) for _ in range(5)]
            ok = all(status == 200 for status, _ in answers)
            seconds = statistics.median(taken for _, taken in answers)
            self.check(f"{what}: {source} is answered", ok and seconds < LIMIT / 2, answers)

    def check_idle(self, what):
        """The server does not compute while nothing happens."""
        before = self.serving.cpu()
        time.sleep(2)
        used = self.serving.cpu() - before
        self.check(f"{what}: no CPU time", used <= 0.15, used)


def count_sockets(serving):
    """The descriptors of the server that are sockets."""
    folder = f"/proc/{serving.process.pid}/fd"
    count = 0
    for name in os.listdir(folder):
        try:
            count += os.readlink(os.path.join(folder, name)).startswith("socket:")
        except OSError:
            pass
    return count


def wait_for_end(held, seconds):
    """The bytes of the connections that the server ends within this time, and the number of the
    others."""
    due, left = time.monotonic() + seconds, dict(enumerate(held))
    seen = {n: b"" for n in range(len(held))}
    while left and time.monotonic() < due:
        for n, s in list(left.items()):
            try:
                got = s.recv(65536)
            except BlockingIOError:
                continue
            except OSError:
                got = b""
            if got:
                seen[n] += got
            else:
                del left[n]
        time.sleep(0.05)
    return [seen[n] for n in seen if n not in left], len(left)


def close_all(held):
    for s in held:
        s.close()


def check_headers(clients, check):
    for what, data in (("an incomplete header", HALF), ("nothing", b"")):
        before = count_sockets(clients.serving)
        held = clients.crowd(data)
        clients.check_others(what)
        now = count_sockets(clients.serving)
        check(f"{what}: not more connections than the limit", now - before <= STRANGERS + 8,
              (before, now))
        clients.check_idle(what)
        seen, left = wait_for_end(held, 3 * LIMIT)
        check(f"{what}: all end in time", left == 0, left)
        answers = [statuses(text) for text in seen if text]
        check(f"{what}: an answer is one 408", all(one == [408] for one in answers), answers[:3])
        check(f"{what}: the last ones have an answer", bool(answers) == bool(data), len(answers))
        close_all(held)


def check_bodies(clients, check):
    what = "an incomplete body without the token"
    held = clients.crowd(clients.post(1000, b'{"half":'))
    clients.check_others(what)
    seen, left = wait_for_end(held, 3 * LIMIT)
    check(f"{what}: the server does not wait for it", left == 0, left)
    answers = [statuses(text) for text in seen if text]
    check(f"{what}: an answer is one 401", all(one == [401] for one in answers), answers[:2])
    close_all(held)

    what = "an incomplete body with the token"
    before = clients.serving.memory()
    held = clients.crowd(clients.post(1000000, b"x" * 50000, BEARER))
    clients.check_others(what)
    grown = clients.serving.memory() - before
    check(f"{what}: memory is bounded", grown < 200 << 20, grown)
    close_all(held)


def check_slow_header(clients, check):
    held = clients.crowd(b"GET /", 300)
    due, answers = time.monotonic() + LIMIT + 5, []
    while time.monotonic() < due:
        for s in held:
            try:
                s.send(b"a")
            except OSError:
                pass
        time.sleep(0.5)
        answers.append(clients.ask(clients.get(b"/healthz")))
    seconds = statistics.median(taken for _, taken in answers)
    check("a byte at a time: others are answered",
          all(status == 200 for status, _ in answers) and seconds < LIMIT / 2, answers)
    _, left = wait_for_end(held, LIMIT)
    check("a byte at a time: all end in time", left == 0, left)
    close_all(held)


def check_unread(clients):
    """Clients without the token that never read."""
    held = []
    for _ in range(300):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(("127.0.0.1", clients.port))
        s.setblocking(False)
        try:
            s.send(clients.get(b"/api/session") * 200)
        except OSError:
            pass
        held.append(s)
    clients.check_others("answers that are never read")
    close_all(held)


def check_active(clients, check):
    """A browser with streams, and a proxy with many connections, at the address of a crowd."""
    session = clients.get(b"/api/session", BEARER)
    browser = [clients.connect() for _ in range(6)]
    for s in browser[:5]:
        s.sendall(clients.get(b"/api/dlt/dashboard/stream", BEARER))
    clients.ask(session, connection=browser[5])
    proxy = [clients.connect() for _ in range(250)]
    first = {clients.ask(session, connection=s)[0] for s in proxy}
    held = clients.crowd(HALF)
    again = {clients.ask(session, connection=s)[0] for s in proxy}
    check("a proxy keeps its connections", first == again == {200}, (first, again))
    status, _ = clients.ask(session, connection=browser[5])
    check("a browser is answered beside its streams", status == 200, status)
    streams = 0
    for s in browser[:5]:
        s.settimeout(60)
        streams += b"200 OK" in s.recv(65536)
    metrics = clients.serving.request("GET", "/metrics")[1]
    found = re.search(rb"\ntarn_http_streams (\d+)\n", metrics)
    check("its streams go on", streams == 5 and found and int(found.group(1)) == 5,
          (streams, found))
    close_all(held + proxy + browser)


def check_without_descriptors(clients):
    """With fewer descriptors than the limits need, new connections take the place of idle ones."""
    pid = clients.serving.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (64, hard))
    held = clients.crowd(HALF, 100)
    clients.check_others("without descriptors")
    clients.check_idle("without descriptors")
    close_all(held)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))


def main():
    checks = Checks()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, hard))
    with Serving() as serving:
        clients = Clients(serving, checks)
        check_headers(clients, checks.check)
        check_bodies(clients, checks.check)
        check_slow_header(clients, checks.check)
        check_unread(clients)
        check_active(clients, checks.check)
        check_without_descriptors(clients)
        serving.check_end(checks)
    checks.end()


main()
