import dlt


@dlt.table
def by_parameter():
    return spark.sql("SELECT * FROM IDENTIFIER('main.raw.named') WHERE d = :day", args={"day": "x"})
