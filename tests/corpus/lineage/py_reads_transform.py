import dlt
from functools import reduce


def with_prices(frame):
    return frame.join(spark.table("prices"), "sku")


@dlt.table
def priced():
    return spark.table("baskets").transform(with_prices).transform(lambda f: f.dropna())


@dlt.table
def all_years():
    frames = [spark.table(f"sales_{year}") for year in range(2023, 2026)]
    return reduce(lambda a, b: a.unionByName(b), frames)
