import dlt

source = spark.conf.get("not.there")


@dlt.table
def short():
    return spark.table(source)


@dlt.table(name=f"{source}_copy")
def copied():
    return spark.table("known")
