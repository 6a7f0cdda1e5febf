from dlt import *


@table(name="trips")
@expect("plausible", "km < 5000")
def trips_of_all():
    return read_stream("trips_in")


@view
def trips_in():
    return spark.readStream.table("main.raw.trips")
