import dlt


@dlt.resource(name="rows")
def rows():
    yield {"a": 1}


dlt.pipeline(pipeline_name="p", destination="duckdb").run(rows)
