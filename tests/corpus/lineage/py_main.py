import dlt


def main():
    @dlt.table
    def made_by_main():
        return spark.table("main.raw.m")


if __name__ == "__main__":
    main()
