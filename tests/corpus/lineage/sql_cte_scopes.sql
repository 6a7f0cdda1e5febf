CREATE MATERIALIZED VIEW m AS
SELECT * FROM (WITH inner_one AS (SELECT * FROM a) SELECT * FROM inner_one) q
JOIN inner_one ON q.id = inner_one.id
WHERE q.id IN (WITH q AS (SELECT id FROM b) SELECT id FROM q);
