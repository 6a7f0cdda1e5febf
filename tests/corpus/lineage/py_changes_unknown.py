import dlt
from config import SOURCE, TARGET

dlt.create_streaming_table("known")
dlt.apply_changes(target="known", source=SOURCE, keys=["id"], sequence_by="at")
dlt.apply_changes(target=TARGET, source="known", keys=["id"], sequence_by="at")
dlt.create_streaming_table(TARGET)
