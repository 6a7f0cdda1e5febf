import dlt

module = dlt
declare = module.table


@declare(name="renamed")
def original():
    return module.read("source_of_it")
