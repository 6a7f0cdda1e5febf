import dlt

part = {"kind": "x"}


@dlt.view(name=f"{part["kind"]}_{f"{"y" + '}'}"[0:1]}")
def nested():
    return spark.table(f"{", ".join(["a"])}")
