"""A workspace whose SQL warehouse is Spark: an HTTP server that takes statements as Databricks does.

Each warehouse is a session with a time zone of its own. Parameters are bound by their declared
types, ANSI mode is on. Two things that open Spark lacks are rewritten: the catalog in front of a
name with three parts, and `:` on a column of JSON text, which is get_json_object. The statements
are kept in `log`, with the subject and function that a comment at their ends names (statements.lua
in this folder).
"""

import base64
import datetime
import decimal
import json
import re
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor, TimeoutError as NotYet
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pyspark.sql import functions as F
from pyspark.sql import types as T

ZONES = {"utc": "UTC", "los-angeles": "America/Los_Angeles", "kolkata": "Asia/Kolkata"}
WORKSPACE = "1111"
INLINE_BYTES = 25 * 1024 * 1024
QUICK = 0.3  # seconds after which a submit answers RUNNING

TYPE_NAMES = {"bigint": "LONG", "smallint": "SHORT", "tinyint": "BYTE", "void": "NULL"}


def bound(parameter):
    """The value of a parameter, as its type says."""
    value, kind = parameter.get("value"), parameter.get("type", "STRING").upper()
    if value is None:
        return None
    if kind == "TIMESTAMP":
        return datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    if kind == "DATE":
        return datetime.date.fromisoformat(value)
    if kind in ("INT", "BIGINT"):
        return int(value)
    if kind == "DOUBLE":
        return float(value)
    if kind == "BOOLEAN":
        return value == "true"
    if kind.startswith("DECIMAL"):
        return decimal.Decimal(value)
    if kind != "STRING":
        raise ValueError(f"a parameter of type {kind}")
    return value


def rewritten(text):
    """The text as open Spark can read it."""
    text = re.sub(r"\bsystem\.(?=\w+\.)", "", text)
    text = re.sub(r"`(?:[^`]|``)*`\.(?=`(?:[^`]|``)*`\.)", "", text)
    text = re.sub(r"event_log\('([0-9a-f-]+)'\)",
                  lambda m: "event_logs.f_" + m.group(1).replace("-", "_"), text)
    if "pipeline_events" not in text:  # there `details` is a VARIANT, for which Spark has `:`
        text = re.sub(r"\b((?:ev\.|e\.)?(?:details|origin)):(\w+(?:\.\w+)*)",
                      lambda m: f"get_json_object({m.group(1)}, '$.{m.group(2)}')", text)
    return text


