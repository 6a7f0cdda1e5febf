CREATE MATERIALIZED VIEW m AS
SELECT * FROM a LATERAL VIEW OUTER explode(a.list) x AS item, other
LATERAL VIEW posexplode(map(1, 2)) AS k, v;
CREATE MATERIALIZED VIEW n AS
SELECT * FROM b, LATERAL (SELECT * FROM c WHERE c.id = b.id) z, LATERAL explode(b.list) AS e (item)
LEFT JOIN LATERAL (TABLE d) ON true;
