import dlt


def make(name, source=None):
    @dlt.table(name=f"{name}_clean", comment=f"clean {name}")
    def clean():
        return spark.table(source or f"main.raw.{name}")


for name in ["cars", "bikes"]:
    make(name)
make("boats", source="harbour")
make(name="planes")
