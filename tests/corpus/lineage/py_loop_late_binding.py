import dlt

# The functions run when the loop has ended: both read the last name. Only names that are
# evaluated in the loop differ.
for name in ("first", "last"):
    @dlt.table(name="of_" + name)
    def table_of():
        return spark.table(name)
