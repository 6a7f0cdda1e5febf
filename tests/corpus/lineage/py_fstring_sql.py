import dlt
from datetime import date

TABLE = "measurements"


@dlt.table
def recent():
    return spark.sql(f"""
        SELECT * FROM {TABLE} m JOIN main.ref.sensors s ON m.sensor = s.id
        WHERE m.day > '{date.today().isoformat()}'
    """)
