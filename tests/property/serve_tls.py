#!/usr/bin/env python3
"""serve_tls.py BUILD: `tarn serve` with a certificate. TLS 1.2 and 1.3 with strong ciphers alone;
a handshake, a renegotiation or a record that is half done costs no work, ends in time, and holds
nobody up."""

import http.client
import os
import select
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from answers import parse  # noqa: E402
from checks import Checks  # noqa: E402
from serving import TOKEN, Serving  # noqa: E402

warnings.simplefilter("ignore", DeprecationWarning)  # of old versions, which are what is tried

BEARER = "Authorization: Bearer " + TOKEN + "\r\n"
LIMIT = 10  # seconds that a handshake and a header may take
LOOK = 3    # seconds of looking at what the process works
MOST = 0.05 * LOOK


def certificate(folder):
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", cert],
                   check=True, stderr=subprocess.DEVNULL)
    return cert, key


def context(least=ssl.TLSVersion.TLSv1_2, most=ssl.TLSVersion.TLSv1_3, ciphers=None):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    c.minimum_version, c.maximum_version = least, most
    if ciphers:
        c.set_ciphers(ciphers)
    return c


class Client:
    def __init__(self, port):
        self.port = port

    def connect(self, source="127.0.0.1"):
        return socket.create_connection(("127.0.0.1", self.port), timeout=60, source_address=(source, 0))

    def shake(self, *args, **kwargs):
        """The version and the cipher that both agree on; or how it fails."""
        try:
            with self.connect() as raw, context(*args, **kwargs).wrap_socket(raw) as s:
                return s.version(), s.cipher()[0]
        except (ssl.SSLError, ConnectionError) as e:
            return None, str(e)

    def good(self):
        """Seconds until a good request on a connection of its own is answered."""
        begin = time.monotonic()
        c = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context())
        c.request("GET", "/healthz")
        ok = c.getresponse().status == 200
        c.close()
        return time.monotonic() - begin if ok else None

    def raw(self, text):
        """All that is answered to these bytes over TLS."""
        with self.connect() as raw, context().wrap_socket(raw) as s:
            s.sendall(text.encode())
            return read_all(s)


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


def versions(client, check):
    old = "ALL:@SECLEVEL=0"
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        got, why = client.shake(version, version, old)
        check(f"{version.name} is refused", got is None and "ALERT" in why.upper(), (got, why))
    for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        got, cipher = client.shake(version, version)
        check(f"{name} is spoken", got == name, (got, cipher))
        check("with a cipher that authenticates", "GCM" in cipher or "POLY1305" in cipher, cipher)
    for cipher in ("ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-CCM", "AES128-SHA",
                   "AES128-GCM-SHA256", "NULL-SHA", "ECDHE-ECDSA-DES-CBC3-SHA", "AECDH-AES128-SHA"):
        try:
            got, why = client.shake(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2, cipher + ":@SECLEVEL=0")
        except ssl.SSLError:
            continue  # not even this machine's OpenSSL has it
        check(f"{cipher} is refused", got is None, (got, why))


def headers(client, check):
    host = f"Host: 127.0.0.1:{client.port}\r\n"
    for text, status in ((f"GET /api/session HTTP/1.1\r\n{host}{BEARER}Connection: close\r\n\r\n", 200),
                         (f"GET /api/session HTTP/1.1\r\n{host}Connection: close\r\n\r\n", 401),
                         ("GET /api/session HTTP/1.1\r\n\r\n", 400), ("FOO / HTTP/1.1\r\n", 501),
                         (f"POST / HTTP/1.1\r\n{host}{BEARER}Content-Length: 99999999\r\n\r\n", 413),
                         (f"POST / HTTP/1.1\r\n{host}{BEARER}Transfer-Encoding: chunked\r\n\r\n"
                          + ("10000\r\n" + "x" * 65536 + "\r\n") * 17, 413)):
        answers, wrong = parse(client.raw(text))
        check(f"{status} over TLS", wrong is None and [a.status for a in answers] == [status],
              (wrong, [a.status for a in answers]))
        check("it says that TLS is the only way", all(b"\r\nStrict-Transport-Security: max-age=" in a.head
                                                      for a in answers))
    with client.connect() as raw:
        raw.sendall(b"GET / HTTP/1.1\r\n" + host.encode() + b"\r\n")
        answers, wrong = parse(read_all(raw))
    check("who speaks without TLS is told so", wrong is None and [a.status for a in answers] == [400]
          and b"TLS_REQUIRED" in answers[0].body and b"Strict-Transport" not in answers[0].head, (wrong, answers))


# ---- what is half done ----


