#!/usr/bin/env python3
"""serve_fuzz.py BUILD [SEED [ROUNDS]]: requests that are invalid, incomplete, huge, slow or
pipelined. Whatever arrives, the server lives, answers valid requests, and does not reveal the
token."""

import os
import random
import re
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from checks import Checks, rounds, seeds, wait_until  # noqa: E402
from serving import TOKEN, Serving  # noqa: E402

BEARER = b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"
JSON = b"Content-Type: application/json\r\n"
CLOSE = b"Connection: close\r\n"
PIECES = [
    b"GET", b"POST", b"HEAD", b"PUT", b"\x00", b" ", b"\r\n", b"\r", b"\n", b"/", b"//", b"/../..",
    b"/%2e%2e", b"/api/dlt/pipelines", b"/login?token=", b"?", b"&", b"%00", b"%", b"HTTP/1.1",
    b"HTTP/1.0", b"HTTP/9.9", b"Host: ", b"Host: 127.0.0.1", b"Content-Length: 10",
    b"Content-Length: -1", b"Content-Length: 1e9", b"Content-Length: 99999999999999999999",
    b"Transfer-Encoding: chunked", b"5\r\nhello", b"ffffffffffffffff\r\n",
    b"Content-Type: application/json", b"Cookie: ", b"Authorization: ", b"Bearer ", BEARER,
    b"\xff\xfe", b"{", b"}", b"[" * 2000, b"A" * 70000, b"Expect: 100-continue",
    b"Connection: upgrade", b"Range: bytes=0-1", b"Last-Event-ID: 9999/,,,,",
    b"X-Request-Id: a\tb", b"Accept: text/event-stream"]


def request(port, path, headers=b"", method=b"GET", body=b""):
    """The bytes of a request with the token."""
    return (b"%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % (method, path, port) + BEARER + headers +
            b"\r\n" + body)


def find_header(head, name):
    found = re.search(rb"\r\n" + name + rb":[ \t]*([^\r]*)", head, re.I)
    return found and found.group(1)


def find_body_end(seen, head, begin):
    """The end of a body according to its header; None if it is not complete."""
    if find_header(head, b"Transfer-Encoding"):
        while True:
            size = re.compile(rb"([0-9a-fA-F]+)\r\n").match(seen, begin)
            if not size:
                return None
            begin = size.end() + int(size.group(1), 16) + 2
            if int(size.group(1), 16) == 0:
                return begin if begin <= len(seen) else None
    end = begin + int(find_header(head, b"Content-Length") or 0)
    return end if end <= len(seen) else None


def responses(seen):
    """The statuses of the complete responses in these bytes."""
    found, begin = [], 0
    while True:
        status = re.compile(rb"HTTP/1\.1 (\d\d\d) ").match(seen, begin)
        body = seen.find(b"\r\n\r\n", begin) + 4
        if not status or body < 4:
            return found
        end = find_body_end(seen, seen[begin:body], body)
        if end is None:
            return found
        found.append(int(status.group(1)))
        begin = end


