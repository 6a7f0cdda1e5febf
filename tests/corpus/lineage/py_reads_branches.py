import dlt
from settings import is_test


@dlt.table
def either():
    if is_test:
        frame = spark.table("sample")
    elif spark.conf.get("mode") == "full":
        frame = spark.table("everything")
    else:
        frame = spark.table("never")
    return frame if frame else spark.table("fallback")
