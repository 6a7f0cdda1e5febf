import dlt
from pyspark import pipelines as dp

for name in ("by_name", "by_function", "by_lambda", "by_tuple", "by_query"):
    dlt.create_streaming_table(name)


def next_snapshot(latest):
    version = (latest or 0) + 1
    if version > 3:
        return None
    return spark.read.table("snapshots").where(f"v = {version}"), version


dlt.apply_changes_from_snapshot(target="by_name", source="daily", keys=["id"], stored_as_scd_type=1)
dlt.apply_changes_from_snapshot(
    target="by_function", snapshot_and_version=next_snapshot, keys=["id"], stored_as_scd_type=2)
dp.create_auto_cdc_from_snapshot_flow(
    target="by_lambda", source=lambda v: (spark.read.table("weekly"), 1) if v is None else None,
    keys=["id"], stored_as_scd_type=1)
dp.create_auto_cdc_from_snapshot_flow(
    target="by_tuple", source=(spark.read.table("once"), 1), keys=["id"], stored_as_scd_type=1)
dlt.apply_changes_from_snapshot(
    target="by_query", snapshot_and_version=(spark.sql("SELECT * FROM asked"), 1), keys=["id"],
    stored_as_scd_type=1)
