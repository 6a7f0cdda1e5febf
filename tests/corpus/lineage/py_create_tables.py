import dlt
from pyspark import pipelines as dp

dlt.create_streaming_table("newest")
dlt.create_streaming_live_table(name="older", comment="the name of an older release")
dlt.create_target_table(name="oldest")
dp.create_streaming_table(name="main.other.elsewhere", expect_all={"a": "x > 0"})
