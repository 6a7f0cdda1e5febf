import dlt
from settings import flag

name = "a" if flag else "b"


@dlt.table(name=name)
def either():
    return spark.table(name)
