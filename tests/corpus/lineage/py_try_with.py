import dlt

with open("/etc/hostname") as handle:
    text = handle.read()

    @dlt.table
    def in_with():
        return spark.table("w")

try:
    place = spark.conf.get("place")
except Exception as e:
    place = "nowhere"
finally:
    @dlt.table
    def in_finally():
        return spark.table("f").union(spark.table(place))
