CREATE OR REFRESH MATERIALIZED VIEW m AS
FROM a
|> WHERE x > 1 AND y IN (SELECT y FROM b)
|> EXTEND x + 1 AS z
|> LEFT JOIN c USING (id)
|> AGGREGATE sum(z) AS total GROUP BY id, region
|> UNION ALL (SELECT * FROM d)
|> EXCEPT ALL TABLE e
|> AS q
|> JOIN f ON q.id = f.id
|> SET total = total * 2, id = 1
|> DROP region, id
|> ORDER BY total, id
|> LIMIT 10;
