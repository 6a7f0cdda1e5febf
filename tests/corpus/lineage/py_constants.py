import dlt
import os.path

CATALOG, SCHEMA = "main", "raw"
NAMES = {"orders": {"source": "orders_v2", "keys": ["id"]}}
LAYERS = ["bronze", "silver", "gold"]
PLACE = CATALOG + "." + SCHEMA
VOLUME = os.path.join("/Volumes", CATALOG, SCHEMA, "in")
ANNOTATED: str = "annotated"
FIRST = SECOND = "chained"
AUGMENTED = "aug"
AUGMENTED += "mented"


@dlt.table(name="%s_%s" % (LAYERS[0], "orders"))
def orders():
    return spark.table("{}.{name}".format(PLACE, name=NAMES["orders"]["source"]))


@dlt.table(name="_".join(LAYERS[1:]))
def rest():
    return spark.read.json(VOLUME).union(spark.table(NAMES.get("other", ANNOTATED)))


@dlt.table(name=SECOND if LAYERS[-1] == "gold" else "wrong")
def chained():
    return spark.table(AUGMENTED.upper().lower().strip())
