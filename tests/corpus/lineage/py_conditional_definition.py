import dlt

if spark.conf.get("mode") == "dev":
    @dlt.table
    def only_in_dev():
        return spark.table("small")
else:
    @dlt.table
    def only_in_prod():
        return spark.table("large")

if spark.conf.get("unset", None) is None:
    @dlt.view
    def without_setting():
        return spark.table("plain")
