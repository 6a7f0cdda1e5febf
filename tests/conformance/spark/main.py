"""main.py TARN [SEED]: the judge of Tarn's statements. See tests/conformance/spark.sh."""

import datetime
import os
import random
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import cases  # noqa: E402
import money  # noqa: E402
import tables  # noqa: E402
from fleet import Fleet, pid  # noqa: E402
from judge import QUICK, Judge, start_spark  # noqa: E402
from logs import NAMES, Log  # noqa: E402
from rest import Rest  # noqa: E402
from warehouse import WORKSPACE  # noqa: E402


def edge(log, source, target, at):
    return {"workspace_id": WORKSPACE, "entity_type": "PIPELINE", "entity_id": log.id,
            "source_table_full_name": source, "target_table_full_name": target,
            "source_type": "TABLE", "target_type": "STREAMING_TABLE", "event_time": at,
            "event_date": at.date()}


def make_tables(spark, fleet, logs):
    now = fleet.now
    at = now - datetime.timedelta(days=1)
    data = {"lakeflow.pipelines": list(fleet.pipelines),
            "lakeflow.pipeline_update_timeline": list(fleet.slices),
            "lakeflow_pipeline_events_preview.pipeline_events": list(fleet.events),
            "access.table_lineage": [edge(logs[0], "main.s.source", "main.s.t0", at)],
            "access.column_lineage": [{**edge(logs[0], "main.s.source", "main.s.t0", at),
                                       "source_column_name": "a", "target_column_name": "b"}],
            "information_schema.tables": [{"table_catalog": "main", "table_schema": "s",
                                           "table_name": "t0", "table_type": "STREAMING_TABLE"}],
            **money.tables(now)}
    for log in logs:
        data["lakeflow.pipelines"].append(log.pipeline_row(WORKSPACE, now))
        data["lakeflow.pipeline_update_timeline"] += log.slices(WORKSPACE)
        data["lakeflow_pipeline_events_preview.pipeline_events"] += log.system_rows(WORKSPACE)
    tables.write_all(spark, data)
    # the first log by the function, the next two as tables, of texts and of structs
    for i, log in enumerate(logs[:3]):
        name = log.id.replace("-", "_")
        tables.write(spark, f"event_logs.f_{name}" if i == 0 else f"s.event_log_{name}",
                     tables.LOG_TEXTS if i < 2 else tables.LOG_STRUCTS, log.log_rows(i < 2))


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10 ** 6)
    print(f"seed {seed}")
    now = datetime.datetime.now(datetime.timezone.utc)
    chance = random.Random(seed)
    fleet, logs = Fleet(now), [Log(chance, i, now) for i in range(len(NAMES))]
    folder = tempfile.mkdtemp()
    try:
        spark, sessions = start_spark(folder, **QUICK)
        make_tables(spark, fleet, logs)
        named = {pid(n): row[0] for n, row in fleet.shown().items()}
        judge = Judge(sys.argv[1], sessions, Rest(logs, {**named, pid(2): "Deleted"}))
        cases.all_of(judge, {"fleet": fleet, "logs": logs})
        judge.close()
        spark.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{judge.passed} passed, {judge.failed} failed")
    sys.exit(judge.failed > 0)


if __name__ == "__main__":
    main()
