import dlt

SPECS = [("a", "raw_a"), ("b", "raw_b")]

for target, source in SPECS:
    @dlt.table(name=target)
    def table_of(source=source):
        return spark.table(source)
