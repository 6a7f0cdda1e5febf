local fake = require "testing.fake"
local json = require "native.json"
local sql = require "tarn.sql"
local tarn = require "tarn"
local workspaces = require "testing.workspace"

local function workspace()
  return tarn.workspace "demo"
end

test("a row is a table by column name, whose cells have the types of their columns", function(t)
  local rows <close> = workspace():sql("SELECT 1 AS a, 'x' AS b, NULL AS c, true AS d, 1.50 AS e, "
    .. "CAST(2 AS DOUBLE) AS f, CAST('9223372036854775807' AS BIGINT) AS g, "
    .. "DATE '2026-08-01' AS h, TIMESTAMP '2026-08-01T10:00:00Z' AS i, "
    .. "CAST(NULL AS INT) AS j")
  local row = rows()
  t.equal(row, { a = 1, b = "x", c = json.null, d = true, e = "1.50", f = 2.0, g = math.maxinteger,
    h = "2026-08-01", i = 1785578400000, j = json.null })
  t.equal({ math.type(row.a), math.type(row.f) }, { "integer", "float" })
  t.equal(rows(), nil)
  local texts = workspace():sql("SELECT 1 AS a, true AS d", nil, { text = true })
  t.equal(texts(), { a = "1", d = "true" })
end)

test("cells that are no ordinary numbers", function(t)
  t.equal({ sql.value("Infinity", "DOUBLE"), sql.value("-Infinity", "FLOAT") },
    { math.huge, -math.huge })
  local nan = sql.value("NaN", "DOUBLE")
  t.is_true(nan ~= nan)
  t.equal({ sql.value("99999999999999999999", "LONG"), sql.value("0001-13-01", "TIMESTAMP") },
    { "99999999999999999999", "0001-13-01" })
end)

test("units of a decimal are exact", function(t)
  for text, want in pairs { ["12.30"] = 1230, ["0.1"] = 10, ["-7"] = -700, ["5.000"] = 500,
    ["92233720368547758.07"] = math.maxinteger, ["-0.05"] = -5 } do
    t.equal(sql.units(text, 2), want, text)
  end
  t.equal(sql.units(3, 2), 300)
  for _, text in ipairs { "1.234", "x", "", "92233720368547758.08", json.null } do
    t.raises("bad argument #1 to 'units'", sql.units, text, 2)
  end
end)

test("a script gets values, and the command prints what the warehouse wrote", function(t)
  t.equal(tarn.sql({ "SELECT 1 AS a, 2.50 AS b", profile = "demo" })[1], { a = 1, b = "2.50" })
  local r = tarn.testing.program.run { "-p", "demo", "sql", "SELECT 1 AS a", "-o", "jsonl" }
  t.equal(r.stdout, '{"a":"1"}\n')
end)

test("columns of the same name get distinct names", function(t)
  local rows <close> = workspace():sql("SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a")
  t.equal(rows(), { a = 1, a_2 = 2, a_2_2 = 3, a_3 = 4 })
end)

test("parameters are bound, with types of their own", function(t)
  local rows <close> = workspace():sql(
    "SELECT :n + 1 AS n, :s AS s, :none AS none, :flag AS flag",
    { n = 41, s = "it's", none = { type = "STRING" }, flag = true })
  local row = rows()
  t.equal({ row.n, row.s, row.none, row.flag }, { 42, "it's", json.null, true })
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
      if row.i ~= n or row.filler ~= filler then
        t.equal(row, { i = n, filler = filler })
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
