import dlt

RULES = {"id": "id IS NOT NULL", "amount": "amount > 0"}


@dlt.expect("one", "a > 0")
@dlt.table
@dlt.expect_or_drop("two", "b > 0")
@dlt.expect_or_fail("three", "c > 0")
@dlt.expect_all(RULES)
@dlt.expect_all_or_drop({"four": "d > 0"})
@dlt.expect_all_or_fail({"five": "e > 0"})
def checked():
    return dlt.read("unchecked")
