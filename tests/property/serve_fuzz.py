#!/usr/bin/env python3
"""serve_fuzz.py BUILD [SEED [ROUNDS]]: requests that are invalid, incomplete, huge, slow or
pipelined. Whatever arrives, the server lives, answers valid requests, and does not reveal the
token. Each request has one answer, and errors are JSON."""

import os
import random
import re
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from checks import Checks, rounds, seeds, wait_until  # noqa: E402
from http1 import (  # noqa: E402
    BEARER, CHUNKED, CLOSE, JSON, length, parse, request, start, statuses)
from serving import TOKEN, Serving  # noqa: E402

AT_ONCE = 5  # seconds: less than the server waits for the rest of a header
PIECES = [
    b"GET", b"POST", b"HEAD", b"PUT", b"\x00", b" ", b"\r\n", b"\r", b"\n", b"/", b"//", b"/../..",
    b"/%2e%2e", b"/api/dlt/pipelines", b"/login?token=", b"?", b"&", b"%00", b"%", b"HTTP/1.1",
    b"HTTP/1.0", b"HTTP/9.9", b"Host: ", b"Host: 127.0.0.1", b"Content-Length: 10",
    b"Content-Length: -1", b"Content-Length: 1e9", b"Content-Length: 99999999999999999999",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"HTTP/2.0",
    b"POST /api/dlt/sql HTTP/1.1\r\n", b"GET /healthz HTTP/1.1\r\n", b"Host: x\r\n", b"\r\n\r\n",
    b"\t", b"\x7f", b": ", b"Connection: close\r\n", b"0\r\n\r\n", b"FOO", b"Expect: x",
    b"5\r\nhello", b"ffffffffffffffff\r\n", b"Content-Type: application/json", b"Cookie: ",
    b"Authorization: ", b"Bearer ", BEARER, b"\xff\xfe", b"{", b"}", b"[" * 2000, b"A" * 70000,
    b"Expect: 100-continue", b"Connection: upgrade", b"Range: bytes=0-1",
    b"Last-Event-ID: 9999/,,,,", b"X-Request-Id: a\tb", b"Accept: text/event-stream"]


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def talk(port, data, count=None, slow=False):
    """Send bytes, one at a time if `slow`, and read until there are `count` answers (None: any
    number) or the connection ends."""
    with connect(port) as s:
        seen = b""
        try:
            for i in range(0, len(data), 1) if slow else ():
                s.sendall(data[i:i + 1])
                time.sleep(0.002)
            if not slow:
                s.sendall(data)
            while count is None or len(parse(seen)[0]) < count:
                got = s.recv(65536)
                if not got:
                    break
                seen += got
        except (TimeoutError, ConnectionError):
            pass
        return seen


def talk_to_end(port, data):
    """Send bytes, and read all answers; after a pause the client ends its side. Also True if the
    server ended the connection in order."""
    seen, finished = b"", False
    with connect(port) as s:
        try:
            s.sendall(data)
            s.settimeout(0.02)
            while True:
                try:
                    got = s.recv(65536)
                except TimeoutError:
                    if finished:
                        return seen, False
                    s.shutdown(socket.SHUT_WR)
                    s.settimeout(60)
                    finished = True
                    continue
                if not got:
                    return seen, True
                seen += got
        except ConnectionError:
            return seen, False


def alive(serving):
    response, data = serving.request("GET", "/api/session")
    return response.status == 200 and b"profiles" in data


# ---- random bytes ----


def find_error(data, seen, in_order):
    """What is wrong with the answers to these bytes; None if nothing is."""
    if TOKEN.encode() in seen:
        return "an answer has the token"
    answers, error = parse(seen, heads=b"HEAD" in data)
    if error and in_order:
        return error
    if len(answers) > data.count(b"HTTP/") + 1:
        return f"{len(answers)} answers"
    if sum(answer.closes for answer in answers) > 1:
        return "two last answers"
    # The server does not wait for a client that has ended: a slow request may have no answer.
    if in_order and not answers and data.strip(b"\r\n") and b"\r\n\r\n" not in data:
        return "no answer"
    return None


