import dlt

region = "eu"
parts = {"kind": "orders", "n": 7}


@dlt.table(name=f"{region}_{parts['kind']}_{parts['n']:03d}")
def dataset():
    return spark.table(f"main.{region.upper()!s}.{{raw}}".replace("{raw}", f'{"r" + "aw"}'))
