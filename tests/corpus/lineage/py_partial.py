import dlt
from functools import partial


def load(name, layer):
    return spark.table(f"{layer}.{name}")


silver = partial(load, layer="silver")


@dlt.table
def uses_partial():
    return silver("events")
