import pyspark.pipelines


@pyspark.pipelines.materialized_view(name="stock")
def count_stock():
    return spark.table("deliveries").unionByName(spark.table("sales"))
