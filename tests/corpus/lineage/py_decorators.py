import dlt


@dlt.table(name="orders", comment="all orders")
@dlt.expect_or_drop("has_id", "id IS NOT NULL")
def read_orders():
    return spark.readStream.table("main.raw.orders")


@dlt.table
def daily():
    return dlt.read("orders").groupBy("day").count()


@dlt.view(name="recent")
def recent_orders():
    return dlt.read_stream("orders")
