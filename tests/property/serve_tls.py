#!/usr/bin/env python3
"""serve_tls.py BUILD: `tarn serve` with a certificate. Only TLS 1.2 and 1.3 with strong ciphers.
Incomplete handshakes, renegotiations and records use no CPU time, end in time, and delay nobody."""

import http.client
import os
import select
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from checks import Checks  # noqa: E402
from http1 import BEARER, CHUNKED, CLOSE, length, parse, request  # noqa: E402
from serving import Serving  # noqa: E402

warnings.simplefilter("ignore", DeprecationWarning)  # of the old versions that are tried here

LIMIT = 10   # seconds that a handshake and a header may take
PERIOD = 3   # seconds in which the CPU time of the server is measured
MAX_CPU = 0.05 * PERIOD
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def make_certificate(folder):
    """The paths of a new certificate and its key."""
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-keyout", key, "-out", cert], check=True, stderr=subprocess.DEVNULL)
    return cert, key


def context(oldest=TLS12, newest=TLS13, ciphers=None):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    c.minimum_version, c.maximum_version = oldest, newest
    if ciphers:
        c.set_ciphers(ciphers)
    return c


def read_all(s):
    seen = b""
    try:
        while True:
            got = s.recv(65536)
            if not got:
                return seen
            seen += got
    except (ConnectionError, ssl.SSLError):
        return seen


class Client:
    def __init__(self, port):
        self.port = port

    def connect(self, source="127.0.0.1"):
        return socket.create_connection(("127.0.0.1", self.port), timeout=60,
                                        source_address=(source, 0))

    def handshake(self, *args, **kwargs):
        """The version and the cipher of a connection, or None and the error."""
        try:
            with self.connect() as raw, context(*args, **kwargs).wrap_socket(raw) as s:
                return s.version(), s.cipher()[0]
        except (ssl.SSLError, ConnectionError) as e:
            return None, str(e)

    def measure(self):
        """The seconds of a valid request on a connection of its own; None if it fails."""
        begin = time.monotonic()
        c = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context())
        c.request("GET", "/healthz")
        ok = c.getresponse().status == 200
        c.close()
        return time.monotonic() - begin if ok else None

    def talk(self, data):
        """The answers to these bytes over TLS."""
        with self.connect() as raw, context().wrap_socket(raw) as s:
            s.sendall(data)
            return read_all(s)


def check_versions(client, check):
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        found, error = client.handshake(version, version, "ALL:@SECLEVEL=0")
        check(f"{version.name} is refused", found is None and "ALERT" in error.upper(),
              (found, error))
    for version, name in ((TLS12, "TLSv1.2"), (TLS13, "TLSv1.3")):
        found, cipher = client.handshake(version, version)
        check(f"{name} is accepted", found == name, (found, cipher))
        check(f"{name} has a cipher with authentication",
              "GCM" in cipher or "POLY1305" in cipher, cipher)
    for cipher in ("ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384",
                   "ECDHE-ECDSA-AES128-CCM", "AES128-SHA", "AES128-GCM-SHA256", "NULL-SHA",
                   "ECDHE-ECDSA-DES-CBC3-SHA", "AECDH-AES128-SHA"):
        try:
            found, error = client.handshake(TLS12, TLS12, cipher + ":@SECLEVEL=0")
        except ssl.SSLError:
            continue  # the OpenSSL of this machine does not have it
        check(f"{cipher} is refused", found is None, (found, error))


