#!/usr/bin/env python3
"""serve_fuzz.py BUILD [SEED [ROUNDS]]: bytes that are no requests, half requests, huge, slow, pipelined
and cut ones. Whatever comes, the server lives, answers who asks rightly, and says nothing of the
token. Each request has one answer, and one that is an error is JSON. Runs with a fixed seed, and with one of today that is printed."""

import os
import random
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from answers import parse  # noqa: E402
from checks import Checks  # noqa: E402
from serving import TOKEN, Serving  # noqa: E402

ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 300

BEARER = b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"
GOOD = b"GET /api/session HTTP/1.1\r\nHost: %s\r\n" + BEARER + b"\r\n"
PIECES = [b"GET", b"POST", b"HEAD", b"PUT", b"\x00", b" ", b"\r\n", b"\r", b"\n", b"/", b"//", b"/../..", b"/%2e%2e",
          b"/api/dlt/pipelines", b"/login?token=", b"?", b"&", b"%00", b"%", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/9.9",
          b"Host: ", b"Host: 127.0.0.1", b"Content-Length: 10", b"Content-Length: -1", b"Content-Length: 1e9",
          b"Content-Length: 99999999999999999999", b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"HTTP/2.0",
          b"POST /api/dlt/sql HTTP/1.1\r\n", b"GET /healthz HTTP/1.1\r\n", b"Host: x\r\n", b"\r\n\r\n", b"\t", b"\x7f", b": ",
          b"Connection: close\r\n", b"0\r\n\r\n", b"FOO", b"Expect: x", b"5\r\nhello", b"ffffffffffffffff\r\n",
          b"Content-Type: application/json", b"Cookie: ", b"Authorization: ", b"Bearer ", BEARER, b"\xff\xfe", b"{", b"}",
          b"[" * 2000, b"A" * 70000, b"Expect: 100-continue", b"Connection: upgrade", b"Range: bytes=0-1",
          b"Last-Event-ID: 9999/,,,,", b"X-Request-Id: a\tb", b"Accept: text/event-stream"]


