CREATE MATERIALIZED VIEW m AS
SELECT a:b.c::int, v:items[0].from, v:from, CAST(x AS STRING), TRY_CAST(y AS STRUCT<from: STRING, n: ARRAY<INT>>),
  filter(list, x -> x > 1), transform(list, (x, i) -> x + i), named_struct('from', 1).from, m['key']
FROM t;