def check_headers(client, check):
    port = client.port
    session = b"/api/session"
    for status, data in (
            (200, request(port, session, BEARER + CLOSE)), (401, request(port, session, CLOSE)),
            (400, b"GET /api/session HTTP/1.1\r\n\r\n"), (501, b"FOO / HTTP/1.1\r\n"),
            (413, request(port, b"/", BEARER + length(99999999), b"POST")),
            (413, request(port, b"/", BEARER + CHUNKED, b"POST",
                          (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 17))):
        answers, error = parse(client.talk(data))
        found = [answer.status for answer in answers]
        check(f"{status} over TLS", error is None and found == [status], (error, found))
        check(f"{status} has Strict-Transport-Security",
              all(b"\r\nStrict-Transport-Security: max-age=" in one.head for one in answers))
    with client.connect() as raw:
        raw.sendall(request(port, b"/", b""))
        answers, error = parse(read_all(raw))
    check("a request without TLS has an answer that says so", error is None
          and [answer.status for answer in answers] == [400] and b"TLS_REQUIRED" in answers[0].body
          and b"Strict-Transport" not in answers[0].head, (error, answers))


# ---- incomplete handshakes and records ----


class Steps:
    """A client that does its handshake step by step."""

    def __init__(self, client, source, version):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context(version, version).wrap_bio(self.incoming, self.outgoing,
                                                      server_hostname="localhost")
        self.socket = client.connect(source)

    def next_flight(self):
        """The next bytes to send; none if the client waits for the server."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()

    def receive(self):
        self.incoming.write(self.socket.recv(65536))

    def last_flight(self):
        """Send all flights but the last one, which is returned."""
        self.socket.sendall(self.next_flight())
        while True:
            self.receive()
            flight = self.next_flight()
            if flight:
                return flight

    def record(self, data):
        """Complete the handshake; returns the data as a record."""
        self.socket.sendall(self.last_flight())
        while self.tls.version() is None or not self.tls.cipher():
            self.receive()
            self.next_flight()
        self.tls.write(data)
        return self.outgoing.read()


HALF = b"GET / HTTP/1.1\r\n"  # of a header
HELLO = b"\x16\x03\x01\x02\x00"  # the head of a record with a ClientHello


def open_incomplete(client, source):
    """Connections that each stop at another step, with descriptions."""
    for data in (b"", HELLO[:1], HELLO, HELLO + b"\x01\x00\x01\xfc" + b"\x03" * 91):
        s = client.connect(source)
        s.sendall(data)
        yield f"{len(data)} bytes", s
    for version in (TLS12, TLS13):
        for what, bytes_of in (
                ("the first flight without its last byte", lambda s: s.next_flight()[:-1]),
                ("the first flight", lambda s: s.next_flight()),
                ("the last flight without its last byte", lambda s: s.last_flight()[:-1]),
                ("an incomplete record", lambda s: s.record(HALF)[:-1]),
                ("an incomplete header", lambda s: s.record(HALF))):
            steps = Steps(client, source, version)
            steps.socket.sendall(bytes_of(steps))
            yield f"{version.name}: {what}", steps.socket
    steps = Steps(client, source, TLS13)
    good = request(client.port, b"/healthz", b"")
    steps.socket.sendall(steps.record(good))
    steps.receive()  # the answer: the next record comes on an idle connection
    steps.tls.write(good)
    steps.socket.sendall(steps.outgoing.read()[:-1])
    yield "an incomplete record behind a complete request", steps.socket


def wait_for_end(sockets, seconds):
    """The seconds until the server ended each connection, of those that it ended in time."""
    begin, taken, left = time.monotonic(), {}, dict(sockets)
    for s in left.values():
        s.setblocking(False)
    while left and time.monotonic() < begin + seconds:
        ready, _, _ = select.select(list(left.values()), [], [], 0.2)
        for name, s in list(left.items()):
            if s in ready:
                try:
                    if s.recv(65536):
                        continue
                except BlockingIOError:
                    continue
                except ConnectionError:
                    pass
                taken[name] = time.monotonic() - begin
                del left[name]
    return taken


def check_idle(serving, check, what):
    """The server does not compute while nothing happens."""
    before = serving.cpu()
    time.sleep(PERIOD)
    used = serving.cpu() - before
    check(f"{what}: no CPU time", used <= MAX_CPU, f"{used:.2f} s in {PERIOD} s")


def check_incomplete(serving, client, check):
    held = {}
    for n in range(1, 9):
        for name, s in open_incomplete(client, f"127.0.1.{n}"):
            held[f"{name} ({n})"] = s
    check_idle(serving, check, f"{len(held)} incomplete connections")
    times = [client.measure() for _ in range(5)]
    check("valid requests are answered beside them",
          None not in times and statistics.median(times) < LIMIT / 2, times)
    taken = wait_for_end(held, 4 * LIMIT)
    late = {name: taken.get(name) for name in held if taken.get(name, 99) > 2 * LIMIT}
    check("each ends in time", not late, late)
    for s in held.values():
        s.close()


# ---- renegotiation ----


class Relay(threading.Thread):
    """Passes bytes on to the server, from the client only as many as `cut` says."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.server_port, self.cut = self.listener.getsockname()[1], port, None
        self.reached, self.ended = threading.Event(), None

    def run(self):
        client, _ = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.server_port))
        while True:
            ready, _, _ = select.select([client, server], [], [])
            for one in ready:
                other = server if one is client else client
                try:
                    got = one.recv(65536)
                except ConnectionError:
                    got = b""
                if not got:
                    self.ended = (time.monotonic(), "server" if one is server else "client")
                    client.close()
                    server.close()
                    return
                if one is client and self.cut is not None:
                    got, self.cut = got[:self.cut], max(0, self.cut - len(got))
                    self.reached.set()
                if got:
                    other.sendall(got)


def check_renegotiation(serving, client, check, what, cut):
    """A client of TLS 1.2 begins another handshake, of which the server gets `cut` bytes."""
    relay = Relay(client.port)
    relay.start()
    process = subprocess.Popen(
        ["openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{relay.port}"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for line in process.stdout:
        if b"Verify return code" in line:
            break
    time.sleep(0.5)  # until the last bytes of the handshake have passed
    relay.cut = cut
    process.stdin.write(b"R\n")
    process.stdin.flush()
    relay.reached.wait(60)
    begin = time.monotonic()
    check_idle(serving, check, what)
    relay.join(3 * LIMIT)
    check(f"{what}: the server ends it", relay.ended is not None and relay.ended[1] == "server"
          and relay.ended[0] - begin < 2 * LIMIT, relay.ended)
    process.kill()
    process.wait()


def main():
    checks = Checks()
    folder = tempfile.mkdtemp()
    cert, key = make_certificate(folder)
    with Serving("--cert", cert, "--key", key) as serving:
        client = Client(serving.port)
        check_versions(client, checks.check)
        check_headers(client, checks.check)
        check_renegotiation(serving, client, checks.check, "a renegotiation", 1 << 20)
        check_renegotiation(serving, client, checks.check, "an incomplete renegotiation", 20)
        check_incomplete(serving, client, checks.check)
        serving.check_end(checks)
    shutil.rmtree(folder)
    checks.end()


main()
