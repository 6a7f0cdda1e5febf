#!/usr/bin/env python3
"""serve_schema.py BUILD: every response of the API is as /api/openapi.json describes it, errors
too, and /metrics is OpenMetrics."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

try:
    import prometheus_client  # noqa: F401
except ImportError:  # this is not the Python of Debian, for which the packages are installed
    if sys.executable == "/usr/bin/python3":
        raise
    os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
from jsonschema import Draft202012Validator  # noqa: E402
from prometheus_client.openmetrics import parser  # noqa: E402
from checks import Checks, wait_until  # noqa: E402
from serving import Serving  # noqa: E402

P = "/api/dlt/pipelines/{pipeline}"
ONE = "sales_orders_etl"

# Path, body (None: GET) and query, in an order in which each call finds what it needs.
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
    (P + "/clone-to-workspace",
     {"new_name": "x", "dest_host": "https://10.0.0.1", "dest_token": "x" * 20}, ""),
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


# Metrics that scrapers rely on.
METRICS = [
    "tarn_pipelines", "tarn_pipelines_by_health", "tarn_http_requests", "tarn_http_request_seconds",
    "tarn_http_requests_refused",
    "tarn_workspace_calls", "tarn_workspace_retries", "tarn_workspace_call_seconds",
    "tarn_pipeline_last_run_timestamp_seconds", "tarn_pipeline_last_run_duration_seconds",
    "tarn_expectation_pass_ratio"]


class Checker:
    """Checks responses against the description."""

    def __init__(self, serving, checks):
        self.serving, self.checks, self.seen = serving, checks, set()
        self.document = json.loads(serving.request("GET", "/api/openapi.json")[1])

    def resolve(self, value):
        while "$ref" in value:
            node = self.document
            for part in value["$ref"].lstrip("#/").split("/"):
                node = node[part]
            value = node
        return value

    def check(self, path, method, response, data):
        what = f"{method} {path} {response.status}"
        operation = self.document["paths"][path][method.lower()]
        self.seen.add((path, method.lower()))
        described = operation["responses"].get(str(response.status))
        self.checks.check(what + " is described", described is not None, data[:300])
        if described is None:
            return
        kind = response.getheader("Content-Type").split(";")[0]
        content = self.resolve(described).get("content", {}).get(kind)
        self.checks.check(what + " has a described type", content is not None, kind)
        if content is None or kind != "application/json":
            return
        schema = dict(content["schema"], components=self.document["components"])
        errors = list(Draft202012Validator(schema).iter_errors(json.loads(data)))
        self.checks.check(what + " matches its schema", not errors,
                          [str(e)[:400] for e in errors[:2]])

    def call(self, path, body, query):
        real = path.replace("{pipeline}", ONE)
        if "{operation}" in path:
            journal = self.serving.request("GET", "/api/dlt/journal?command=clone&limit=1")[1]
            real = path.replace("{operation}", json.loads(journal)[0]["id"])
        method = "GET" if body is None else "POST"
        self.check(path, method, *self.serving.request(method, real + query, body))
        if body is None and "session" not in path and "z" not in path[-6:]:
            _, data = self.serving.request("HEAD", real + query)
            self.checks.check(f"HEAD {path} has no body", data == b"", data[:100])

    def check_all_seen(self):
        paths = self.document["paths"]
        rest = {(path, method) for path, item in paths.items() for method in item} - self.seen
        streams = {(path, method) for path, method in rest
                   if "text/event-stream" in paths[path][method]["responses"]["200"]["content"]}
        self.checks.check("every path of the description was called",
                          {path for path, _ in rest - streams} == {"/login", "/metrics"},
                          sorted(rest - streams))


def read_metrics(serving):
    """The response, and its families by name."""
    response, data = serving.request("GET", "/metrics")
    return response, {family.name: family
                      for family in parser.text_string_to_metric_families(data.decode())
                      if family.samples}


def check_metrics(serving, checks):
    # pipelines are counted in the background, after the first request
    wait_until(lambda: read_metrics(serving)[1].keys() >= set(METRICS))
    response, families = read_metrics(serving)
    checks.check("/metrics has the type of OpenMetrics",
                 response.getheader("Content-Type").startswith("application/openmetrics-text"))
    for name in METRICS:
        checks.check(f"/metrics has {name}", name in families)
    total = sum(sample.value for sample in families["tarn_pipelines"].samples
                if sample.labels["profile"] == "demo")
    rows = json.loads(serving.request("GET", "/api/dlt/pipelines")[1])
    checks.check("the numbers of all states add up to all pipelines", total == len(rows),
                 (total, len(rows)))


def main():
    checks = Checks()
    with Serving() as serving:
        checker = Checker(serving, checks)
        for path, body, query in CALLS:
            checker.call(path, body, query)
        checker.check_all_seen()
        check_metrics(serving, checks)
        serving.check_end(checks)
    checks.end()


main()
