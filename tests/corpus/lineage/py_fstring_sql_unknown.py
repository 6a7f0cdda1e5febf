import dlt
from elsewhere import condition, table_name


@dlt.table
def filtered():
    return spark.sql(f"SELECT * FROM literal_table WHERE {condition}")


@dlt.table
def computed():
    return spark.sql(f"SELECT * FROM {table_name} JOIN known_table USING (id)")
