import dlt
from pyspark.sql import SparkSession

session = SparkSession.builder.appName("x").getOrCreate()
stream = session.readStream


class Job:
    def __init__(self, spark):
        self.spark = spark
        self._spark = spark

    def load(self):
        return self.spark.read.table("by_self").union(self._spark.table("by_private"))


@dlt.table
def a():
    return session.table("by_session")


@dlt.table
def b():
    return stream.format("delta").table("by_reader")


@dlt.table
def c():
    return Job(session).load()


@dlt.table
def d():
    return SparkSession.getActiveSession().read.table("by_active")
