import dlt


def name_of(*parts, separator="_", **more):
    return separator.join(parts) + more.get("end", "")


def define(name, /, source, *, stream=False):
    reader = spark.readStream if stream else spark.read

    @dlt.table(name=name)
    def inner():
        return reader.table(source)

    return inner


define(name_of("a", "b"), "raw_ab", stream=True)
define(name_of("c", end="_end"), source="raw_c")
define(*["d", "raw_d"], **{"stream": True})
