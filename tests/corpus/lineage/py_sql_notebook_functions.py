import dlt


@dlt.table
def short_forms():
    return sql("SELECT * FROM by_sql").union(table("by_table"))
