"""scale.py TARN: the statements with their bounds against those without, on 2.88 million slices.

12,000 pipelines, 60 days, 4 updates a day. The statements without bounds are those of the commit
`BEFORE`, which must be in the repository. The dashboard and a history of one day must have the same
rows in at most a quarter of the time.
"""

import datetime
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import tables  # noqa: E402
from judge import Judge, equal, is_true, start_spark  # noqa: E402
from rest import Rest  # noqa: E402

BEFORE = "c79f589"
PIPELINES, DAYS, A_DAY = 12000, 60, 4

SLICES = f"""
SELECT 'a' AS account_id, '1111' AS workspace_id,
  concat('00000000-0000-4000-8000-', lpad(CAST(id % {PIPELINES} AS STRING), 12, '0')) AS pipeline_id,
  concat(lpad(CAST(id AS STRING), 8, '0'), '-0000-4000-8000-000000000000') AS update_id,
  concat('r', id) AS request_id, 'ada' AS run_as_user_name, 'REFRESH' AS update_type,
  'JOB_TASK' AS trigger_type, named_struct('job_task', named_struct('job_id', '1',
    'job_task_run_id', CAST(id AS STRING), 'performance_target', 'STANDARD')) AS trigger_details,
  CASE WHEN id % 50 = 0 THEN 'FAILED' ELSE 'COMPLETED' END AS result_state,
  named_struct('type', 'CLASSIC_COMPUTE', 'cluster_id', concat('c', id % 1000)) AS compute,
  at AS period_start_time, at + INTERVAL 10 MINUTES AS period_end_time,
  CAST(array() AS array<string>) AS refresh_selection,
  CAST(array() AS array<string>) AS full_refresh_selection,
  CAST(array() AS array<string>) AS reset_checkpoint_selection
FROM (SELECT id, current_timestamp() - make_interval(0, 0, 0, 0, 0, 0,
    (id DIV {PIPELINES}) * {86400 // A_DAY} + 1200 + id % 600) AS at
  FROM range({PIPELINES * DAYS * A_DAY}))
ORDER BY at"""

NAMES = f"""
SELECT 'a' AS account_id, '1111' AS workspace_id,
  concat('00000000-0000-4000-8000-', lpad(CAST(id AS STRING), 12, '0')) AS pipeline_id,
  'ETL_PIPELINE' AS pipeline_type, concat('pipeline ', id) AS name, 'ada' AS created_by,
  'ada' AS run_as, current_timestamp() - INTERVAL 100 DAYS AS change_time,
  CAST(NULL AS TIMESTAMP) AS delete_time
FROM range({PIPELINES})"""

OLD = """
local old = require "old_fleet"
local since = tarn.time.now() - 86400000
local text, params
if arg_kind == "health" then
  text, params = old.health(ws:org_id())
else
  text, params = old.history { workspace = ws:org_id(), name = "*", since = since }
end
for row in ws:sql(text, params) do
  print(tarn.json.encode { row.update_id, row.result, row.attempts, row.started })
end
"""


def make_tables(spark):
    for name, columns in tables.TABLES.items():
        tables.write(spark, name, columns, [], tables.VARIANTS.get(name))
    for name, text in (("pipeline_update_timeline", SLICES), ("pipelines", NAMES)):
        spark.sql(f"DROP TABLE lakeflow.{name}")
        spark.sql(text).write.format("parquet").saveAsTable(f"lakeflow.{name}")


def timed(j, f):
    """What `f` returns, and the seconds of each statement that it sent."""
    before = len(j.warehouse.log)
    result = f()
    return result, [(e["tag"] or "unbounded", round(e["seconds"], 1)) for e in
                    j.warehouse.log[before:] if not e["error"]]


def compare(j, what, old, new):
    was, unbounded = timed(j, old)
    now, bounded = timed(j, new)
    equal(len(now), len(was), what)
    equal(sorted(map(str, now)), sorted(map(str, was)), what)
    a, b = sum(s for _, s in unbounded), sum(s for _, s in bounded)
    print(f"{what}: {len(now)} rows; {a:.1f} s without bounds; {b:.1f} s with them: {bounded}",
          flush=True)
    return a, b


def old_rows(j, kind):
    return [(u, s, int(n), at) for u, s, n, at in j.script(f'local arg_kind = "{kind}"\n' + OLD)]


def dashboard(j):
    return [(u["update_id"], u["state"], u["attempts"], u["creation_time"]) for u in
            (r["latest_update"] for r in j.json("dashboard", "--source", "sql")["pipelines"])]


def updates(j):
    return [(r["update_id"], r["state"], r["attempts"], datetime.datetime.fromtimestamp(
        r["creation_time"] / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.")
             + f"{r['creation_time'] % 1000:03}Z")
            for r in j.json("updates", "*", "--source", "sql", "--since", "1d")]


def main():
    folder = tempfile.mkdtemp()
    failed = 0
    try:
        spark, sessions = start_spark(folder, **{"spark.sql.shuffle.partitions": "4"})
        make_tables(spark)
        j = Judge(sys.argv[1], sessions, Rest([]))
        with open(os.path.join(j.home, "path/lua/old_fleet.lua"), "w", encoding="utf-8") as file:
            file.write(subprocess.check_output(
                ["git", "show", BEFORE + ":lua/tarn/statements/fleet.lua"], text=True))
        for what, kind, new in (("dashboard", "health", dashboard), ("updates '*'", "history", updates)):
            for _ in range(2):
                try:
                    a, b = compare(j, what, lambda k=kind: old_rows(j, k), lambda f=new: f(j))
                    is_true(b <= a / 4, f"{what}: more than a quarter")
                except Exception as e:  # pylint: disable=broad-except
                    failed += 1
                    print(f"FAILED: {what}: {str(e)[:2000]}")
        j.close()
        spark.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{4 - failed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
