import dlt

SPECS = {
    "users": {"source": "main.app.users", "stream": True, "keys": ["id"]},
    "logs": {"source": "main.app.logs", "stream": False},
}


def build(name, spec):
    if spec["stream"]:
        @dlt.table(name=name)
        def streaming():
            return spark.readStream.table(spec["source"])
    else:
        @dlt.table(name=name)
        def batch():
            return spark.read.table(spec["source"])
    if "keys" in spec:
        dlt.create_streaming_table(f"{name}_history")
        dlt.apply_changes(target=f"{name}_history", source=name, keys=spec.get("keys"),
                          sequence_by="at")


for name, spec in SPECS.items():
    build(name, spec)
