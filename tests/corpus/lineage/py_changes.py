import dlt
from pyspark import pipelines as dp
from pyspark.sql.functions import col, expr

dlt.create_streaming_table("customers")
dlt.apply_changes(
    target="customers",
    source="customers_cdc",
    keys=["id"],
    sequence_by=col("version"),
    apply_as_deletes=expr("op = 'DELETE'"),
    stored_as_scd_type=2,
)

dp.create_streaming_table("products")
dp.create_auto_cdc_flow("products", "main.shop.products_feed", ["sku"], "at")
dp.create_auto_cdc_flow(name="second", target="products", source="more", keys=["sku"], sequence_by="at")
