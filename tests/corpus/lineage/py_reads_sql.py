import dlt


@dlt.table
def totals():
    return spark.sql("""
        WITH paid AS (SELECT * FROM payments WHERE ok)
        SELECT c.name, sum(p.amount) FROM paid p
        JOIN main.crm.customers c ON c.id = p.customer
        GROUP BY c.name
    """)


@dlt.table
def flow():
    query = "SELECT * FROM STREAM(LIVE.incoming)"
    return spark.sql(query)
