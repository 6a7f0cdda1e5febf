import dlt
from company.loaders import load, enrich


@dlt.table
def unknown_source():
    return load(spark, "somewhere")


@dlt.table
def derived():
    return enrich(spark.table("known_source"))


@dlt.table
def half_known():
    return spark.table("left_side").join(load(spark, "right_side"), "id")
