import dlt

names = [n for n in ("red", "green", "") if n]
sources = {n: f"main.colours.{n}" for n in names}


def paint(name):
    dlt.table(name=name)(lambda: spark.table(sources[name]))


[paint(n) for n in names]


@dlt.table
def mixed():
    return spark.table("|".join(sorted(set(names))).split("|")[0])
