-- Parsing the Python code of pipelines without running it. What single constructs come to is in
-- tests/corpus/lineage.

local code = require "tarn.lineage.code"
local fs = require "native.fs"
local graphs = require "support.graph"
local place = require "tarn.lineage.code.place"
local python = require "tarn.lineage.code.python"

local function of(source, spec)
  return graphs.of(python.add, source, place.context(spec or {}))
end

test("Python: each kind of decorator, and the inputs of its function", function(t)
  local graph, problems = of([=[
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
  t.equal(graphs.flows(graph), { "a <- /x", "b <- a, main.ref.c, d", "e <- a, b", "v <- a" })
  t.equal({ graph.datasets.a.type, graph.datasets.b.type, graph.datasets.e.type,
    graph.datasets.v.type }, { "STREAMING_TABLE", "MATERIALIZED_VIEW", "MATERIALIZED_VIEW",
    "VIEW" })
  t.equal(graph.flows[1].comment, "raw")
end)

test("Python: tables, flows, changes and sinks that calls create", function(t)
  local graph, problems = of([=[
dlt.create_streaming_table("t")
dlt.apply_changes(target="t", source="s", keys=["id"], sequence_by=col("at"))
dp.create_auto_cdc_flow(target = "t", source = "u", keys = ["id"])
dlt.create_sink(name="k", format="kafka", options={"a": "b"})

@dlt.append_flow(target="k")
def out():
    return spark.readStream.table("t")
]=])
  t.equal(problems, {})
  t.equal(graphs.flows(graph), { "t <- s", "t <- u", "k <- t" })
  t.equal({ graph.sinks.k.format, graph.datasets.t.type }, { "kafka", "STREAMING_TABLE" })
end)

test("Python: computed names are reported with their lines, others are known", function(t)
  local graph, problems = of([=[
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
  t.equal(graphs.flows(graph), { "a <- b", "c <- " })
  t.equal(problems, {
    "line 2: the name of a dataset is computed: `names` is not known here",
    "line 8: the name of a table is computed: `source` is not known here",
    "line 12: the name of a table is computed: `x` is not known here",
    "line 14: lookup is read outside of a dataset's function" })
end)

test("broken Python raises no error", function(t)
  for _, text in ipairs { "", "@", "@dlt", "@dlt.", "@dlt.table", "@dlt.table(", "@dlt.table\ndef",
    "@dlt.table\ndef x", "@dlt.table\ndef x(", "dlt.create_streaming_table(", '"""', "'",
    "x.table(", "@dlt.table(name=)\ndef x():\n  pass", "@other\n@dlt.view\ndef y(): return 1",
    ")))", "dlt.apply_changes()", "spark.sql()" } do
    t.is_true(of(text) ~= nil, text)
  end
end)

-- What the files of a pipeline come to; `others` are files that they import. The first is read.
local function read_files(texts, others)
  local list, helpers = {}, {}
  for i, one in ipairs(texts) do
    list[i] = { item = { path = one[1], kind = "FILE" }, text = one[2] }
  end
  for i, one in ipairs(others or {}) do
    helpers[i] = { path = one[1], read = function() return one[2] end }
  end
  local graph, files = code.understand(list, { catalog = "main", schema = "s" }, helpers)
  return graphs.flows(graph or { flows = {} }), files[1].reasons
end

test("names, functions and classes of the pipeline's own files are followed", function(t)
  local found, reasons = read_files({ { "/p/etl/transformations/a.py", [[
import dlt
import utilities.names as n
from utilities import tables, helpers
from utilities.tables import RAW as raw, make
from .near import *
from ..far import distance
import utilities.helpers

make("made", raw)

@dlt.table(name=n.PREFIX + NEAR)
def f():
    return helpers.read("h").union(spark.table(distance)).union(utilities.helpers.read("i"))

@dlt.table
def g():
    return tables.Tables().load()
]] } }, {
    { "/p/etl/utilities/names.py", "PREFIX = 'p_'\n" },
    { "/p/etl/utilities/__init__.py", "" },
    { "/p/etl/utilities/tables.py", "import dlt\nfrom . import names\nRAW = 'main.raw.t'\n"
      .. "def make(name, source):\n    @dlt.table(name=name)\n    def t():\n"
      .. "        return spark.table(source)\n"
      .. "class Tables:\n    def load(self):\n        return spark.table(names.PREFIX + 'c')\n" },
    { "/p/etl/utilities/helpers.py", "import os\ndef read(x):\n    return spark.table(x)\n" },
    { "/p/etl/transformations/near.py", "NEAR = 'near'\n_hidden = 1\n" },
    { "/p/etl/far.py", "distance = 'far'\n" },
  })
  t.equal(found, { "made <- main.raw.t", "p_near <- h, far, i", "g <- p_c" })
  t.equal(reasons, {})
end)

test("what an imported file does not tell has a reason with its line there", function(t)
  local found, reasons = read_files({ { "/p/a.py", "import dlt\nfrom b import read, LOST\n"
    .. "@dlt.table\ndef f():\n    return read('x').join(spark.table(LOST))\n" } },
    { { "/p/b.py", "def read(x):\n    return spark.table(x + elsewhere)\n" } })
  t.equal(found, { "f <- " })
  t.equal(reasons, { "line 2 of /p/b.py: the name of a table is computed: `elsewhere` is not known "
    .. "here", "line 5: the name of a table is computed: `LOST` of /p/b.py is not known" })
end)

test("a file of the pipeline that another one imports defines its datasets once", function(t)
  local list = { { "/p/a.py", "import dlt\nimport b\n@dlt.table\ndef f():\n"
    .. "    return spark.table(b.NAME)\n" },
    { "/p/b.py", "import dlt\nimport a\nNAME = 'n'\n@dlt.table(name=NAME)\ndef g():\n"
      .. "    return spark.table('o')\n" } }
  t.equal(read_files(list), { "f <- n", "n <- o" })
end)

-- Code that is being typed ends at any byte.
test("Python that ends anywhere is read without an error", function(t)
  local text = '@dlt.table(name="a", comment=f"{x}")\n@dlt.expect("e", "b > 0")\n'
    .. 'def f(x=(1, [2])):\n'
    .. '    return spark.sql("""SELECT * FROM b""").join(dlt.read("c"), "id")\n\n'
    .. 'dlt.apply_changes(target="a", source="s")\n'
  for i = 0, #text do
    of(text:sub(1, i))
  end
  t.equal(graphs.flows(of(text)), { "a <- b, c", "a <- s" })
end)

test("each source of the corpus may lose any line and any bracket", function(t)
  local folder, n = "tests/corpus/lineage", 0
  for _, file in ipairs(fs.list(folder)) do
    if file:find "%.py$" then
      local text = fs.read(folder .. "/" .. file)
      for at in text:gmatch "()\n" do
        of(text:sub(1, at) .. (text:sub(at + 1):gsub("^[^\n]*\n", "")))
      end
      for at in text:gmatch "()[%[%](){}\"':]" do
        of(text:sub(1, at - 1) .. text:sub(at + 1))
      end
      n = n + 1
    end
  end
  t.is_true(n >= 80)
end)

test("code that never ends, grows or is nested without an end has a reason", function(t)
  local function first_reason(source)
    local _, reasons = of(source)
    return reasons[1]
  end
  t.match(first_reason "while True:\n    x = 1\n    while True:\n        y = 2\n", "too many steps")
  t.match(first_reason "def f(x):\n    return f(x)\nf(1)\n", "too deep")
  t.match(first_reason("import dlt\nx = 'ab'\nfor i in range(60):\n    x = x + x\n"
    .. "dlt.create_streaming_table(x)\n"), "too long")
  t.match(first_reason("x = " .. ("("):rep(10000) .. (")"):rep(10000)), "no valid Python")
  t.is_true(of("x = " .. ("f'{"):rep(1000) .. ("}'"):rep(1000)) ~= nil)
  for _, source in ipairs { "l = []\nl.append(l)\nd = {1: l}\nd[2] = d\nl == d\nstr(l)\n",
    "class A(A): pass\nA().x\n", "class A: pass\nclass B(A): pass\nA.a = B\nA().a().a\n",
    "l = [1]\nfor x in l:\n    l.append(x)\n",
    "x = [1]\nfor i in range(50):\n    x = x + x\n    x = x * 2\n" } do
    t.is_true(of(source) ~= nil, source)
  end
  local deep = {}
  for i = 0, 300 do
    deep[#deep + 1] = ("  "):rep(i) .. "if x:"
  end
  t.is_true(of(table.concat(deep, "\n") .. "\n" .. ("  "):rep(301) .. "pass") ~= nil)
  t.is_true(of("x = " .. ("a + "):rep(20000) .. "a") ~= nil)
  t.is_true(of("x" .. (".y()"):rep(20000)) ~= nil)
  t.is_true(of("x = " .. ("not "):rep(20000) .. "a") ~= nil)
end)

test("the lines of reasons are those of the text, behind texts of several lines too", function(t)
  local _, reasons = of('import dlt\nx = """\n\n"""; y = (1,\n 2)\n\n@dlt.table(\n  name=z)\n'
    .. "def f():\n  return spark.sql(f\"\"\"\n  SELECT * FROM {z}\"\"\")\n")
  t.equal(reasons, { "line 7: the name of a dataset is computed: `z` is not known here" })
end)
