# Databricks notebook source
# MAGIC %md
# MAGIC # A notebook
# MAGIC `spark.table("in_the_text")`

# COMMAND ----------

import dlt
source = "main.raw.n"

# COMMAND ----------

@dlt.table
def noted():
    return spark.table(source)

# COMMAND ----------

# MAGIC %pip install something
# MAGIC %md dlt.read("in_a_comment")

# COMMAND ----------

display(spark.table("only_shown"))
