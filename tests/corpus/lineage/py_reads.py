import dlt


@dlt.table
def batch():
    a = spark.read.table("t_read")
    b = spark.table("t_table")
    c = spark.read.format("delta").option("versionAsOf", 3).table("t_format")
    d = dlt.read("t_dlt")
    e = spark.read.table("LIVE.t_live")
    f = spark.table(tableName="t_named")
    return a.union(b).union(c).union(d).union(e).union(f)


@dlt.table
def streams():
    a = spark.readStream.table("s_table")
    b = spark.readStream.option("skipChangeCommits", "true").table("s_option")
    c = dlt.read_stream("s_dlt")
    d = dlt.readStream("s_camel")
    e = spark.readStream.format("delta").options(readChangeFeed="true").table("live.s_live")
    return a.union(b).union(c).union(d).union(e)
