import dlt
from reports import html, Reader


class Page:
    def table(self, name):
        return name

    def sql(self, text):
        return text


page = Page()


@dlt.table
def only_one():
    html.table("not_a_table")
    page.table("nor_this")
    page.sql("SELECT * FROM nor_that")
    Reader().read.table("nor_of_another_reader")
    spark.catalog.tableExists("only_asked_for")
    return spark.table("the_one")
