import dlt


@dlt.table
def through_a_view():
    spark.table("base").createOrReplaceTempView("for_now")
    return spark.sql("SELECT * FROM for_now JOIN lookup USING (id)")
