import dlt

todo = []
todo.append("one")
todo.extend(["two"])
todo += ["three"]
settings = dict(prefix="p_")
settings["suffix"] = "_s"
settings.update({"middle": "m"})

for name in todo:
    @dlt.table(name=settings["prefix"] + name + settings["suffix"])
    def t(name=name):
        return spark.table(settings["middle"] + name)
