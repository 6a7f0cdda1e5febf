import dlt


@dlt.table
def loaded():
    return (
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "json")
        .load("/Volumes/main/raw/landing")
    )


@dlt.table
def by_method():
    a = spark.read.json("/Volumes/main/raw/json/")
    b = spark.read.option("header", True).csv(["s3://bucket/a.csv", "s3://bucket/b.csv"])
    c = spark.read.parquet("abfss://box@store.dfs.core.windows.net/p")
    d = spark.read.load("dbfs:/mnt/d", format="orc")
    e = spark.read.format("delta").option("path", "/mnt/e").load()
    f = spark.read.table("delta.`/mnt/f`")
    return a.union(b).union(c).union(d).union(e).union(f)
