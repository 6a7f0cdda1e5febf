from pyspark import pipelines as dp

dp.create_sink("out", "kafka", {"topic": "t"})
dp.create_sink(name="files", format="delta", options={"path": "/Volumes/main/out/files"})


@dp.append_flow(target="out")
def to_kafka():
    return spark.readStream.table("only_the_sink_reads_it")


@dp.update_flow(target="files", name="changed")
def to_files():
    return spark.readStream.table("counts").groupBy("k").count()