class Half:
    """A client that does its handshake step by step."""

    def __init__(self, client, source, version):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context(version, version).wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        self.socket = client.connect(source)

    def flight(self):
        """What it sends next; empty if it waits for the server."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()

    def hear(self):
        self.incoming.write(self.socket.recv(65536))

    def last_flight(self):
        """All but the last flight is sent."""
        self.socket.sendall(self.flight())
        while True:
            self.hear()
            flight = self.flight()
            if flight:
                return flight

    def record(self, text):
        """What comes behind the handshake, as a record."""
        self.socket.sendall(self.last_flight())
        while self.tls.version() is None or not self.tls.cipher():
            self.hear()
            self.flight()
        self.tls.write(text)
        return self.outgoing.read()


TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def halves(client, n):
    """Connections of which each has stopped at another place, from addresses of their own."""
    source = f"127.0.1.{n}"
    for bytes_sent in (b"", b"\x16", b"\x16\x03\x01\x02\x00", b"\x16\x03\x01\x02\x00" + b"\x01\x00\x01\xfc" + b"\x03" * 91):
        s = client.connect(source)
        s.sendall(bytes_sent)
        yield f"{len(bytes_sent)} bytes", s
    for version in (TLS12, TLS13):
        half = Half(client, source, version)
        half.socket.sendall(half.flight()[:-1])
        yield f"{version.name}: all but a byte of the first flight", half.socket
        half = Half(client, source, version)
        half.socket.sendall(half.flight())
        yield f"{version.name}: the first flight", half.socket
        half = Half(client, source, version)
        half.socket.sendall(half.last_flight()[:-1])
        yield f"{version.name}: all but a byte of the last flight", half.socket
        half = Half(client, source, version)
        half.socket.sendall(half.record(b"GET / HTTP/1.1\r\n")[:-1])
        yield f"{version.name}: half a record", half.socket
        half = Half(client, source, version)
        half.socket.sendall(half.record(b"GET / HTTP/1.1\r\n"))
        yield f"{version.name}: half a header", half.socket
    half = Half(client, source, TLS13)
    good = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{client.port}\r\n\r\n".encode()
    half.socket.sendall(half.record(good))
    half.hear()  # an answer; what follows comes on a connection that was idle
    half.tls.write(good)
    half.socket.sendall(half.outgoing.read()[:-1])
    yield "half a record behind a whole request", half.socket


def when_ended(sockets, seconds):
    """How long it takes until each is ended by the other side; what is not after so long is not in it."""
    begin, took, left = time.monotonic(), {}, dict(sockets)
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
                took[name] = time.monotonic() - begin
                del left[name]
    return took


def half_done(serving, client, check):
    held = {}
    for n in range(1, 9):
        for name, s in halves(client, n):
            held[f"{name} ({n})"] = s
    begin = serving.cpu()
    time.sleep(LOOK)
    worked = serving.cpu() - begin
    check(f"{len(held)} halves cost no work", worked <= MOST, f"{worked:.2f} s in {LOOK} s")
    times = [client.good() for _ in range(5)]
    check("good requests are answered beside them", all(t is not None and t < LIMIT / 2 for t in times), times)
    took = when_ended(held, 4 * LIMIT)
    late = {name: took.get(name) for name in held if took.get(name, 99) > 2 * LIMIT}
    check("each is ended in time", not late, late)
    for s in held.values():
        s.close()


class Relay(threading.Thread):
    """Hands bytes on to the server, until `cut` says how many more."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.server_port, self.cut = self.listener.getsockname()[1], port, None
        self.behind, self.ended = threading.Event(), None

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
                    self.behind.set()
                if got:
                    other.sendall(got)


def renegotiation(serving, client, check, cut):
    """A client of TLS 1.2 that begins another handshake, of which `cut` bytes come (None: all)."""
    relay = Relay(client.port)
    relay.start()
    process = subprocess.Popen(["openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{relay.port}"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for line in process.stdout:
        if b"Verify return code" in line:
            break
    time.sleep(0.5)
    relay.cut = cut if cut is not None else 1 << 20
    process.stdin.write(b"R\n")
    process.stdin.flush()
    relay.behind.wait(30)
    begin, cpu = time.monotonic(), serving.cpu()
    time.sleep(LOOK)
    worked = serving.cpu() - cpu
    check(f"a renegotiation costs no work ({cut})", worked <= MOST, f"{worked:.2f} s in {LOOK} s")
    relay.join(3 * LIMIT)
    check(f"a renegotiation is ended by the server ({cut})",
          relay.ended is not None and relay.ended[1] == "server" and relay.ended[0] - begin < 2 * LIMIT, relay.ended)
    process.kill()
    process.wait()


def main():
    checks = Checks()
    folder = tempfile.mkdtemp()
    cert, key = certificate(folder)
    with Serving("--cert", cert, "--key", key) as serving:
        client = Client(serving.port)
        versions(client, checks.check)
        headers(client, checks.check)
        renegotiation(serving, client, checks.check, None)
        renegotiation(serving, client, checks.check, 20)
        half_done(serving, client, checks.check)
        status, text = serving.close()
        checks.check("it ends in order", status == 0, (status, text[-2000:]))
    shutil.rmtree(folder)
    checks.end()


main()
