import dlt


@dlt.table
def with_frame():
    left = spark.table("left_frame")
    return spark.sql("SELECT * FROM {frame} JOIN right_table USING (id)", frame=left)
