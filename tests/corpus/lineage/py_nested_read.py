import dlt
from pyspark.sql import functions as F


@dlt.table
def nested():
    small = F.broadcast(spark.table("small"))
    return (
        spark.table("big")
        .join(small, "id")
        .where(F.col("x").isin([r[0] for r in spark.table("allowed").collect()]))
        .select("*", F.lit(spark.table("newest").first()[0]).alias("n"))
    )
