-- Databricks notebook source
-- MAGIC %md
-- MAGIC # CREATE MATERIALIZED VIEW no AS SELECT * FROM nothing

-- COMMAND ----------

-- DBTITLE 1,The first table
CREATE OR REFRESH STREAMING TABLE a
AS SELECT * FROM STREAM(raw_a)

-- COMMAND ----------

-- MAGIC %pip install x

-- COMMAND ----------

-- MAGIC %fs ls /x
