-- Without the notebook's header this is a file, in which the separator is a comment.
CREATE MATERIALIZED VIEW a AS SELECT * FROM b
-- COMMAND ----------
JOIN c USING (id);
