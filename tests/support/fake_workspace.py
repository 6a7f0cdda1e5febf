"""A server with scripted responses that keeps the requests, for test_l_databricks.c.

It prints its port on one line, and ends when its standard input does. POST /_script sets the
responses to the next requests, in order: a list of {status, headers, body, reset, delay}. Further
requests get the fixed responses below. GET /_log returns the requests so far, and forgets them.
"""

import json
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STATEMENT = {
    "statement_id": "01ef-aa",
    "status": {"state": "SUCCEEDED"},
    "manifest": {
        "format": "JSON_ARRAY",
        "schema": {"columns": [
            {"name": "a", "position": 0, "type_name": "STRING", "type_text": "STRING"},
            {"name": "b", "position": 1, "type_name": "LONG", "type_text": "BIGINT"}]},
        "total_chunk_count": 2, "total_row_count": 2, "truncated": False},
    "result": {
        "chunk_index": 0, "row_offset": 0, "row_count": 1, "data_array": [["x\n", "1"]],
        "next_chunk_index": 1,
        "next_chunk_internal_link": "/api/2.0/sql/statements/01ef-aa/result/chunks/1?row_offset=1"},
}
CHUNK = {"chunk_index": 1, "row_offset": 1, "row_count": 1, "data_array": [[None, "2"]]}
FIXED = {
    ("GET", "/api/2.0/workspace/export"): {"content": "AAECQQ==", "file_type": "py"},
    ("GET", "/api/2.0/workspace/list"): {
        "objects": [{"path": "/x", "object_id": 12345678901234567}]},
    ("GET", "/api/2.0/pipelines/p/updates/u"): {"update": {"update_id": "u", "state": "RUNNING"}},
    ("POST", "/api/2.0/sql/statements"): STATEMENT,
    ("GET", "/api/2.0/sql/statements/01ef-aa/result/chunks/1"): CHUNK,
}

# The ids that answers of the pipelines' endpoints must have.
ELSE = {"pipeline_id": "p", "update_id": "u", "path": "/x"}

lock = threading.Lock()
script = []
log = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536

    def log_message(self, *args):
        pass

    def send(self, status, body, headers=()):
        self.send_response(status)
        given = {name.lower() for name, _ in headers}
        if "content-type" not in given:
            self.send_header("Content-Type", "application/json")
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def control(self, body):
        with lock:
            if self.path == "/_script":
                script[:] = json.loads(body)
                log.clear()
                self.send(200, b"{}")
            else:
                text = json.dumps(log).encode()
                log.clear()
                self.send(200, text)

    def reset(self):
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/_"):
            self.control(body)
            return
        with lock:
            log.append({
                "method": self.command, "path": self.path, "body": body.decode("latin-1"),
                "headers": {name.lower(): value for name, value in self.headers.items()}})
            step = script.pop(0) if script else None
        if step is None:
            fixed = FIXED.get((self.command, self.path.split("?")[0]), ELSE)
            self.send(200, json.dumps(fixed).encode(),
                      [("X-Databricks-Org-Id", "7405612345678901")])
            return
        time.sleep(step.get("delay", 0))
        if step.get("reset"):
            self.reset()
            return
        text = step.get("body", {})
        text = text if isinstance(text, str) else json.dumps(text)
        self.send(step.get("status", 200), text.encode(), step.get("headers", []))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
