"""The cases. Each takes the judge and what the tables hold."""

import datetime
import json
import os
import re

import money
from fleet import DAY, QUIET, pid, uid
from judge import equal, is_true
from warehouse import WORKSPACE, ZONES, rewritten

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def iso(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


# ---- dashboard and updates ----

def dashboard(j, zone, fleet):
    data = j.json("dashboard", "--source", "sql", zone=zone)
    rows = {row["name"]: row for row in data["pipelines"]}
    for name, update, start, state, attempts, status in fleet.shown().values():
        row = rows.get(name)
        is_true(row, name)
        newest = row["latest_update"]
        got = newest and (newest["update_id"], newest["creation_time"], newest["state"],
                          newest["attempts"])
        equal((got, row["status"]), ((update, start, state, attempts) if update else None, status),
              name)
    is_true("Deleted" not in rows and "intruder" not in rows, "left out")
    equal(data["as_of"], iso(fleet.now))
    # newest first, of what has failed or runs; not of "Three hours", which has not
    equal([e["message"] for e in data["recent_events"]], ["message 3", "message 1", "message 2"])
    equal(data["recent_events"][1]["pipeline_name"], "Retries")


def quiet_workspace(j, zone, fleet):
    j.warehouse.workspace = QUIET
    try:
        data = j.json("dashboard", "--source", "sql", zone=zone)
    finally:
        j.warehouse.workspace = WORKSPACE
    equal([(r["name"], r["status"], r["latest_update"]["update_id"]) for r in data["pipelines"]],
          [("Quiet", "other", uid(30))])
    equal(data["as_of"], iso(fleet.now), "the age of the table, not of the workspace")


def history(j, zone, fleet):
    rows = j.json("updates", "*", "--source", "sql", "--since", "2d", zone=zone)
    mine = [r for r in rows if not r["pipeline_id"].startswith("00000000-0000-4000-8000-0000000009")]
    want = sorted(((fleet.now - d * DAY, n, k) for d, n, k in [
        (1, 1, 1), (30 / 24, 7, 1), (1.5 / 24, 4, 1), (3 / 24, 11, 1), (6 / 24, 11, 2), (0.4, 10, 3),
        (4.5 / 24, 3, 1), (4 / 24, 3, 2), (3.5 / 24, 3, 3)]), reverse=True)
    equal([(r["update_id"], r["creation_time"]) for r in mine],
          [(uid(n, k), round(at.timestamp() * 1000)) for at, n, k in want])
    by_id = {r["update_id"]: r for r in mine}
    equal([(by_id[uid(3, k)]["attempt"], by_id[uid(3, k)]["attempts"]) for k in (1, 2, 3)],
          [(1, 3), (2, 3), (3, 3)])
    equal((by_id[uid(10, 3)]["attempt"], by_id[uid(10, 3)]["attempts"]), (3, 3),
          "attempts before the rows that are read")
    equal((by_id[uid(1)]["duration_ms"], by_id[uid(1)]["state"]), (150 * 60000, "COMPLETED"))
    equal(by_id[uid(7)]["refresh_selection"], ["a'b", 'c"d', "e\\f", "ü"])
    is_true("[EXPECTATION_VIOLATION] it's" in (by_id[uid(3, 3)]["error"] or ""), "the error")
    failed = j.json("updates", "*", "--source", "sql", "--since", "2d", "--state", "failed", "-n", "2",
                    zone=zone)
    equal([r["update_id"] for r in failed], [uid(3, 3), uid(3, 2)])
    early = j.json("updates", "*", "--source", "sql", "--since", "2d", "--until", "20h", zone=zone)
    last = (fleet.now - 20 / 24 * DAY).timestamp() * 1000
    equal([r["update_id"] for r in early], [r["update_id"] for r in rows if r["creation_time"] <= last])


def one_pipeline(j, zone, fleet):
    rows = j.json("updates", pid(8), "--source", "sql", zone=zone)
    equal([(r["update_id"], r["state"]) for r in rows], [(uid(8, 2), "COMPLETED"), (uid(8), "FAILED")])
    equal([r["update_id"] for r in j.json("updates", pid(2), "--source", "sql", zone=zone)], [uid(2)],
          "a deleted pipeline that is named")
    whole = j.json("updates", pid(9), "--source", "sql", zone=zone)
    equal([r["creation_time"] for r in whole],
          [round((fleet.now - 20 * DAY).timestamp() * 1000)], "where a long update began")
    equal(j.json("updates", pid(9), "--source", "sql", "--since", "5d", zone=zone), [],
          "an update that began before")
    one = j.json("updates", pid(3), "--update", uid(3, 3), "--source", "sql", zone=zone)
    equal((one["attempt"], [p["state"] for p in one["phases"]]), (3, ["RUNNING"]))


# ---- names ----

PATTERNS = ["ÜBER*", "über*", "İST*", "?stan*", "σίσ*", "ΣΊΣ*", "*Σ", "*ς", "stra?e*", "STRAẞ*",
            "a`b*", "100%_?*", "*%*", "back\\*", "*\\slash", "quote's*", 'DOUBLE"*', "ZÜRICH Ü*", "*"]


def names(j, _zone, _logs):
    """By list, which folds here, and by the statements, which fold in Spark."""
    listed = {p: sorted(r["name"] for r in j.json("list", p) if r["pipeline_id"] > pid(899))
              for p in PATTERNS}
    found = j.script("local from = tarn.time.now() - 5 * 86400000\n"
                     f"for _, name in ipairs(tarn.json.decode [==[{json.dumps(PATTERNS)}]==]) do\n"
                     "  for row in ws:sql(statements.fleet.history { workspace = ws:org_id(), "
                     "from = from, name = name }) do\n"
                     "    print(tarn.json.encode { name, row.name, row.pipeline_id })\n"
                     "  end\nend\n")
    for pattern in PATTERNS:
        is_true(listed[pattern], pattern)
        equal(sorted({n for p, n, i in found if p == pattern and i > pid(899)}), listed[pattern],
              pattern)
    for pattern in ("ÜBER*", "ΣΊΣ*", "*Z?RICH*"):
        want = sorted(r["name"] for r in j.json("list", pattern))
        updates = j.json("updates", pattern, "--since", "5d", "--source", "sql")
        equal(sorted({r["name"] for r in updates}), want, pattern)
        quality = j.json("expectations", pattern)["results"]
        equal(sorted({r["name"] for r in quality}), want, pattern)


# ---- expectations ----

def counts_of(rows):
    return {(r["dataset"], r["expectation"]): (r["passed"], r["failed"], r["dropped"]) for r in rows}


def sums(j, zone, logs):
    many = j.json("expectations", "*", "--days", "7", zone=zone)["results"]
    for i, log in enumerate(logs):
        rest = j.json("expectations", log.id, "--days", "7", "--source", "rest", zone=zone)
        found = {"rest": counts_of(rest["results"]),
                 "*": counts_of([r for r in many if r["pipeline_id"] == log.id])}
        if i < 3:
            data = j.json("expectations", log.id, "--days", "7", "--source", "system", zone=zone)
            found["system"] = counts_of(data["results"])
        for source, counts in found.items():
            equal(counts, found["rest"], f"{log.name}: {source} and rest")
            equal({k: list(v[:2]) for k, v in counts.items()}, log.sums(), f"{log.name}: {source}")


def forms(j, zone, logs):
    log = logs[0]
    for count in ("auto", "sum", "last"):
        for by in ("total", "update", "day"):
            words = ["--days", "7", "--by", by]
            if count != "auto":
                words += ["--count", count]
            def rows(*source):
                data = j.json("expectations", *source, *words, zone=zone)
                return sorted((r["dataset"], r["expectation"], r.get("update_id") or "",
                               r.get("day") or "", r["passed"], r["failed"])
                              for r in data["results"] if r.get("pipeline_id", log.id) == log.id)
            rest = rows(log.id, "--source", "rest")
            if by != "total":  # a pipeline's own statement has all of its keys whatever is asked for
                equal(rows("*"), rest, f"* {count} by {by}")
        equal(rows(log.id, "--source", "system"), rest, f"{count} by {by}")
    dataset = [r for r in j.json("expectations", log.id, "--dataset", "T0", "--source", "system",
                                 zone=zone)["results"]]
    is_true(dataset and all(r["dataset"] == "main.s.t0" for r in dataset), "--dataset")


def log_forms(j, zone, logs):
    """The event log as a function, and as a table with texts and with structs."""
    sources = {}
    for log in logs[:3]:
        rest = counts_of(j.json("expectations", log.id, "--source", "rest", zone=zone)["results"])
        data = j.json("expectations", log.id, "--source", "event_log", zone=zone)
        equal(counts_of(data["results"]), rest, log.name)
        sources[log.name] = data["source"]
    equal(list(sources.values()), ["event_log", "event_log_table", "event_log_table"])


# ---- money ----

def cost(j, zone, fleet):
    since = int((fleet.now - 40 * DAY).timestamp() * 1000)
    def rows(more=""):
        return j.script(f'for row in ws:sql(statements.cost.usage {{ workspace = ws:org_id(), '
                        f"since = {since}{more} }}) do print(tarn.json.encode(row)) end", zone=zone)
    def number(text):
        return None if text is None else float(text)
    found = {r["pipeline_id"]: (number(r["dbus"]), number(r["amount"]), number(r["unpriced"]))
             for r in rows()}
    equal(found, {pid(n): v for n, v in money.WANTED.items()})
    for by in ("day", "update", "sku"):
        parts = rows(f', by = "{by}", pipeline = "{pid(1)}"')
        equal((sum(float(r["dbus"]) for r in parts), round(sum(float(r["amount"]) for r in parts), 6)),
              money.WANTED[1][:2], by)
        is_true(all("day" in r or "update_id" in r or "sku_name" in r for r in parts), by)
    day = int((fleet.now - 2 * DAY).timestamp() * 1000)
    is_true(len(rows(f', until_ms = {day}')) < 3, "until")
    hours = j.script(f'for row in ws:sql(statements.cost.hours {{ workspace = ws:org_id(), since = '
                     f"{int((fleet.now - 2 * DAY).timestamp() * 1000)} }}) do "
                     "print(tarn.json.encode(row)) end", zone=zone)
    equal([round(float(r["hours"]), 6) for r in hours if r["pipeline_id"] == pid(1)], [2.5])
    report = j.json("cost", "--days", "40", zone=zone)
    equal((round(report["total"]["dbus"], 6), report["unnamed"]),
          (sum(dbus for dbus, _, _ in money.WANTED.values()), 99))


def cost_drivers(j, zone, _fleet):
    rows = j.json("run", os.path.join(ROOT, "docs/scripting/cookbook/cost-drivers.lua"), zone=zone)
    equal([(r["pipeline"], r["amount"]) for r in rows[:2]], [("Retries", 4.0), ("Three hours", 3.7)])


# ---- lineage and doctor ----

def lineage(j, zone, logs):
    data = j.json("lineage", logs[0].id, "--source", "sql", zone=zone)
    text = json.dumps(data)
    is_true("main.s.source" in text and "main.s.t0" in text, text[:300])
    j.run("lineage", logs[1].id, "--source", "sql", "--columns", zone=zone)
    j.run("lineage", logs[2].id, "--source", "sql", zone=zone)
    data = j.json("lineage", "main.s.t0", "--table", "--source", "sql", zone=zone)
    is_true("main.s.source" in [row["fqn"] for row in data["upstream"]], str(data["upstream"])[:300])


def doctor(j, zone, _fleet):
    out = j.run("doctor", "--warehouse", zone, zone=zone)
    is_true(re.search(r"system.lakeflow.pipelines is readable \([1-9]", out), out)


# ---- results ----

TYPES = """SELECT 9007199254740993 AS big, CAST('1.000000000000000001' AS DECIMAL(38,18)) AS d,
  TIMESTAMP '2026-08-19T10:11:12.345Z' AS t, DATE '2026-08-19' AS day, parse_json('{"a":[1]}') AS v,
  array('x', NULL) AS a, map('k', 1) AS m, named_struct('f', 'g') AS s, X'00FF' AS b,
  CAST('NaN' AS DOUBLE) AS nan, CAST(NULL AS STRING) AS none, '' AS empty"""


def types(j, zone, _fleet):
    row = j.json("sql", TYPES, zone=zone)[0]
    equal(row, {"big": "9007199254740993", "d": "1.000000000000000001",
                "t": "2026-08-19T10:11:12.345Z", "day": "2026-08-19", "v": '{"a":[1]}',
                "a": '["x",null]', "m": '{"k":1}', "s": '{"f":"g"}', "b": "AP8=", "nan": "nan",
                "none": None, "empty": ""})
    row = j.json("sql", "SELECT :n + 1 AS n, :t AS t, :day AS day, :s AS s, :none AS none", "--param",
                 "n=41:INT", "--param", "t=2026-08-19T10:11:12Z:TIMESTAMP", "--param",
                 "day=2026-08-19:DATE", "--param", "s=it's", "--param", "none", zone=zone)[0]
    equal(row, {"n": "42", "t": "2026-08-19T10:11:12.000Z", "day": "2026-08-19", "s": "it's",
                "none": None})
    j.run("sql", "SELECT CAST('x' AS INT)", zone=zone, status=1)
    is_true("CAST_INVALID_INPUT" in j.err, j.err)


def ways(j, zone, _fleet):
    """Rows come whole by chunks, by links, and by links that expire."""
    want = [str(i) for i in range(1000)]
    j.warehouse.chunk_rows = 300
    for more, expire in ([], False), (["--external-links"], False), (["--external-links"], True):
        j.warehouse.expire = expire
        rows = j.csv("sql", "SELECT id, repeat('é', 4000) AS x FROM range(1000) ORDER BY id", *more,
                     zone=zone)
        equal([r["id"] for r in rows], want)
        is_true(all(r["x"] == "é" * 4000 for r in rows), "texts")
    j.warehouse.expire, j.warehouse.chunk_rows = False, 5000
    equal(j.warehouse.faults, [])


LARGE = "SELECT id, repeat('x', 270) AS filler FROM range(336000)"


def large(j, zone, _fleet):
    """95 MB, which no answer holds, in files of 28 MB: a few MiB more than the 14 of one row."""
    before = len(j.warehouse.log)
    j.warehouse.chunk_rows = 100000
    try:
        most, size = j.memory("sql", LARGE, "-o", "csv", zone=zone)
    finally:
        j.warehouse.chunk_rows = 5000
    is_true(size > 90e6, size)
    equal([e["links"] for e in j.warehouse.log[before:]], [False, True], "asked again")
    print(f"95 MB: {most} KiB")
    is_true(0 < most < 26 * 1024, f"{most} KiB")


def large_history(j, zone, fleet):
    """A command of Tarn's own goes on where an answer would be too large."""
    before = len(j.warehouse.log)
    j.warehouse.inline_bytes = 1000
    try:
        history(j, zone, fleet)
    finally:
        j.warehouse.inline_bytes = 25 * 1024 * 1024
    is_true(any(e["links"] for e in j.warehouse.log[before:]), "by links")


# ---- what was sent ----

# Tables, and the columns that bound a scan of them. A pipeline's newest version may be of any age.
BOUNDS = {"pipeline_update_timeline": ("workspace_id", "period_start_time"),
          "pipeline_events": ("workspace_id", "event_time"), "pipelines": ("workspace_id",),
          "usage": ("workspace_id", "usage_date"), "table_lineage": ("event_date",),
          "column_lineage": ("event_date",)}
# The age of the table is that of all workspaces. The definitions of a pipeline are found by its id.
FREE = {("fleet.age", "workspace_id"), ("lineage.system", "workspace_id")}


def plan_of(session, entry):
    args = {k: ("[]" if k in ("pipelines", "names") else v) for k, v in entry["parameters"].items()}
    for name in ("since", "from", "until", "last"):
        if name in args and args[name] and "T" in args[name]:
            args[name] = datetime.datetime.fromisoformat(args[name].replace("Z", "+00:00"))
        elif name in args and args[name]:
            args[name] = datetime.date.fromisoformat(args[name])
    if "max" in args:
        args["max"] = int(args["max"])
    frame = session.sql(rewritten(entry["text"]), args=args or None)
    return frame._jdf.queryExecution().executedPlan().toString()  # pylint: disable=protected-access


def bounded(j, _zone, _fleet):
    """Each scan has its bounds among the filters that Spark pushes into it, and there is one of each
    table; lineage joins its table with itself."""
    seen = set()
    for entry in j.warehouse.log:
        if not entry["tag"] or entry["error"] or (entry["tag"], entry["text"]) in seen:
            continue
        seen.add((entry["tag"], entry["text"]))
        scans = re.findall(r"FileScan parquet spark_catalog\.(\w+)\.(\w+)\[.*?PushedFilters: \[(.*?)\], "
                           r"ReadSchema", plan_of(j.warehouse.sessions["utc"], entry), re.S)
        tables = [table for _, table, _ in scans]
        is_true(entry["tag"].startswith("lineage.") or len(set(tables)) == len(tables),
                f"{entry['tag']} reads {tables}")
        for _, table, filters in scans:
            for column in BOUNDS.get(table, ()):
                if (entry["tag"], column) not in FREE:
                    is_true(column in filters, f"{entry['tag']}: {table} without {column}: {filters}")
    is_true(len(seen) > 10, len(seen))


def functions():
    """The functions of lua/tarn/statements that return a statement."""
    folder, found = os.path.join(ROOT, "lua/tarn/statements"), set()
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            text = file.read()
        for comment, function in re.findall(r"((?:^--.*\n)+)function M\.(\w+)", text, re.M):
            if "@return string text" in comment:
                found.add(f"{name[:-4]}.{function}")
    return found


def complete(j, _zone, _fleet):
    """Each statement has run. The name of the table of events that is announced does not exist yet."""
    ran = {e["tag"] for e in j.warehouse.log if e["tag"] and not e["error"]}
    equal(sorted(functions() - ran), [], "statements that no case has run")
    wrong = [e for e in j.warehouse.log if e["tag"] and e["error"] and
             "TABLE_OR_VIEW_NOT_FOUND" not in e["error"][1] and "event_log" not in e["text"] and
             "Inline byte limit" not in e["error"][1]]
    equal([(e["tag"], e["error"][1][:300]) for e in wrong], [])


ZONED = [
    ("the dashboard has the rows that were worked out by hand", dashboard, "fleet"),
    ("a silent workspace is no silent table", quiet_workspace, "fleet"),
    ("the history has the rows that were worked out by hand", history, "fleet"),
    ("one pipeline has its updates of any age", one_pipeline, "fleet"),
    ("counts by REST, by SQL and by an addition of its own agree", sums, "logs"),
    ("a usage has the price of its cloud, SKU and time", cost, "fleet"),
    ("types and parameters are kept", types, "fleet"),
]
ONCE = [
    ("names are the same to list, updates and expectations", names, "logs"),
    ("sums by update and day, by each way of counting, agree with REST", forms, "logs"),
    ("the event log is read in each of its forms", log_forms, "logs"),
    ("the recipe cost-drivers shows the money", cost_drivers, "fleet"),
    ("lineage is read", lineage, "logs"),
    ("doctor reads a table", doctor, "fleet"),
    ("results come by chunks and links, which expire", ways, "fleet"),
    ("a result of 95 MB takes a few MiB", large, "fleet"),
    ("a history that is too large for an answer comes by links", large_history, "fleet"),
    ("each scan is bounded, and there is one of each table", bounded, "fleet"),
    ("each statement of lua/tarn/statements has run", complete, "fleet"),
]

def all_of(j, data):
    for name, f, what in ZONED:
        for zone in ZONES:
            j.case(f"{name} ({ZONES[zone]})", f, zone, data[what])
    for name, f, what in ONCE:
        j.case(name, f, "utc", data[what])
