import dlt
from catalogue import tables

for table in tables:
    @dlt.table(name=f"{table}_copy")
    def copy(table=table):
        return spark.table(table)


@dlt.table
def beside():
    return spark.table("all_right")
