-- Parsing the code of pipelines without running it.

local graphs = require "support.graph"
local sql = require "tarn.lineage.code.sql"

local function of(add, source)
  return graphs.of(add, source, { configuration = {} })
end

test("SQL: each kind of dataset, and its inputs", function(t)
  for _, case in ipairs {
    { "CREATE OR REFRESH STREAMING TABLE a AS SELECT * FROM STREAM(b);", "a <- b",
      "STREAMING_TABLE" },
    { "create streaming live table a as select * from stream live.b", "a <- b",
      "STREAMING_TABLE" },
    { "CREATE MATERIALIZED VIEW m.s.a COMMENT 'x' AS SELECT * FROM c.d.e x JOIN f y USING (id)",
      "m.s.a <- c.d.e, f", "MATERIALIZED_VIEW" },
    { "CREATE TEMPORARY VIEW a AS SELECT * FROM b, c AS d, e WHERE x = 1", "a <- b, c, e",
      "VIEW" },
    { "CREATE LIVE TABLE a AS SELECT * FROM (SELECT * FROM b) q, c", "a <- b, c",
      "MATERIALIZED_VIEW" },
    { "CREATE OR REFRESH STREAMING TABLE a AS SELECT * FROM STREAM read_files('/x')", "a <- /x",
      "STREAMING_TABLE" },
    { "CREATE MATERIALIZED VIEW `odd name` AS SELECT * FROM `x.y`.z", "`odd name` <- `x.y`.z",
      "MATERIALIZED_VIEW" },
    { "CREATE STREAMING TABLE IF NOT EXISTS a (id INT, CONSTRAINT c EXPECT (id > 0) ON VIOLATION "
      .. "DROP ROW) CLUSTER BY (id) AS SELECT * FROM STREAM b", "a <- b", "STREAMING_TABLE" },
  } do
    local graph = of(sql.add, case[1])
    t.equal(graphs.flows(graph), { case[2] }, case[1])
    local _, dataset = next(graph.datasets)
    t.equal(dataset.type, case[3], case[1])
  end
end)

test("SQL: common table expressions, strings and comments are no inputs", function(t)
  local graph = of(sql.add, [[
-- CREATE MATERIALIZED VIEW no AS SELECT * FROM nowhere;
/* ; FROM x */
CREATE MATERIALIZED VIEW a COMMENT 'it''s; FROM here' AS
WITH first AS (SELECT * FROM b), second AS (SELECT EXTRACT(YEAR FROM at) FROM first)
SELECT 'FROM c', x IS DISTINCT FROM y, trim(BOTH ' ' FROM z)
FROM second LEFT JOIN d ON true UNION ALL SELECT * FROM e WHERE id IN (SELECT id FROM f);]])
  t.equal(graphs.flows(graph), { "a <- b, d, e, f" })
  t.equal(graph.flows[1].comment, "it's; FROM here")
end)

test("SQL: flows and changes write the tables that they name", function(t)
  local graph = of(sql.add, [[
CREATE STREAMING TABLE t;
APPLY CHANGES INTO t FROM STREAM(s) KEYS (id) SEQUENCE BY at STORED AS SCD TYPE 2;
CREATE FLOW f AS INSERT INTO ONCE t BY NAME SELECT * FROM old;
CREATE FLOW g AS AUTO CDC INTO t FROM STREAM n KEYS (id) SEQUENCE BY at;
CREATE FUNCTION h() RETURNS INT RETURN 1; SET x = 1; USE CATALOG c;]])
  t.equal(graphs.flows(graph), { "t <- s", "t <- old", "t <- n" })
end)

test("broken SQL raises no error", function(t)
  for _, text in ipairs { "", ";;;", "CREATE", "CREATE TABLE", "CREATE MATERIALIZED VIEW a AS",
    "CREATE VIEW a AS SELECT * FROM", "CREATE VIEW a AS SELECT * FROM b JOIN", "'", "`", "/*", "((",
    "CREATE FLOW", "CREATE FLOW f AS", "APPLY CHANGES INTO", ")))", "CREATE VIEW a AS WITH" } do
    t.is_true(of(sql.add, text) ~= nil, text)
  end
end)

-- Code that is being typed ends at any byte.
test("SQL that ends anywhere is read without an error", function(t)
  local text = "CREATE OR REFRESH STREAMING TABLE `a``b`.c (x INT COMMENT 'y') AS WITH q AS "
    .. "(SELECT EXTRACT(DAY FROM d) FROM e) SELECT * FROM STREAM(q), f AS g JOIN h; APPLY CHANGES "
    .. "INTO c FROM STREAM s /* z */ -- end"
  for i = 0, #text do
    t.is_true(of(sql.add, text:sub(1, i)) ~= nil)
  end
end)
