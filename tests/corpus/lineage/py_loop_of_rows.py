import dlt

for row in spark.read.table("main.meta.tables").collect():
    @dlt.table(name=row.name)
    def table():
        return spark.table(row["source"])
