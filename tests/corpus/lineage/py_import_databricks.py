from databricks import dlt


@dlt.table
def scores():
    return spark.table("answers")
