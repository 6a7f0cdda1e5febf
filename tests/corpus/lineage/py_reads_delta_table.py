import dlt
from delta.tables import DeltaTable


@dlt.table
def of_delta():
    return DeltaTable.forName(spark, "main.raw.tracked").toDF()
