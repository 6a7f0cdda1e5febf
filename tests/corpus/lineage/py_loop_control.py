import dlt


def define(name):
    @dlt.view(name=name)
    def view():
        return spark.table("base_" + name)


for number, name in enumerate(["skipped", "taken", "also", "never"]):
    if name.startswith("skip"):
        continue
    if number > 2:
        break
    define(name)

for left, right in zip(["l1", "l2"], ["r1", "r2"]):
    define(f"{left}_{right}")

counter = 0
while counter < 2:
    define(f"turn_{counter}")
    counter += 1
