from dlt import table as dataset, read, create_streaming_table as make_table, apply_changes


@dataset(comment="without a name of its own")
def pens():
    return read("paper")


make_table("desks")
apply_changes(target="desks", source="pens", keys=["id"], sequence_by="at")
