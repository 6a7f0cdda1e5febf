import dlt
SOURCE = \
    "main.raw.long"; OTHER = "short"

@dlt.table(
    name =
        "joined",
    comment = "a comment with ) and # in it",
)
def f(
    ): return spark.read \
        .format("delta") \
        .table(SOURCE) \
        .join(spark
              .table(OTHER),
              on="id",
              how = 'left')
