import dlt
from company.session import make_session, spark_session

spark = make_session("name")


@dlt.table
def by_custom():
    return spark.table("one").union(spark_session.read.table("two"))


def load(spark, name):
    return spark.table(name)


@dlt.table
def by_argument():
    return load(make_session(), "three")
