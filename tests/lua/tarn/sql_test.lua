local fake = require "testing.fake"
local json = require "native.json"
local sql = require "tarn.sql"
local tarn = require "tarn"
local workspaces = require "testing.workspace"

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

test("a result that is too large for an answer comes by links, for a statement that reads",
  function(t)
    local w <close> = workspaces.start()
    local ws <close> = workspaces.client(w)
    local filler, list = ("x"):rep(4000), {}
    for i = 1, 7000 do
      list[i] = i
    end
    local rows <close> = sql.run(ws, "SELECT n.i, :filler AS filler FROM (SELECT "
      .. "explode(from_json(:list, 'array<int>')) AS i) AS n",
      { filler = filler, list = json.encode(list) })
    local n = 0
    for row in rows do
      n = n + 1
      if row.i ~= tostring(n) or row.filler ~= filler then
        t.equal(row, { i = tostring(n), filler = filler })
      end
    end
    t.equal({ n, rows.truncated }, { 7000, false })
  end)

test("--external-links asks for files at once", function(t)
  local w <close> = workspaces.start()
  local ws <close> = workspaces.client(w)
  local rows = fake.run("sql", { statement = "SELECT 1 AS a", external_links = true }, ws)
  t.equal(rows:all(), { { a = "1" } })
  local id = rows.statement_id
  t.is_true(w:ok("GET", "/api/2.0/sql/statements/" .. id).result.external_links ~= nil)
end)
