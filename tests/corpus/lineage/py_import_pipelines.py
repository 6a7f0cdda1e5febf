from pyspark import pipelines as dp
from pyspark.sql import functions as F


@dp.table(name="clicks")
def clicks():
    return spark.readStream.table("main.web.clicks_raw")


@dp.materialized_view
def clicks_by_day():
    return spark.read.table("clicks").groupBy(F.to_date("at").alias("day")).count()


@dp.temporary_view()
def clicks_of_today():
    return spark.read.table("clicks").where("at >= current_date()")
