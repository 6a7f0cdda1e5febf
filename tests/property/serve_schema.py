#!/usr/bin/env python3
"""serve_schema.py BUILD: every answer of the API fits what /api/openapi.json says of it, errors
and event streams too; and /metrics is OpenMetrics."""

import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

try:
    import prometheus_client  # noqa: F401
except ImportError:  # another python before Debian's own, which has the packages
    if sys.executable == "/usr/bin/python3":
        raise
    os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
from jsonschema import Draft202012Validator  # noqa: E402
from prometheus_client.openmetrics import parser  # noqa: E402
from serving import Counter, Serving  # noqa: E402

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
P = "/api/dlt/pipelines/{pipeline}"
ONE = "sales_orders_etl"

# path, body (None: GET), query; in an order in which each finds what it needs
CALLS = [
    ("/api/session", None, ""),
    ("/api/openapi.json", None, ""),
    ("/api/dlt/pipelines", None, ""),
    ("/api/dlt/pipelines", None, "?filter=sales*&state=failed"),
    ("/api/dlt/pipelines", None, "?filter=nothing_at_all"),
    ("/api/dlt/dashboard", None, ""),
    ("/api/dlt/dashboard", None, "?profile=demo-dr"),
    ("/api/dlt/dashboard", None, "?profiles=demo,demo-dr"),
    (P, None, ""),
    (P + "/events", None, "?max_events=1000"),
    (P + "/events", None, "?level=error&since=7d"),
    (P + "/updates", None, ""),
    (P + "/updates", None, "?max=1"),
    (P + "/expectations", None, "?days=90"),
    (P + "/expectations", None, "?gate=failed%20%3C%3D%201%25&by=day"),
    (P + "/lineage", None, ""),
    (P + "/lineage", None, "?format=mermaid"),
    (P + "/permissions", None, ""),
    (P + "/permissions", {"entries": ["group:users=CAN_VIEW"], "dry_run": True}, ""),
    (P + "/trigger", {"dry_run": True}, ""),
    (P + "/trigger", {"validate": True, "wait": True}, ""),
    (P + "/trigger", {"full_refresh": True}, ""),
    (P + "/trigger", {"full_refresh": True}, ""),
    (P + "/stop", {"dry_run": True}, ""),
    (P + "/stop", {}, ""),
    (P + "/wait", None, "?for=idle&timeout=60"),
    (P + "/clone", {"new_name": "schema copy", "dry_run": True}, ""),
    (P + "/clone", {"new_name": "schema copy"}, ""),
    (P + "/clone", {"new_name": "schema copy"}, ""),
    (P + "/clone-to-workspace", {"new_name": "x", "dest_profile": "demo-dr", "dry_run": True}, ""),
    (P + "/clone-to-workspace", {"new_name": "x", "dest_host": "https://10.0.0.1", "dest_token": "x" * 20}, ""),
    ("/api/dlt/diff", None, "?left=sales_orders_etl&right=schema%20copy"),
    ("/api/dlt/journal", None, ""),
    ("/api/dlt/journal/{operation}", None, ""),
    ("/api/dlt/journal/{operation}/undo", {"dry_run": True}, ""),
    ("/api/dlt/journal/{operation}/undo", {"confirm": True}, ""),
    (P + "/delete", {"dry_run": True}, ""),
    (P + "/delete", {}, ""),
    ("/api/dlt/sql", {"statement": "SELECT name FROM system.lakeflow.pipelines LIMIT 3"}, ""),
    ("/api/dlt/sql", {"statement": "SELEC"}, ""),
    ("/api/dlt/sql", {"no": 1}, ""),
    ("/api/dlt/doctor", None, ""),
    ("/api/dlt/auth", None, ""),
    ("/api/dlt/pipelines", None, "?health=x"),
    ("/api/dlt/pipelines", None, "?profile=other"),
    ("/healthz", None, ""),
    ("/readyz", None, ""),
]


class Checker:
    def __init__(self, serving, counter):
        self.serving, self.counter, self.seen = serving, counter, set()
        self.document = json.loads(serving.ask("GET", "/api/openapi.json")[1])

    def resolve(self, value):
        while "$ref" in value:
            node = self.document
            for part in value["$ref"].lstrip("#/").split("/"):
                node = node[part]
            value = node
        return value

    def check(self, path, method, answer, data):
        what = f"{method} {path} {answer.status}"
        operation = self.document["paths"][path][method.lower()]
        self.seen.add((path, method.lower()))
        response = operation["responses"].get(str(answer.status))
        self.counter.check(what + " is foreseen", response is not None, data[:300])
        if response is None:
            return
        response = self.resolve(response)
        kind = answer.getheader("Content-Type").split(";")[0]
        content = response.get("content", {}).get(kind)
        self.counter.check(what + " has a type that is foreseen", content is not None, kind)
        if content is None or kind != "application/json":
            return
        schema = dict(content["schema"], components=self.document["components"])
        errors = list(Draft202012Validator(schema).iter_errors(json.loads(data)))
        self.counter.check(what + " fits its schema", not errors, [str(e)[:400] for e in errors[:2]])


def main():
    counter = Counter()
    with Serving(BUILD) as serving:
        checker = Checker(serving, counter)
        for path, body, query in CALLS:
            real = path.replace("{pipeline}", ONE)
            if "{operation}" in path:
                newest = json.loads(serving.ask("GET", "/api/dlt/journal?command=clone&limit=1")[1])
                real = path.replace("{operation}", newest[0]["id"])
            method = "GET" if body is None else "POST"
            answer, data = serving.ask(method, real + query, body)
            checker.check(path, method, answer, data)
            if body is None and "session" not in path and "z" not in path[-6:]:
                answer, data = serving.ask("HEAD", real + query)
                counter.check(f"HEAD {path} has no body", data == b"", data[:100])
        rest = {(path, method) for path, item in checker.document["paths"].items() for method in item} - checker.seen
        streams = {(p, m) for p, m in rest
                   if "text/event-stream" in checker.document["paths"][p][m]["responses"]["200"]["content"]}
        others = {"/login", "/metrics"}
        counter.check("every path of the document was asked for",
                      {p for p, _ in rest - streams} == others, sorted(rest - streams))
        serving.ask("GET", "/metrics")
        time.sleep(1)
        answer, data = serving.ask("GET", "/metrics")
        families = {family.name: family for family in parser.text_string_to_metric_families(data.decode())}
        counter.check("/metrics has a type that scrapers ask for",
                      answer.getheader("Content-Type").startswith("application/openmetrics-text"))
        for name in ("tarn_pipelines", "tarn_pipelines_by_health", "tarn_http_requests", "tarn_http_request_seconds",
                     "tarn_workspace_calls", "tarn_workspace_retries", "tarn_workspace_call_seconds",
                     "tarn_pipeline_last_run_timestamp_seconds", "tarn_pipeline_last_run_duration_seconds",
                     "tarn_expectation_pass_ratio"):
            counter.check(f"/metrics has {name}", families.get(name) is not None and families[name].samples)
        total = sum(sample.value for sample in families["tarn_pipelines"].samples if sample.labels["profile"] == "demo")
        rows = json.loads(serving.ask("GET", "/api/dlt/pipelines")[1])
        counter.check("the states add up to all pipelines", total == len(rows), (total, len(rows)))
        status, text = serving.close()
        counter.check("it ends in order", status == 0, status)
        counter.check("nothing but the log is on stderr", "traceback" not in text, text[-2000:])
    counter.end()


main()
