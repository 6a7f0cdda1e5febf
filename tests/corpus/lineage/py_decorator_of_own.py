import dlt


def bronze(source, **options):
    def decorate(function):
        @dlt.table(name="bronze_" + function.__name__, **options)
        def wrapper():
            return function(spark.readStream.table(f"main.raw.{source}"))
        return wrapper
    return decorate


@bronze("cats", comment="all cats")
def cats(frame):
    return frame.where("legs = 4")


@bronze("dogs")
def dogs(frame):
    return frame.join(spark.table("breeds"), "breed")
