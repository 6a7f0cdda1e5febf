import dlt


@dlt.table(name="two.parts")
def a():
    return spark.table("one")


@dlt.table(name="three.of.them")
def b():
    return spark.table("`with.dot`.t")


@dlt.table(name=None)
def own_name():
    return spark.table("MixedCase")