def talk(port, data, wait=0.3, slow=0):
    """Send bytes, and read what comes until the end or a pause."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
        seen = b""
        try:
            if slow:
                for i in range(0, len(data), slow):
                    s.sendall(data[i:i + slow])
                    time.sleep(0.002)
            else:
                s.sendall(data)
            s.settimeout(wait)
            while True:
                got = s.recv(65536)
                if not got:
                    break
                seen += got
        except (TimeoutError, ConnectionError, BrokenPipeError):
            pass
        return seen


def converse(port, data):
    """Send bytes and read all that is answered, saying at the end that no more will come. Also
    whether the other side was heard to its end."""
    seen, finished = b"", False
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
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
                    s.settimeout(30)
                    finished = True
                    continue
                if not got:
                    return seen, True
                seen += got
        except (ConnectionError, BrokenPipeError):
            return seen, False


def alive(serving):
    answer, data = serving.request("GET", "/api/session")
    return answer.status == 200 and b"profiles" in data


def mistake(data, seen, whole):
    """What is wrong with the answers to these bytes, or None."""
    if TOKEN.encode() in seen:
        return "an answer holds the token"
    answers, wrong = parse(seen, heads=b"HEAD" in data)
    if wrong and whole:
        return wrong
    if len(answers) > data.count(b"HTTP/") + 1:
        return f"{len(answers)} answers"
    if sum(answer.closes for answer in answers) > 1:
        return "two last answers"
    # who has hung up is not waited for, so that what takes long may go without an answer
    if whole and not answers and data.strip(b"\r\n") and b"\r\n\r\n" not in data:
        return "silence"
    return None


def chance(serving, checks, seed):
    rng = random.Random(seed)
    held, wrong = [], []
    good = GOOD % (b"127.0.0.1:%d" % serving.port)
    for n in range(ROUNDS):
        data = b"".join(rng.choice(PIECES) for _ in range(rng.randrange(1, 20)))
        if rng.random() < 0.5:
            data = good[:rng.randrange(len(good) + 1)] + data
        if rng.random() < 0.1:
            s = socket.create_connection(("127.0.0.1", serving.port), timeout=10)
            s.sendall(data[:rng.randrange(len(data) + 1)])
            held.append(s)  # never finished
            continue
        found = mistake(data, *converse(serving.port, data))
        if found:
            wrong.append((n, found, data[:300]))
        if n % 50 == 49 and not alive(serving):
            checks.check("the server lives", False, (seed, n, data))
            return
    for s in held:
        s.close()
    checks.check(f"{ROUNDS} pieces of chance, seed {seed}", alive(serving))
    checks.check(f"each is answered once, errors in JSON, seed {seed}", not wrong, wrong[:5])


def statuses(seen):
    """Of all answers; what is wrong with them stands behind."""
    answers, wrong = parse(seen)
    return [answer.status for answer in answers] + ([wrong] if wrong else [])


def requests_that_are_none(port, host, check):
    """Each alone, behind a good one, and byte by byte: one answer at once, and then the end."""
    start = b"GET /healthz HTTP/1.1\r\nHost: " + host + b"\r\n"
    post = b"POST /api/dlt/sql HTTP/1.1\r\nHost: " + host + b"\r\n" + BEARER + b"Content-Type: application/json\r\n"
    chunked = post + b"Transfer-Encoding: chunked\r\n\r\n"
    for status, what, data in (
            (400, "no words", b"nothing\r\n\r\n"), (400, "HTTP/0.9", b"GET /\r\n"), (400, "no host", b"GET / HTTP/1.1\r\n\r\n"),
            (400, "two hosts", start + b"Host: x\r\n\r\n"), (400, "a zero byte", b"GET /\0 HTTP/1.1\r\n"),
            (400, "a bad field", start + b"bad line\r\n\r\n"), (400, "a folded field", start + b" x\r\n\r\n"),
            (400, "LF alone", b"GET / HTTP/1.1\nHost: x\n\n"), (400, "a bad version", b"GET / HTTP/x.y\r\n"),
            (400, "a bad method", b"G@T / HTTP/1.1\r\n"), (501, "an unknown method", b"FOO / HTTP/1.1\r\n"),
            (505, "HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), (400, "TLS", b"\x16\x03\x01\x02\x00\x01"),
            (400, "a signed length", post + b"Content-Length: +31\r\n\r\n"), (400, "no length", post + b"Content-Length: x\r\n\r\n"),
            (400, "two lengths", post + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
            (400, "a length and chunks", post + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            (400, "two tokens", post + BEARER + b"\r\n"), (501, "an unknown coding", post + b"Transfer-Encoding: gzip\r\n\r\n"),
            (400, "a bad chunk", chunked + b"zz\r\n"), (400, "a chunk without an end", chunked + b"1\r\nabc\r\n"),
            (417, "an expectation", post + b"Expect: x\r\n\r\n"), (413, "a large body", post + b"Content-Length: 1048577\r\n\r\n"),
            (413, "a huge body", post + b"Content-Length: 99999999999999999999999\r\n\r\n"),
            (413, "a large chunk", chunked + b"fffffff\r\nx"),
            (414, "a long path", b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\n"), (431, "a large header", start + b"A: " + b"x" * 40000),
            (431, "many fields", start + b"A: b\r\n" * 200)):
        good = GOOD % host
        for how, sent, expected in (("alone", data, [status]), ("behind a good one", good + data, [200, status])):
            begin = time.monotonic()
            seen = statuses(talk(port, sent, wait=8))
            check(f"{what}, {how}: one answer at once", seen == expected and time.monotonic() - begin < 5,
                  (seen, time.monotonic() - begin))
        if len(data) < 1000:
            check(f"{what}, byte by byte", statuses(talk(port, data, wait=8, slow=1)) == [status])


def known(serving, checks):
    port = serving.port
    host = b"127.0.0.1:%d" % port
    good = GOOD % host
    check = checks.check
    check("requests that come at once are answered in order",
          statuses(talk(port, good * 20, wait=1)) == [200] * 20)
    check("a request that comes byte by byte is answered",
          statuses(talk(port, good, slow=1)) == [200])
    seen = talk(port, good + b"GET /api/dlt/no HTTP/1.1\r\nHost: " + host + b"\r\n" + BEARER + b"\r\n" + good, wait=1)
    check("one that is refused does not hold up the next", statuses(seen) == [200, 404, 200], statuses(seen))
    for path in (b"/../../etc/passwd", b"/assets/../../etc/passwd", b"/assets/%2e%2e/%2e%2e/etc/passwd",
                 b"/assets/..%2f..%2fetc/passwd", b"/api/dlt/../../etc/passwd", b"//etc/passwd",
                 b"/assets/\\..\\..\\etc\\passwd", b"/%00/etc/passwd", b"/assets//etc/passwd"):
        seen = talk(port, b"GET " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\n" + BEARER + b"Connection: close\r\n\r\n")
        check(f"{path} leads nowhere", b"root:" not in seen and seen[9:10] in (b"2", b"4"), seen[:200])
    for name in (b"a\r\nX-Injected: 1", b"a%0d%0aX-Injected:%201", b"a\nX-Injected: 1"):
        seen = talk(port, b"GET /api/dlt/pipelines/" + name.replace(b"\r\n", b"%0d%0a").replace(b"\n", b"%0a") +
                    b" HTTP/1.1\r\nHost: " + host + b"\r\n" + BEARER + b"X-Request-Id: x\r\nConnection: close\r\n\r\n", wait=1)
        head = seen.split(b"\r\n\r\n")[0]
        check("a name makes no header of its own", b"\r\nX-Injected" not in head, head)
    seen = talk(port, b"POST /api/dlt/pipelines/x/trigger HTTP/1.1\r\nHost: " + host + b"\r\n" + BEARER +
                b"Content-Type: application/json\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x", wait=0.5)
    check("two lengths do not smuggle a request", statuses(seen) == [400], seen[:300])
    seen = talk(port, b"POST /api/dlt/sql HTTP/1.1\r\nHost: " + host + b"\r\n" + BEARER +
                b"Content-Type: application/json\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 100000, wait=2)
    check("a body too large is refused before it has come", statuses(seen) == [413], seen[:100])
    seen = talk(port, b"POST /api/dlt/sql HTTP/1.1\r\nHost: " + host + b"\r\n" + BEARER +
                b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" +
                (b"10000\r\n" + b"y" * 65536 + b"\r\n") * 20 + b"0\r\n\r\n", wait=2)
    check("nor does one without a length grow for ever", statuses(seen) == [413], seen[:100])
    seen = talk(port, b"GET /api/session HTTP/1.1\r\nHost: " + host + b"\r\n" + b"A: " + b"x" * 200000 + b"\r\n\r\n", wait=0.5)
    check("a header too large is refused", statuses(seen) == [431], seen[:100])
    seen = talk(port, b"GET /api/session HTTP/1.1\r\n" + BEARER + b"\r\n", wait=0.5)
    check("a request without a host is refused", statuses(seen) == [400], seen[:100])
    nested = b'{"a":' * 100000 + b"1" + b"}" * 100000
    seen = talk(port, b"POST /api/dlt/sql HTTP/1.1\r\nHost: " + host + b"\r\n" + BEARER +
                b"Content-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(nested) + nested, wait=2)
    check("a body nested too deep is refused", statuses(seen) == [400], seen[:100])
    for n in (400, 482, 3000):
        seen = talk(port, b"GET /healthz?" + b"a=1&" * n + b" HTTP/1.1\r\nHost: " + host + b"\r\n\r\n", wait=2)
        check(f"{n} parameters are answered", statuses(seen) == [200], seen[:100])
    requests_that_are_none(port, host, check)
    streams = []
    for _ in range(50):  # cut in the middle
        s = socket.create_connection(("127.0.0.1", port), timeout=10)
        s.sendall(b"GET /api/dlt/dashboard/stream HTTP/1.1\r\nHost: " + host + b"\r\n" + BEARER + b"\r\n")
        streams.append(s)
    time.sleep(0.3)
    for s in streams:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        s.close()
    deadline = time.time() + 20
    while time.time() < deadline:
        data = serving.request("GET", "/metrics")[1]
        if b"\ntarn_http_streams 0\n" in data:
            break
        time.sleep(0.1)
    check("streams of clients that are gone end", b"\ntarn_http_streams 0\n" in data)


def main():
    checks = Checks()
    with Serving() as serving:
        known(serving, checks)
        seeds = [int(sys.argv[2])] if len(sys.argv) > 2 else [1, int(time.time()) // 86400]
        for seed in seeds:
            chance(serving, checks, seed)
        status, text = serving.close()
        checks.check("it ends in order", status == 0, (status, text[-3000:]))
        checks.check("the token is not in the log", TOKEN not in text)
        checks.check("nothing failed inside", "traceback" not in text and "task failed" not in text,
                      [line for line in text.split("\n") if "tarn:" in line or "failed" in line][:5])
    checks.end()


main()
