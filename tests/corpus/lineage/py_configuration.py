import dlt

source = spark.conf.get("demo.source")
target = spark.conf.get("demo.target", "by_default")
tables = spark.conf.get("demo.tables").split(",")
spark.conf.set("demo.set", "set_here")


@dlt.table(name=target)
def one():
    return spark.table(source)


for table in tables:
    @dlt.table(name=f"copy_of_{table}")
    def copy(table=table):
        return spark.table(table)


@dlt.table(name=spark.conf.get("demo.set"))
def two():
    return spark.table("x" if spark.conf.get("demo.flag", "no") == "yes" else "y")
