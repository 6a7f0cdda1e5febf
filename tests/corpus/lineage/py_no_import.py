@dlt.table
def in_a_notebook():
    return spark.table("before")
