from pyspark import pipelines as ldp


@ldp.table
def raw_copy():
    return spark.readStream.table("raw")
