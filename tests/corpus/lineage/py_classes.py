import dlt
from dataclasses import dataclass
from enum import Enum


class Tables:
    RAW = "main.raw.things"
    CLEAN = RAW.replace("raw", "clean")


class Layer(Enum):
    SILVER = "silver"


@dataclass
class Spec:
    name: str
    source: str = "by_default"


class Builder:
    prefix = "built"

    def __init__(self, spec):
        self.spec = spec

    @property
    def name(self):
        return f"{self.prefix}_{self.spec.name}"

    @staticmethod
    def read(source):
        return spark.table(source)

    def build(self):
        @dlt.table(name=self.name)
        def table():
            return self.read(self.spec.source)


class Special(Builder):
    prefix = "special"


@dlt.table(name=Layer.SILVER.value + "_things")
def things():
    return spark.table(Tables.RAW).union(spark.table(Tables.CLEAN))


for spec in [Spec("x", "source_x"), Spec(name="y")]:
    Builder(spec).build()
Special(Spec("z", source="source_z")).build()
