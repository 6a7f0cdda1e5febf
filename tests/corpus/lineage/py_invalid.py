import dlt

print "from another age"


@dlt.table
def still_read():
    return spark.table("before")


@dlt.table
def broken(:
    return spark.table("lost")


@dlt.table
def also_read():
    return spark.table("after")
