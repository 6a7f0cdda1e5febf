-- Databricks notebook source
CREATE MATERIALIZED VIEW a AS SELECT * FROM b

-- COMMAND ----------

-- MAGIC %python
-- MAGIC import dlt
-- MAGIC @dlt.table
-- MAGIC def c():
-- MAGIC   return spark.read.table("d")

-- COMMAND ----------

-- MAGIC %run ./setup

-- COMMAND ----------

-- MAGIC %scala
-- MAGIC val x = 1
-- COMMAND ----------
-- MAGIC %sql
-- MAGIC CREATE MATERIALIZED VIEW e AS SELECT * FROM f
