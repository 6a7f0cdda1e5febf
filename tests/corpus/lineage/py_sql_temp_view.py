import dlt

spark.sql("CREATE OR REPLACE TEMPORARY VIEW helper AS SELECT * FROM main.raw.base")


@dlt.table
def through_it():
    spark.sql("""create temp view inner_helper as
        select * from helper join other_table using (id)""")
    return spark.sql("SELECT * FROM inner_helper WHERE x > 1")
