import dlt

count = 0


def next_name():
    global count
    count += 1
    return f"t{count}"


def define(source):
    @dlt.table(name=next_name())
    def table():
        return spark.table(source)


define("s1")
define("s2")
