import dlt
from settings import mode

match mode:
    case "a" | {"kind": [_, *_]}:
        source = "of_a"
    case _ if not mode: source = "of_all"

match = "match"


@dlt.table(name=match)
def matched():
    return spark.table(source)
