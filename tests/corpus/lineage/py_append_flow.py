from pyspark import pipelines as dp

dp.create_streaming_table("target")


@dp.append_flow(target="target", name="backfill", once=True)
def old_rows():
    return spark.read.table("archive")


@dp.append_flow(target="target")
def new_rows():
    return spark.readStream.table("inbox")


def more():
    return spark.readStream.table("third")


dp.append_flow(target="target", name="by_call")(more)
