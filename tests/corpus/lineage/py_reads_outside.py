import dlt

lookup = spark.read.table("main.ref.lookup")
unused = spark.read.table("main.ref.unused")


@dlt.table
def enriched():
    return dlt.read("plain").join(lookup, "id")
