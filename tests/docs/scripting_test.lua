--- docs/scripting/scripting.md: its commands run, and commands return what its table says.

local program = require "testing.program"
local fs = require "native.fs"
local workspace = require "testing.workspace"
local tarn = require "tarn"
local walkthrough = require "support.walkthrough"

local PAGE <const> = "docs/scripting/scripting.md"

test("docs/scripting/scripting.md does what it says", function(t)
  local walk = walkthrough.run(t, PAGE)
  t.match(walk.out["tarn -p demo run failing.lua -o json"], '"mei.tanaka@example.com": ')
  t.match(walk.out["tarn -p demo run all.lua"], "^41\t", true)
  t.match(walk.out["tarn -p demo run missing.lua"], "no_such_pipeline")
end)

-- Arguments with which each command of the table can be called.
local CALLS <const> = {
  list = {}, updates = { "quickstart" }, journal = {}, doctor = {}, sql = { "SELECT 1 AS n" },
  which = { "list" }, events = { "quickstart" }, expectations = { "sales_orders_etl" },
  dashboard = {}, lineage = { "sales_orders_etl" }, permissions = { "quickstart" },
  diff = { "quickstart", "sales_forecast" },
  clone = { "quickstart", name = "q", dry_run = true }, get = { "quickstart" },
  trigger = { "quickstart", dry_run = true }, wait = { "sales_orders_etl" },
  stop = { "quickstart", dry_run = true }, delete = { "quickstart", dry_run = true },
  undo = { "last", dry_run = true }, grant = { "quickstart", "group:analysts=CAN_VIEW",
    dry_run = true }, api = { "GET", "/api/2.0/pipelines" },
}

-- Reads an iterator to its end, so that it leaves no task behind.
local function count_rows(rows)
  local n = 0
  for _ in rows do
    n = n + 1
  end
  return n
end

local function can_be_called(value)
  local meta = getmetatable(value)
  return type(value) == "function" or type(meta) == "table" and meta.__call ~= nil
end

-- What a row of the table says about a value: true if it holds.
local function holds(words, value)
  if words:find "^an iterator" then
    return can_be_called(value) and count_rows(value) > 0
  elseif words:find "^a list" then
    return tarn.json.is_array(value)
  end
  local with = words:match "^a table with the lists? ([^;]*)" or ""
  for field in with:gmatch "`(%a[%w_]*)`" do
    if not tarn.json.is_array(value[field]) then
      return false
    end
  end
  return type(value) == "table" and not can_be_called(value)
end

test("commands return what the page says", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  w:as "demo"
  local dir <close> = program.dir()
  CALLS.export = { "quickstart", dir = dir.path .. "/q" }
  tarn.export(CALLS.export)
  CALLS.export.force = true
  CALLS["import"] = { dir.path .. "/q", name = "again", dry_run = true }
  tarn.clone { "quickstart", name = "first" } -- for `undo last`
  local count = 0
  for names, words in fs.read(PAGE):gmatch "\n| (`[%a`, ]+`) | ([^|\n]+) |" do
    for name in names:gmatch "`(%a+)`" do
      t.is_true(CALLS[name], name)
      t.is_true(holds(words, tarn[name](CALLS[name])), name .. " returns " .. words)
      count = count + 1
    end
  end
  t.is_true(count >= 20, count)
  t.is_true(count_rows(tarn.events { "quickstart", follow = true, once = true }) > 0)
end)
