-- SQL code as others ask for it: queries in Python, lines in files and notebooks, odd text. What is
-- read from each construct is in tests/corpus/lineage.

local code = require "tarn.lineage.code"
local json = require "native.json"
local place = require "tarn.lineage.code.place"
local sql = require "tarn.lineage.code.sql"

local function context(configuration)
  return place.context { catalog = "main", schema = "s", configuration = configuration }
end

local function new_graph()
  return { flows = {}, datasets = {}, sinks = {} }
end

test("a query has its inputs, and reasons with the lines of its file", function(t)
  local here = context { cat = "prod" }
  here.line = 40
  local inputs, reasons = sql.reads("SELECT * FROM ${cat}.a.b\nJOIN c USING (id)\nJOIN ${no}.d",
    here)
  t.equal(inputs, { "prod.a.b", "c" })
  t.equal(reasons, { "line 43: the parameter no is not set" })
end)

test("what is no query has a reason", function(t)
  local inputs, reasons = sql.reads("SHOW TABLES", context())
  t.equal({ inputs, reasons },
    { {}, { "line 1: the statement that begins with SHOW is no query" } })
end)

test("a reason in a Jupyter notebook has its cell and the line in it", function(t)
  local book = json.encode { nbformat = 4, metadata = {}, cells = json.array {
    { cell_type = "markdown", source = "# a" },
    { cell_type = "code", source = json.array { "CREATE MATERIALIZED VIEW a AS\n",
      "SELECT * FROM b" } },
    { cell_type = "code", source = "CREATE MATERIALIZED VIEW c AS\nSELECT * FROM ${no}" },
    { cell_type = "code", source = "%python\nx = 1" } } }
  local _, files = code.understand({ { text = book, item = { path = "/n", kind = "NOTEBOOK",
    language = "SQL", format = "JUPYTER" } } }, { catalog = "main", schema = "s" })
  t.equal(files[1].reasons, json.array {
    "cell 4, line 1: a pipeline does not run cells in Python of a notebook in SQL: this one is not "
      .. "read",
    "cell 3, line 2: the parameter no is not set" })
  t.equal(files[1].status, "partial")
end)

test("a null in a notebook is as absent", function(t)
  local function read(book)
    local graph, files = code.understand({ { text = json.encode(book), item = { path = "/n",
      kind = "NOTEBOOK", language = "SQL", format = "JUPYTER" } } }, { catalog = "main" })
    return graph and #graph.flows, files[1].reasons
  end
  local cell = { cell_type = "code", source = "CREATE VIEW a AS SELECT * FROM b" }
  for _, metadata in ipairs { json.null, { language_info = json.null },
    { language_info = { name = json.null } }, { language = json.null } } do
    local flows, reasons = read { metadata = metadata, cells = json.array { cell,
      { cell_type = "code", source = json.null, metadata = metadata }, json.null,
      { cell_type = json.null, source = "x" },
      { cell_type = "code", source = json.array { json.null, "SELECT 1" } } } }
    t.equal({ flows, reasons }, { 1, json.array {} })
  end
  t.is_nil((read { cells = json.null }))
end)

test("USE holds to the end of its file, and in no other", function(t)
  local function file(path, text)
    return { text = text, item = { path = path, kind = "FILE" } }
  end
  local graph = code.understand({
    file("/a.sql", "USE SCHEMA t; CREATE MATERIALIZED VIEW a AS SELECT * FROM x;"),
    file("/b.sql", "CREATE MATERIALIZED VIEW b AS SELECT * FROM x;") },
    { catalog = "main", schema = "s" })
  t.equal({ graph.flows[1].output, graph.flows[1].inputs, graph.flows[2].output,
    graph.flows[2].inputs }, { "main.t.a", { "main.t.x" }, "b", { "x" } })
end)

test("a private name keeps its name under USE, whichever file defines it",
  function(t)
    local graph = code.understand({
      { text = "USE SCHEMA t; CREATE STREAMING TABLE a; CREATE FLOW f AS INSERT INTO k SELECT * "
        .. "FROM v;", item = { path = "/a.sql", kind = "FILE" } },
      { text = "CREATE TEMPORARY VIEW v AS SELECT 1; CREATE FLOW g AS INSERT INTO w SELECT 2",
        item = { path = "/b.sql", kind = "FILE" } } }, { catalog = "main", schema = "s" })
    t.equal({ graph.flows[1].inputs, graph.flows[1].output }, { { "v" }, "main.t.k" })
  end)

test("expectations of a dataset are counted", function(t)
  local graph = new_graph()
  t.equal(sql.add("CREATE STREAMING TABLE a (CONSTRAINT b EXPECT (x > 0), CONSTRAINT c EXPECT "
    .. "(y > 0) ON VIOLATION DROP ROW, CONSTRAINT d PRIMARY KEY (x)) AS SELECT * FROM STREAM e",
    graph, context()), {})
  t.equal(graph.datasets.a.expectations, 2)
end)

test("parentheses nested too deeply are told, and the rest is read", function(t)
  local graph = new_graph()
  local deep = ("("):rep(5000) .. "x" .. (")"):rep(5000)
  local reasons = sql.add("CREATE VIEW a AS SELECT * FROM " .. deep
    .. "; CREATE VIEW b AS SELECT * FROM c;", graph, context())
  t.equal(reasons, { "line 1: the parentheses are nested too deeply to be read" })
  t.equal({ #graph.flows, graph.flows[1].inputs }, { 1, { "c" } })
end)

-- Code that is being typed ends at any byte, and any byte may be missing.
test("SQL that is cut or damaged anywhere is read without an error", function(t)
  local text = "USE c.s; SET a = b; DECLARE v = 'x'; CREATE OR REFRESH STREAMING TABLE "
    .. "`a``b`.${p} (x INT COMMENT 'y', CONSTRAINT k EXPECT (x > 0)) CLUSTER BY (x) AS WITH "
    .. "RECURSIVE q (z) AS (SELECT EXTRACT(DAY FROM d) FROM e), r AS (VALUES (1)) SELECT /*+ h */ "
    .. "r'\\' FROM STREAM(q) WITH (o = 1), LATERAL f(TABLE(g)) AS h JOIN (i JOIN IDENTIFIER('k' "
    .. "|| :l)) |> UNION ALL TABLE m; CREATE FLOW n AS AUTO CDC ONCE INTO c FROM SNAPSHOT (SELECT "
    .. "$$x$$) KEYS (id) /* z */ -- end"
  for i = 0, #text do
    sql.add(text:sub(1, i), new_graph(), context())
    sql.add(text:sub(1, i) .. text:sub(i + 2), new_graph(), context())
    sql.reads(text:sub(i + 1), context())
  end
  local graph = new_graph()
  t.equal(#sql.add(text, graph, context { p = "w" }), 2)
  t.equal(graph.flows[1].output, "c.`a``b`.w")
end)
