import dlt


def read_raw(name, schema="raw"):
    return spark.read.table(f"main.{schema}.{name}")


def joined(left, right):
    """Reads both."""
    return read_raw(left).join(read_raw(right, schema="ref"), "id")


@dlt.table
def people():
    return joined("persons", right="addresses")
