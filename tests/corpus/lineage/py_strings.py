import dlt

PREFIX = u"bronze" '_' """zone"""


@dlt.table(name=PREFIX + r"_a")
def one():
    # spark.read.table("in_a_comment")
    text = "spark.read.table('in_a_text')"
    """spark.read.table("in_a_docstring")"""
    return spark.read.table(
        "main.raw."  # a literal
        "parts"      # in two lines
    )


@dlt.table(name="escaped\x5fname")
def two():
    return spark.read.table('it\'s "quoted"'[0:2] + "ems")
