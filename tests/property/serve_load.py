#!/usr/bin/env python3
"""serve_load.py BUILD [FACTOR]: 200 streams and 50 requests a second for a minute, all three times
FACTOR (default: 0.1; `./dev bench` uses 1): no error, and memory does not grow."""

import http.client
import os
import resource
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from checks import Checks, is_sanitized, wait_until  # noqa: E402
from serving import TOKEN, Serving  # noqa: E402

FACTOR = float(sys.argv[2]) if len(sys.argv) > 2 else 0.1
STREAMS, RATE, SECONDS = max(1, int(200 * FACTOR)), 50, 60 * FACTOR
WORKERS = 8
PATHS = [
    "/api/dlt/pipelines", "/api/dlt/dashboard", "/api/dlt/pipelines/sales_orders_etl",
    "/api/dlt/pipelines/sales_orders_etl/events?max_events=20", "/api/session",
    "/api/dlt/pipelines?filter=sales*", "/api/dlt/nothing", "/healthz"]
STREAM_PATHS = [
    "/api/dlt/dashboard/stream", "/api/dlt/pipelines/sales_orders_etl/events/stream",
    "/api/dlt/pipelines/iot_edge_backfill/live",
    "/api/dlt/pipelines/iot_edge_backfill/events/stream?last=0"]
MAX_GROWTH = 24 << 20  # bytes, between the warm server and the end: allocators keep some


def open_stream(serving, n):
    s = socket.create_connection(("127.0.0.1", serving.port), timeout=300)
    path = STREAM_PATHS[n % len(STREAM_PATHS)]
    s.sendall((f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{serving.port}\r\n"
               f"Authorization: Bearer {TOKEN}\r\n\r\n").encode())
    return s


class Load:
    def __init__(self, serving):
        self.serving, self.lock = serving, threading.Lock()
        self.bytes = self.ended = self.sent = 0
        self.errors, self.over = [], False

    def read(self, streams):
        for s in streams:
            s.settimeout(1)
        while not self.over:
            for s in list(streams):
                try:
                    got = s.recv(1 << 20)
                    self.bytes += len(got)
                    if not got:
                        self.ended += 1
                        streams.remove(s)
                except TimeoutError:
                    pass

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.serving.port, timeout=300)

    def send(self, number, seconds):
        """The requests of one worker. It makes all of them, late if the machine is busy."""
        own = self.connect()
        due, end, n = time.monotonic() + number / RATE, time.monotonic() + seconds, number
        while due < end:
            time.sleep(max(0, due - time.monotonic()))
            path = PATHS[n % len(PATHS)]
            try:
                response, _ = self.serving.request("GET", path, connection=own)
                if response.status != (404 if "nothing" in path else 200):
                    self.errors.append((path, response.status))
            except OSError as e:
                self.errors.append((path, repr(e)))
                own = self.connect()
            with self.lock:
                self.sent += 1
            n += WORKERS
            due += WORKERS / RATE
        own.close()

    def run(self, seconds):
        workers = [threading.Thread(target=self.send, args=(i, seconds)) for i in range(WORKERS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()


def main():
    checks = Checks()
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    with Serving() as serving:
        load = Load(serving)
        streams = [open_stream(serving, n) for n in range(STREAMS)]
        chunks = [streams[i::WORKERS] for i in range(WORKERS)]
        readers = [threading.Thread(target=load.read, args=(chunk,), daemon=True)
                   for chunk in chunks]
        for reader in readers:
            reader.start()
        load.run(max(3, SECONDS / 6))  # until caches are warm
        before = serving.memory()
        load.sent = 0
        load.run(SECONDS)
        after = serving.memory()
        checks.check("every request is answered as expected", not load.errors, load.errors[:5])
        checks.check("no stream ends", load.ended == 0, load.ended)
        checks.check("the streams have data", wait_until(lambda: load.bytes > STREAMS * 1000),
                     load.bytes)
        checks.check("the requests were made", load.sent >= SECONDS * RATE * 0.5, load.sent)
        checks.check("memory does not grow", is_sanitized() or after - before < MAX_GROWTH,
                     (before, after))
        print(f"{STREAMS} streams, {load.sent} requests in {SECONDS:.0f} s, "
              f"{load.bytes >> 20} MiB of events, memory {before >> 20} to {after >> 20} MiB")
        load.over = True
        for reader in readers:
            reader.join()
        serving.check_end(checks)
        for s in streams:
            s.close()
    checks.end()


main()
