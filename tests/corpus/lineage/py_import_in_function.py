def define():
    from pyspark import pipelines as inner

    @inner.table(name="late")
    def anything():
        return spark.readStream.table("early")


define()
