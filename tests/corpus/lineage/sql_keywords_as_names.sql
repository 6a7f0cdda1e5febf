CREATE MATERIALIZED VIEW m AS
SELECT year AS from, values, t.from, x AS join, `select` FROM table1 t, date, timestamp AS version, stream, comment c
WHERE t.union = 1 GROUP BY all;
CREATE MATERIALIZED VIEW temp AS SELECT * FROM live, flow.once, stream.x, table.y, data.`values`;
