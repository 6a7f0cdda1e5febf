from pyspark import pipelines as dp


@dp.foreach_batch_sink(name="custom")
def write_batch(df, batch_id):
    rates = df.sparkSession.table("rates")
    df.join(rates, "currency").write.mode("append").saveAsTable("main.out.written")


@dp.foreach_batch_sink
def plain(df, batch_id):
    df.write.format("noop").save()


@dp.foreach_sink(name="by_row")
def write_row(row):
    print(row)


@dp.append_flow(target="custom")
def feed():
    return spark.readStream.table("bills")


@dp.append_flow(target="plain")
def feed_plain():
    return spark.readStream.table("bills")


@dp.update_flow(target="by_row")
def feed_row():
    return spark.readStream.table("rows")
