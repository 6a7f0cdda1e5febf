from pyspark.pipelines import append_flow, create_streaming_table, materialized_view as mv

create_streaming_table(name="events", comment="of all regions")


@append_flow(target="events")
def events_eu():
    return spark.readStream.table("main.eu.events")


@append_flow(target="events", name="american_events")
def events_us():
    return spark.readStream.table("main.us.events")


@mv()
def event_types():
    return spark.read.table("events").select("type").distinct()
