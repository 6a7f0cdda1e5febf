CREATE MATERIALIZED VIEW m AS
WITH first AS (SELECT * FROM a), second (x, y) AS (SELECT p, q FROM first JOIN b USING (id))
SELECT * FROM second JOIN first ON true;
