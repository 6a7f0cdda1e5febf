from pyspark import pipelines as dp


@dp.table
def messages():
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", "broker:9092")
        .option("subscribe", "topic")
        .load()
    )


@dp.table
def rates():
    return spark.readStream.format("rate").load()


@dp.materialized_view
def people():
    return spark.read.format("jdbc").option("dbtable", "public.people").load()


@dp.materialized_view
def made_up():
    return spark.createDataFrame([(1, "a")], ["id", "name"])
