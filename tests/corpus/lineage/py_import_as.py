import dlt as d


@d.table
def cleaned():
    return d.read("collected").dropDuplicates()


@d.table(name="collected")
def first():
    return spark.read.table("main.raw.visits")
