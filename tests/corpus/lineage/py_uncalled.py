import dlt


def register(spark, name):
    @dlt.table(name="literal_in_it")
    def literal():
        return spark.table("read_by_it")

    @dlt.table(name=name)
    def computed():
        return spark.table("other")