def cell(value):
    """A cell as JSON_ARRAY has it: a text, or null."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):  # in the zone of this process, which is UTC
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    return f"{value:f}" if isinstance(value, decimal.Decimal) else str(value)


def run(session, text, parameters):
    """The columns and rows of a statement."""
    args = {p["name"]: bound(p) for p in parameters}
    frame = session.sql(rewritten(text), args=args or None)
    columns, picked = [], []
    for i, field in enumerate(frame.schema.fields):
        name = field.dataType.simpleString()
        columns.append({"name": field.name, "position": i, "type_text": name.upper(),
                        "type_name": TYPE_NAMES.get(name, re.split(r"[(<]", name)[0].upper())})
        column = F.col(f"__{i}")
        is_json = isinstance(field.dataType, (T.StructType, T.ArrayType, T.MapType, T.VariantType))
        picked.append(F.to_json(column) if is_json else column)
    plain = frame.toDF(*[f"__{i}" for i in range(len(columns))]).select(*picked)
    return columns, [[cell(v) for v in row] for row in plain.collect()]


class Statement:
    """A statement that runs, or has run."""

    def __init__(self, number, body):
        self.id, self.body = f"01ef-{number}", body
        self.links = body.get("disposition") == "EXTERNAL_LINKS"
        self.columns = self.rows = self.error = self.future = None
        self.served = {}  # how often the link to a chunk was asked for


class Warehouse:
    """The server. `rest` answers what is not about SQL: rest(method, path, query) -> (status, body).
    `chunk_rows` is the size of chunks; `expire` makes each first link to a chunk one that has
    expired after its first piece."""

    def __init__(self, sessions, rest):
        self.sessions, self.rest = sessions, rest
        self.log, self.statements, self.faults = [], {}, []
        self.workspace = WORKSPACE
        self.chunk_rows, self.inline_bytes, self.expire, self.ranges = 5000, INLINE_BYTES, False, True
        self.file = None, b""  # the newest file of the storage
        self.pool = ThreadPoolExecutor(4)
        self.lock = threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                owner.answer(self, "GET")

            def do_POST(self):
                owner.answer(self, "POST")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    # ---- statements ----

    def submit(self, body):
        with self.lock:
            s = Statement(len(self.statements) + 1, body)
            self.statements[s.id] = s
        tag = re.search(r"/\* (\w+\.\w+) \*/\s*$", body["statement"])
        entry = {"text": body["statement"], "tag": tag and tag.group(1),
                 "parameters": {p["name"]: p.get("value") for p in body.get("parameters", [])},
                 "links": s.links, "error": None, "seconds": None}
        self.log.append(entry)
        s.future = self.pool.submit(self.execute, s, entry)
        try:
            s.future.result(QUICK)
        except NotYet:
            pass
        return self.state(s)

    def execute(self, s, entry):
        began = time.monotonic()
        try:
            s.columns, rows = run(self.sessions[s.body["warehouse_id"]], s.body["statement"],
                                  s.body.get("parameters", []))
            size = sum(sum(len(v or "null") + 3 for v in row) + 2 for row in rows)
            if not s.links and size > self.inline_bytes:
                s.error = ("BAD_REQUEST", "Inline byte limit exceeded. Statements executed with "
                           "disposition=INLINE can have a result size of at most 26214400 bytes.")
            else:
                s.rows = rows
        except Exception as e:  # pylint: disable=broad-except
            s.error = ("BAD_REQUEST", str(e).split("\n\nJVM stacktrace")[0])
        entry.update(error=s.error, seconds=time.monotonic() - began,
                     rows=s.rows and len(s.rows))

    def chunks(self, s):
        return max(1, -(-len(s.rows) // self.chunk_rows)) if s.rows else 0

    def state(self, s):
        if not s.future.done():
            return {"statement_id": s.id, "status": {"state": "RUNNING"}}
        if s.error:
            return {"statement_id": s.id, "status": {"state": "FAILED", "error": {
                "error_code": s.error[0], "message": s.error[1]}}}
        return {"statement_id": s.id, "status": {"state": "SUCCEEDED"},
                "manifest": {"format": "JSON_ARRAY", "total_row_count": len(s.rows),
                             "total_chunk_count": self.chunks(s), "truncated": False,
                             "schema": {"column_count": len(s.columns), "columns": s.columns}},
                "result": self.chunk(s, 0) if s.rows else {}}

    def chunk(self, s, index):
        at = index * self.chunk_rows
        rows = s.rows[at:at + self.chunk_rows]
        data = {"chunk_index": index, "row_offset": at, "row_count": len(rows)}
        if index + 1 < self.chunks(s):
            data["next_chunk_index"] = index + 1
            data["next_chunk_internal_link"] = (
                f"/api/2.0/sql/statements/{s.id}/result/chunks/{index + 1}?row_offset={at}")
        if not s.links:
            return {**data, "data_array": rows}
        turn = s.served[index] = s.served.get(index, 0) + 1
        data["external_link"] = f"{self.url}/storage/{s.id}/{index}?sig=s3cret&turn={turn}"
        data["expiration"] = "2099-01-01T00:00:00Z"
        return {"external_links": [data]}

    def storage(self, h, path, query):
        """A file of rows. The storage refuses credentials, and knows ranges."""
        _, _, name, index = path.split("/")
        if h.headers.get("Authorization"):
            self.faults.append("a link was asked for with credentials")
            return self.send(h, 400, b"<Error/>")
        s, at = self.statements[name], int(index) * self.chunk_rows
        if self.file[0] != (name, index):
            self.file = (name, index), json.dumps(s.rows[at:at + self.chunk_rows]).encode()
        body = self.file[1]
        wanted = re.match(r"bytes=(\d+)-(\d+)$", h.headers.get("Range") or "")
        if not wanted or not self.ranges:
            return self.send(h, 200, body)
        first, last = int(wanted.group(1)), min(int(wanted.group(2)), len(body) - 1)
        if self.expire and first > 0 and query.get("turn") == ["1"]:
            return self.send(h, 403, b"<Error><Code>AccessDenied</Code></Error>")
        return self.send(h, 206, body[first:last + 1],
                         {"Content-Range": f"bytes {first}-{last}/{len(body)}"})

    # ---- requests ----

    def send(self, h, status, body, headers=()):
        h.send_response(status)
        h.send_header("Content-Length", str(len(body)))
        h.send_header("X-Databricks-Org-Id", self.workspace)
        for name, value in dict(headers).items():
            h.send_header(name, value)
        h.end_headers()
        h.wfile.write(body)

    def answer(self, h, method):
        parts = urllib.parse.urlsplit(h.path)
        path, query = parts.path, urllib.parse.parse_qs(parts.query)
        size = int(h.headers.get("Content-Length") or 0)
        body = json.loads(h.rfile.read(size)) if size else None
        if path.startswith("/storage/"):
            self.storage(h, path, query)
            return
        status, reply = self.route(method, path, query, body)
        self.send(h, status, json.dumps(reply).encode(), {"Content-Type": "application/json"})

    def route(self, method, path, query, body):
        sql = re.match(r"/api/2\.0/sql/statements(?:/([\w-]+)(/.*)?)?$", path)
        if sql and method == "POST":
            return (200, self.submit(body)) if not sql.group(1) else (200, {})
        if sql:
            s, more = self.statements[sql.group(1)], sql.group(2) or ""
            if more:
                return 200, self.chunk(s, int(more.rsplit("/", 1)[1]))
            return 200, self.state(s)
        if path.startswith("/api/2.0/sql/warehouses/"):
            return 200, {"id": path.rsplit("/", 1)[1], "state": "RUNNING", "name": "spark"}
        if path.startswith("/api/2.0/preview/scim/v2/Me"):
            return 200, {"id": "1", "userName": "ada@example.com", "active": True}
        return self.rest(method, path, query)
