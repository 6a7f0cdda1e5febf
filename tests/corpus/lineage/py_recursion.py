import dlt


def endless(name):
    return endless(name + "x")


@dlt.table
def bottomless():
    return spark.table(endless("x"))
