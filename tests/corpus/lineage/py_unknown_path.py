import dlt
from paths import LANDING


@dlt.table
def files():
    return spark.readStream.format("cloudFiles").load(f"{LANDING}/files")


@dlt.table
def relative():
    return spark.read.csv("data/table.csv")
