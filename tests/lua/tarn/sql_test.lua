local json = require "native.json"
local tarn = require "tarn"

local function workspace()
  return tarn.workspace "demo"
end

test("a row is a table by column name, whose cells are strings or null", function(t)
  local rows <close> = workspace():sql("SELECT 1 AS a, 'x' AS b, NULL AS c")
  t.equal(rows(), { a = "1", b = "x", c = json.null })
  t.equal(rows(), nil)
end)

test("columns of the same name get distinct names", function(t)
  local rows <close> = workspace():sql("SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a")
  t.equal(rows(), { a = "1", a_2 = "2", a_2_2 = "3", a_3 = "4" })
end)

test("parameters are bound, with types of their own", function(t)
  local rows <close> = workspace():sql(
    "SELECT :n + 1 AS n, :s AS s, :none AS none, :flag AS flag",
    { n = 41, s = "it's", none = { type = "STRING" }, flag = true })
  local row = rows()
  t.equal({ row.n, row.s, row.none, row.flag }, { "42", "it's", json.null, "true" })
end)

test("a failed statement raises a fault", function(t)
  local e = t.fault(workspace().sql, workspace(), "SELECT * FROM nowhere.at.all")
  t.equal(e.kind, "sql")
  t.match(e.message, "TABLE_OR_VIEW_NOT_FOUND")
end)
