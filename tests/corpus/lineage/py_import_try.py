try:
    import dlt
except ImportError:
    from stand_in import dlt


@dlt.table
def kept():
    return dlt.read("given")
