-- The table orders is read in the expression of the same name, and nowhere else.
CREATE MATERIALIZED VIEW m AS
WITH orders AS (SELECT * FROM orders WHERE ok), x AS (SELECT * FROM orders)
SELECT * FROM x, orders;
CREATE MATERIALIZED VIEW n AS
WITH only AS (SELECT 1 AS a) SELECT * FROM only;
