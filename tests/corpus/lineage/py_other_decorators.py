import dlt
from functools import wraps
from pyspark.sql.functions import udf


def logged(function):
    @wraps(function)
    def inner(*args, **kwargs):
        print(function.__name__)
        return function(*args, **kwargs)
    return inner


@udf("int")
def no_dataset(x):
    return x + 1


@dlt.table(name="traced")
@logged
def compute():
    return spark.table("inner_source")
