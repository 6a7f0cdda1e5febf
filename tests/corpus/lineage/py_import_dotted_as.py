import pyspark.pipelines as lines


@lines.view(name="open_orders")
def only_open():
    return spark.read.table("orders").filter("closed_at IS NULL")
