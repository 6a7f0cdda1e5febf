import dlt


@dlt.table
def fine():
    return spark.table("x")


dlt.create_something_new(name="y")
