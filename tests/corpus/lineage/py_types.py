import dlt


@dlt.table
def batch():
    return spark.read.table("a")


@dlt.table
def stream():
    return spark.readStream.table("a")


@dlt.table
def stream_with_lookup():
    return dlt.read_stream("stream").join(dlt.read("batch"), "id")


@dlt.table
def batch_beside_a_stream():
    ignored = spark.readStream.table("stream")
    return spark.read.table("batch")


@dlt.view
def view_of_stream():
    return spark.readStream.table("stream")
