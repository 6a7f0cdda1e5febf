CREATE MATERIALIZED VIEW tree AS
WITH RECURSIVE walk (id, parent) MAX RECURSION LEVEL 50 AS (
  SELECT id, parent FROM nodes WHERE parent IS NULL
  UNION ALL
  SELECT n.id, n.parent FROM nodes n JOIN walk w ON n.parent = w.id
)
SELECT * FROM walk;
