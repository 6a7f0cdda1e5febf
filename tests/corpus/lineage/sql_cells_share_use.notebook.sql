-- Databricks notebook source
USE SCHEMA s2

-- COMMAND ----------

SET layer = gold

-- COMMAND ----------

CREATE MATERIALIZED VIEW ${layer}_a AS SELECT * FROM b

-- COMMAND ----------

CREATE MATERIALIZED VIEW c AS
SELECT * FROM ${unset}