def talk(port, data, count=1, pause=0.0, slow=0):
    """Send bytes, `slow` of them at a time, and read until there are `count` responses or the
    connection ends, and then for `pause` seconds more."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as s:
        seen = b""
        try:
            step = slow or len(data)
            for i in range(0, len(data), step):
                s.sendall(data[i:i + step])
                if slow:
                    time.sleep(0.002)
            while True:
                s.settimeout(60 if len(responses(seen)) < count else pause or 0.001)
                got = s.recv(65536)
                if not got:
                    break
                seen += got
        except (TimeoutError, ConnectionError):
            pass
        return seen


def alive(serving):
    response, data = serving.request("GET", "/api/session")
    return response.status == 200 and b"profiles" in data


def check_random(serving, checks, seed):
    rng = random.Random(seed)
    good = request(serving.port, b"/api/session")
    held = []
    for n in range(rounds(300)):
        data = b"".join(rng.choice(PIECES) for _ in range(rng.randrange(1, 20)))
        if rng.random() < 0.5:
            data = good[:rng.randrange(len(good))] + data
        if rng.random() < 0.1:
            s = socket.create_connection(("127.0.0.1", serving.port), timeout=60)
            s.sendall(data[:rng.randrange(len(data) + 1)])
            held.append(s)  # a request that is never complete
            continue
        seen = talk(serving.port, data, count=0, pause=0.02)
        if TOKEN.encode() in seen:
            checks.check("no response has the token", False, (seed, n, data))
        if n % 50 == 49 and not alive(serving):
            checks.check("the server lives", False, (seed, n, data))
            return
    for s in held:
        s.close()
    checks.check(f"the server lives after random bytes, seed {seed}", alive(serving))


# Paths that lead out of the folder of the page.
PATHS = [
    b"/../../etc/passwd", b"/assets/../../etc/passwd", b"/assets/%2e%2e/%2e%2e/etc/passwd",
    b"/assets/..%2f..%2fetc/passwd", b"/api/dlt/../../etc/passwd", b"//etc/passwd",
    b"/assets/\\..\\..\\etc\\passwd", b"/%00/etc/passwd", b"/assets//etc/passwd"]


def check_valid(port, checks):
    good = request(port, b"/api/session")
    found = responses(talk(port, good * 20, count=20))
    checks.check("pipelined requests are answered in order", found == [200] * 20, found)
    found = responses(talk(port, good, slow=1))
    checks.check("a request that arrives byte by byte is answered", found == [200], found)
    found = responses(talk(port, good + request(port, b"/api/dlt/no") + good, count=3))
    checks.check("a refused request does not block the next", found == [200, 404, 200], found)


def check_paths(port, checks):
    for path in PATHS:
        seen = talk(port, request(port, path, CLOSE))
        checks.check(f"{path} is no way out", b"root:" not in seen and seen[9:10] in (b"2", b"4"),
                     seen[:200])
    for name in (b"a%0d%0aX-Injected: 1", b"a%0d%0aX-Injected:%201", b"a%0aX-Injected: 1"):
        seen = talk(port, request(port, b"/api/dlt/pipelines/" + name, b"X-Request-Id: x\r\n" +
                                  CLOSE))
        head = seen.split(b"\r\n\r\n")[0]
        checks.check("a name adds no header", b"\r\nX-Injected" not in head, head)


def check_bodies(port, checks):
    def post(headers, body, path=b"/api/dlt/sql", pause=0.0):
        return talk(port, request(port, path, JSON + headers, b"POST", body), pause=pause)

    seen = post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\nGET /x",
                b"/api/dlt/pipelines/x/trigger", pause=0.5)
    checks.check("two lengths do not smuggle a request", len(responses(seen)) <= 1, seen[:300])
    seen = post(b"Content-Length: 5000000\r\n", b"x" * 100000)
    checks.check("a body that is too large is refused before it is complete",
                 responses(seen)[:1] == [413], seen[:100])
    seen = post(b"Transfer-Encoding: chunked\r\n",
                (b"10000\r\n" + b"y" * 65536 + b"\r\n") * 20 + b"0\r\n\r\n")
    checks.check("a body without a length is limited as well", responses(seen)[:1] == [413],
                 seen[:100])
    nested = b'{"a":' * 100000 + b"1" + b"}" * 100000
    seen = post(b"Content-Length: %d\r\n" % len(nested) + CLOSE, nested)
    checks.check("a body that nests too deep is refused", responses(seen)[:1] == [400], seen[:100])
    seen = talk(port, request(port, b"/api/session", b"A: " + b"x" * 200000 + b"\r\n"))
    checks.check("a header that is too large is refused",
                 responses(seen)[:1] in ([431], [413], []), seen[:100])
    seen = talk(port, b"GET /api/session HTTP/1.1\r\n" + BEARER + b"\r\n")
    checks.check("a request without a host is refused", responses(seen)[:1] in ([400], [403]),
                 seen[:100])


def check_streams(serving, checks):
    def has_streams(count):
        data = serving.request("GET", "/metrics")[1]
        return b"\ntarn_http_streams %d\n" % count in data

    streams = []
    for _ in range(50):
        s = socket.create_connection(("127.0.0.1", serving.port), timeout=60)
        s.sendall(request(serving.port, b"/api/dlt/dashboard/stream"))
        streams.append(s)
    checks.check("the streams begin", wait_until(lambda: has_streams(50)))
    for s in streams:  # reset
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        s.close()
    checks.check("streams of clients that are gone end", wait_until(lambda: has_streams(0)))


def main():
    checks = Checks()
    # the parser of this suite: a status line inside of a body is none
    checks.check("responses are told apart by their lengths", responses(
        b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHTTP/1.1 404 "
        b"HTTP/1.1 400 X\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nHTTP/1.1 \r\n0\r\n\r\n"
        b"HTTP/1.1 500 X\r\nContent-Length: 2\r\n\r\n1") == [200, 400])
    with Serving() as serving:
        check_valid(serving.port, checks)
        check_paths(serving.port, checks)
        check_bodies(serving.port, checks)
        check_streams(serving, checks)
        for seed in seeds(1):
            check_random(serving, checks, seed)
        text = serving.check_end(checks)
        checks.check("the token is not in the log", TOKEN not in text)
    checks.end()


main()