def check_random(serving, checks, seed):
    rng = random.Random(seed)
    held, errors = [], []
    good = request(serving.port, b"/api/session")
    for n in range(rounds(300)):
        data = b"".join(rng.choice(PIECES) for _ in range(rng.randrange(1, 20)))
        if rng.random() < 0.5:
            data = good[:rng.randrange(len(good) + 1)] + data
        if rng.random() < 0.1:
            s = connect(serving.port)
            s.sendall(data[:rng.randrange(len(data) + 1)])
            held.append(s)  # a request that is never complete
            continue
        error = find_error(data, *talk_to_end(serving.port, data))
        if error:
            errors.append((n, error, data[:300]))
        if n % 50 == 49 and not alive(serving):
            checks.check("the server lives", False, (seed, n, data))
            return
    for s in held:
        s.close()
    checks.check("the server lives after random bytes", alive(serving))
    checks.check("random bytes have one answer, and errors are JSON", not errors, errors[:5])


# ---- invalid requests ----


def invalid_requests(port):
    """Triples of a status, a description and the bytes."""
    health = start(port, b"/healthz")
    post = start(port, b"/api/dlt/sql", b"POST") + BEARER + JSON
    chunked = post + CHUNKED + b"\r\n"
    return [
        (400, "no request line", b"nothing\r\n\r\n"), (400, "HTTP/0.9", b"GET /\r\n"),
        (400, "no host", b"GET / HTTP/1.1\r\n\r\n"),
        (400, "two hosts", health + b"Host: x\r\n\r\n"),
        (400, "a zero byte", b"GET /\0 HTTP/1.1\r\n"),
        (400, "an invalid field", health + b"bad line\r\n\r\n"),
        (400, "a folded field", health + b" x\r\n\r\n"),
        (400, "LF alone", b"GET / HTTP/1.1\nHost: x\n\n"),
        (400, "an invalid version", b"GET / HTTP/x.y\r\n"),
        (400, "an invalid method", b"G@T / HTTP/1.1\r\n"),
        (501, "an unknown method", b"FOO / HTTP/1.1\r\n"),
        (505, "HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        (400, "TLS", b"\x16\x03\x01\x02\x00\x01"),
        (400, "a signed length", post + b"Content-Length: +31\r\n\r\n"),
        (400, "an invalid length", post + b"Content-Length: x\r\n\r\n"),
        (400, "two lengths", post + length(5) + length(6) + b"\r\nhello"),
        (400, "a length and chunks", post + length(5) + CHUNKED + b"\r\n0\r\n\r\n"),
        (400, "two tokens", post + BEARER + b"\r\n"),
        (501, "an unknown coding", post + b"Transfer-Encoding: gzip\r\n\r\n"),
        (400, "an invalid chunk", chunked + b"zz\r\n"),
        (400, "a chunk without an end", chunked + b"1\r\nabc\r\n"),
        (417, "an expectation", post + b"Expect: x\r\n\r\n"),
        (413, "a large body", post + length(1048577) + b"\r\n"),
        (413, "a huge body", post + b"Content-Length: 99999999999999999999999\r\n\r\n"),
        (413, "a large chunk", chunked + b"fffffff\r\nx"),
        (414, "a long path", b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\n"),
        (431, "a large header", health + b"A: " + b"x" * 40000),
        (431, "many fields", health + b"A: b\r\n" * 200)]


def check_at_once(port, checks, what, data, expected):
    """The bytes have the expected answers, and then the connection ends; all of this at once. A
    busy machine gets three attempts."""
    for _ in range(3):
        begin = time.monotonic()
        found = statuses(talk(port, data))
        seconds = time.monotonic() - begin
        if found != expected or seconds < AT_ONCE:
            break
    checks.check(what, found == expected and seconds < AT_ONCE, (found, seconds))


def check_invalid(port, checks):
    good = request(port, b"/healthz")
    for status, what, data in invalid_requests(port):
        check_at_once(port, checks, f"{what}: one answer", data, [status])
        check_at_once(port, checks, f"{what}, behind a valid request", good + data, [200, status])
        if len(data) < 1000:
            found = statuses(talk(port, data, slow=True))
            checks.check(f"{what}, byte by byte", found == [status], found)


# ---- requests by hand ----

# Paths that lead out of the folder of the page.
PATHS = [
    b"/../../etc/passwd", b"/assets/../../etc/passwd", b"/assets/%2e%2e/%2e%2e/etc/passwd",
    b"/assets/..%2f..%2fetc/passwd", b"/api/dlt/../../etc/passwd", b"//etc/passwd",
    b"/assets/\\..\\..\\etc\\passwd", b"/%00/etc/passwd", b"/assets//etc/passwd"]


def check_valid(port, checks):
    good = request(port, b"/api/session")
    found = statuses(talk(port, good * 20, 20))
    checks.check("pipelined requests are answered in order", found == [200] * 20, found)
    found = statuses(talk(port, good, 1, slow=True))
    checks.check("a request that arrives byte by byte is answered", found == [200], found)
    found = statuses(talk(port, good + request(port, b"/api/dlt/no") + good, 3))
    checks.check("a refused request does not block the next", found == [200, 404, 200], found)
    for n in (400, 482, 3000):
        found = statuses(talk(port, request(port, b"/healthz?" + b"a=1&" * n), 1))
        checks.check(f"{n} parameters are answered", found == [200], found)


def check_paths(port, checks):
    for path in PATHS:
        seen = talk(port, request(port, path, BEARER + CLOSE))
        checks.check(f"{path} stays in the folder",
                     b"root:" not in seen and seen[9:10] in (b"2", b"4"), seen[:200])
    for name in (b"a%0d%0aX-Injected: 1", b"a%0d%0aX-Injected:%201", b"a%0aX-Injected: 1"):
        seen = talk(port, request(port, b"/api/dlt/pipelines/" + name,
                                  BEARER + b"X-Request-Id: x\r\n" + CLOSE))
        head = seen.split(b"\r\n\r\n")[0]
        checks.check("a name adds no header", b"\r\nX-Injected" not in head, head)


def check_bodies(port, checks):
    def post(what, status, fields, body, path=b"/api/dlt/sql"):
        seen = talk(port, request(port, path, BEARER + JSON + fields, b"POST", body))
        checks.check(what, statuses(seen) == [status], seen[:300])

    post("two lengths do not smuggle a request", 400, length(5) + CHUNKED,
         b"0\r\n\r\nGET /x", b"/api/dlt/pipelines/x/trigger")
    post("a body that is too large is refused before it is complete", 413, length(5000000),
         b"x" * 100000)
    post("a body without a length is limited as well", 413, CHUNKED,
         (b"10000\r\n" + b"y" * 65536 + b"\r\n") * 20 + b"0\r\n\r\n")
    nested = b'{"a":' * 100000 + b"1" + b"}" * 100000
    post("a body that nests too deep is refused", 400, length(len(nested)) + CLOSE, nested)
    seen = talk(port, request(port, b"/api/session", b"A: " + b"x" * 200000 + b"\r\n"))
    checks.check("a header that is too large is refused", statuses(seen) == [431], seen[:100])
    seen = talk(port, b"GET /api/session HTTP/1.1\r\n" + BEARER + b"\r\n")
    checks.check("a request without a host is refused", statuses(seen) == [400], seen[:100])


def check_streams(serving, checks):
    def count():
        data = serving.request("GET", "/metrics")[1]
        return int(re.search(rb"\ntarn_http_streams (\d+)\n", data).group(1))

    streams = []
    for _ in range(50):
        s = connect(serving.port)
        s.sendall(request(serving.port, b"/api/dlt/dashboard/stream"))
        streams.append(s)
    checks.check("the streams begin", wait_until(lambda: count() == 50), count())
    for s in streams:  # reset
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        s.close()
    checks.check("streams of clients that are gone end", wait_until(lambda: count() == 0), count())


def main():
    checks = Checks()
    with Serving() as serving:
        check_valid(serving.port, checks)
        check_paths(serving.port, checks)
        check_bodies(serving.port, checks)
        check_invalid(serving.port, checks)
        check_streams(serving, checks)
        for seed in seeds(1):
            check_random(serving, checks, seed)
        text = serving.check_end(checks)
        checks.check("the token is not in the log", TOKEN not in text)
    checks.end()


main()
