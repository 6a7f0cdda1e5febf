-- Parsing the code of pipelines without running it.

local python = require "tarn.lineage.code.python"
local sql = require "tarn.lineage.code.sql"

local function of(add, source)
  local graph = { flows = {}, datasets = {}, sinks = {} }
  local problems = add(source, graph, { configuration = {} })
  return graph, problems
end

-- "target <- input, input" for each flow.
local function flows(graph)
  local out = {}
  for i, flow in ipairs(graph.flows) do
    out[i] = flow.output .. " <- " .. table.concat(flow.inputs, ", ")
  end
  return out
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
    t.equal(flows(graph), { case[2] }, case[1])
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
  t.equal(flows(graph), { "a <- b, d, e, f" })
  t.equal(graph.flows[1].comment, "it's; FROM here")
end)

test("SQL: flows and changes write the tables that they name", function(t)
  local graph = of(sql.add, [[
CREATE STREAMING TABLE t;
APPLY CHANGES INTO t FROM STREAM(s) KEYS (id) SEQUENCE BY at STORED AS SCD TYPE 2;
CREATE FLOW f AS INSERT INTO ONCE t BY NAME SELECT * FROM old;
CREATE FLOW g AS AUTO CDC INTO t FROM STREAM n KEYS (id) SEQUENCE BY at;
CREATE FUNCTION h() RETURNS INT RETURN 1; SET x = 1; USE CATALOG c;]])
  t.equal(flows(graph), { "t <- s", "t <- old", "t <- n" })
end)

test("broken SQL raises no error", function(t)
  for _, text in ipairs { "", ";;;", "CREATE", "CREATE TABLE", "CREATE MATERIALIZED VIEW a AS",
    "CREATE VIEW a AS SELECT * FROM", "CREATE VIEW a AS SELECT * FROM b JOIN", "'", "`", "/*", "((",
    "CREATE FLOW", "CREATE FLOW f AS", "APPLY CHANGES INTO", ")))", "CREATE VIEW a AS WITH" } do
    t.is_true(of(sql.add, text) ~= nil, text)
  end
end)

test("Python: each kind of decorator, and the inputs of its function", function(t)
  local graph, problems = of(python.add, [=[
import dlt
from pyspark import pipelines as dp

@dlt.table(name="a", comment="raw")
@dlt.expect_or_drop("ok", "id IS NOT NULL")
def first():
    return spark.readStream.format("cloudFiles").load("/x")

@dlt.table
def b():
    # spark.read.table("not_this")
    left = dlt.read("a")
    return left.join(spark.read.table("main.ref.c"), "id") \
        .join(spark.table('d'), "id")

@dp.materialized_view()
def e():
    return spark.sql("""SELECT * FROM a JOIN b USING (id)""")

@dlt.view(
    name="v"
)
def w():
    """Reads .table("nothing")."""
    return dlt.read_stream("a")

@udf("int")
def other(x):
    return x
]=])
  t.equal(problems, {})
  t.equal(flows(graph), { "a <- ", "b <- a, main.ref.c, d", "e <- a, b", "v <- a" })
  t.equal({ graph.datasets.a.type, graph.datasets.b.type, graph.datasets.e.type,
    graph.datasets.v.type }, { "STREAMING_TABLE", "MATERIALIZED_VIEW", "MATERIALIZED_VIEW",
    "VIEW" })
  t.equal(graph.flows[1].comment, "raw")
end)

test("Python: tables, flows, changes and sinks that calls create", function(t)
  local graph, problems = of(python.add, [=[
dlt.create_streaming_table("t")
dlt.apply_changes(target="t", source="s", keys=["id"], sequence_by=col("at"))
dp.create_auto_cdc_flow(target = "t", source = "u", keys = ["id"])
dlt.create_sink(name="k", format="kafka", options={"a": "b"})

@dlt.append_flow(target="k")
def out():
    return spark.readStream.table("t")
]=])
  t.equal(problems, {})
  t.equal(flows(graph), { "t <- s", "t <- u", "k <- t" })
  t.equal({ graph.sinks.k.format, graph.datasets.t.type }, { "kafka", "STREAMING_TABLE" })
end)

test("Python: computed names are reported with their lines, others are known", function(t)
  local graph, problems = of(python.add, [=[
for name in names:
    @dlt.table(name=f"{name}_clean")
    def clean():
        return spark.read.table(name)

@dlt.table(name="a")
def a():
    return spark.read.table(source).join(spark.read.table("b"), "id")

@dlt.table()
def c():
    return spark.sql(f"SELECT * FROM {x}")

frame = spark.read.table("lookup")
]=])
  t.equal(flows(graph), { "a <- b", "c <- " })
  t.equal(problems, { "line 2: the name of a dataset is computed",
    "line 8: the name of a table is computed", "line 12: a statement is computed",
    "line 14: lookup is read outside of a dataset's function" })
end)

test("broken Python raises no error", function(t)
  for _, text in ipairs { "", "@", "@dlt", "@dlt.", "@dlt.table", "@dlt.table(", "@dlt.table\ndef",
    "@dlt.table\ndef x", "@dlt.table\ndef x(", "dlt.create_streaming_table(", '"""', "'",
    "x.table(", "@dlt.table(name=)\ndef x():\n  pass", "@other\n@dlt.view\ndef y(): return 1",
    ")))", "dlt.apply_changes()", "spark.sql()" } do
    t.is_true(of(python.add, text) ~= nil, text)
  end
end)

-- Code that is being typed ends at any byte.
test("code that ends anywhere is read without an error", function(t)
  local py = '@dlt.table(name="a", comment=f"{x}")\n@dlt.expect("e", "b > 0")\ndef f(x=(1, [2])):\n'
    .. '    return spark.sql("""SELECT * FROM b""").join(dlt.read("c"), "id")\n\n'
    .. 'dlt.apply_changes(target="a", source="s")\n'
  local text = "CREATE OR REFRESH STREAMING TABLE `a``b`.c (x INT COMMENT 'y') AS WITH q AS "
    .. "(SELECT EXTRACT(DAY FROM d) FROM e) SELECT * FROM STREAM(q), f AS g JOIN h; APPLY CHANGES "
    .. "INTO c FROM STREAM s /* z */ -- end"
  for i = 0, math.max(#py, #text) do
    of(python.add, py:sub(1, i))
    of(sql.add, text:sub(1, i))
    of(python.add, text:sub(1, i))
    of(sql.add, py:sub(1, i))
  end
  t.equal(flows(of(python.add, py)), { "a <- b, c", "a <- s" })
end)
