#!/usr/bin/env python3
"""serve_load.py BUILD [FACTOR]: 200 streams and 50 requests a second for a minute, times FACTOR (a
tenth unless said; `./dev bench` takes the whole): no error, and memory stays flat."""

import http.client
import os
import resource
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from serving import TOKEN, Counter, Serving  # noqa: E402

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
FACTOR = float(sys.argv[2]) if len(sys.argv) > 2 else 0.1
STREAMS, RATE, SECONDS = max(1, int(200 * FACTOR)), 50, 60 * FACTOR
WORKERS = 8
PATHS = ["/api/dlt/pipelines", "/api/dlt/dashboard", "/api/dlt/pipelines/sales_orders_etl",
         "/api/dlt/pipelines/sales_orders_etl/events?max_events=20", "/api/session", "/api/dlt/pipelines?filter=sales*",
         "/api/dlt/nothing", "/healthz"]
STREAM_PATHS = ["/api/dlt/dashboard/stream", "/api/dlt/pipelines/sales_orders_etl/events/stream",
                "/api/dlt/pipelines/iot_edge_backfill/live", "/api/dlt/pipelines/iot_edge_backfill/events/stream?last=0"]
MOST_GROWTH = 24 << 20  # bytes between a warm server and the end: allocators keep some


def open_stream(serving, n):
    s = socket.create_connection(("127.0.0.1", serving.port), timeout=30)
    s.sendall((f"GET {STREAM_PATHS[n % len(STREAM_PATHS)]} HTTP/1.1\r\nHost: 127.0.0.1:{serving.port}\r\n"
               f"Authorization: Bearer {TOKEN}\r\n\r\n").encode())
    return s


class Load:
    def __init__(self, serving):
        self.serving, self.lock = serving, threading.Lock()
        self.bytes = self.dead = self.asked = 0
        self.wrong, self.over = [], False

    def read(self, streams):
        for s in streams:
            s.settimeout(1)
        while not self.over:
            for s in list(streams):
                try:
                    got = s.recv(1 << 20)
                    self.bytes += len(got)
                    if not got:
                        self.dead += 1
                        streams.remove(s)
                except TimeoutError:
                    pass

    def ask(self, number, seconds):
        own = http.client.HTTPConnection("127.0.0.1", self.serving.port, timeout=30)
        due, end, n = time.monotonic() + number / RATE, time.monotonic() + seconds, number
        while due < end:
            time.sleep(max(0, due - time.monotonic()))
            path = PATHS[n % len(PATHS)]
            try:
                answer, _ = self.serving.ask("GET", path, connection=own)
                if answer.status != (404 if "nothing" in path else 200):
                    self.wrong.append((path, answer.status))
            except OSError as e:
                self.wrong.append((path, repr(e)))
                own = http.client.HTTPConnection("127.0.0.1", self.serving.port, timeout=30)
            with self.lock:
                self.asked += 1
            n += WORKERS
            due += WORKERS / RATE

    def run(self, seconds):
        workers = [threading.Thread(target=self.ask, args=(i, seconds)) for i in range(WORKERS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()


def main():
    counter = Counter()
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    with Serving(BUILD) as serving:
        load = Load(serving)
        streams = [open_stream(serving, n) for n in range(STREAMS)]
        chunks = [streams[i::WORKERS] for i in range(WORKERS)]
        readers = [threading.Thread(target=load.read, args=(chunk,), daemon=True) for chunk in chunks]
        for reader in readers:
            reader.start()
        load.run(max(3, SECONDS / 6))  # warm
        before = serving.memory()
        load.asked = 0
        load.run(SECONDS)
        after = serving.memory()
        counter.check("no answer is wrong", not load.wrong, load.wrong[:5])
        counter.check("no stream ends", load.dead == 0, load.dead)
        counter.check("streams are sent something", load.bytes > STREAMS * 1000, load.bytes)
        counter.check("the requests were made", load.asked >= SECONDS * RATE * 0.5, load.asked)
        with open(os.path.join(BUILD, "tarn"), "rb") as file:
            sanitized = b"__asan_init" in file.read()  # what was freed is held back for a while
        counter.check("memory is flat", sanitized or after - before < MOST_GROWTH, (before, after))
        print(f"{STREAMS} streams, {load.asked} requests in {SECONDS:.0f} s, {load.bytes >> 20} MiB of events, "
              f"memory {before >> 20} to {after >> 20} MiB")
        load.over = True
        for reader in readers:
            reader.join()
        status, text = serving.close()
        counter.check("it ends in order", status == 0, status)
        counter.check("nothing failed inside", "traceback" not in text and "task failed" not in text, text[-2000:])
        for s in streams:
            s.close()
    counter.end()


main()
