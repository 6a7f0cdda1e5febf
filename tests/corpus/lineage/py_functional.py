import dlt


def shared():
    return spark.table("numbers")


dlt.table(name="by_call")(shared)
dlt.view(shared, name="by_argument")
dlt.table(lambda: spark.table("letters"), name="by_lambda")
dlt.materialized_view(name="twice")(dlt.expect("ok", "n > 0")(shared))
