--- docs/scripting/scripting.md: its commands run, and commands return what its table says.

local list = require "base.list"
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
  which = { "list" }, jobs = {}, cost = { days = 30 },
  set = { "quickstart", "channel=PREVIEW", dry_run = true },
  migrate = { "quickstart", catalog = "sales", dry_run = true },
  rename = { "quickstart", "quick", dry_run = true }, open = { "quickstart" },
  events = { "quickstart" }, expectations = { "sales_orders_etl" },
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
  if words:find "^a list" then
    return list.is(value) and #value > 0 and value[1] ~= nil and count_rows(value) == #value
  end
  local with = words:match "^a table with the lists? ([^;]*)" or ""
  for field in with:gmatch "`(%a[%w_]*)`" do
    if not tarn.json.is_array(value[field]) then
      return false
    end
  end
  return type(value) == "table" and not can_be_called(value)
end

-- Commands that write texts or files, or that run until they are stopped.
local NO_DATA <const> = tarn.json.decode [[{ "api_reference": 1, "auth": 1, "completion": 1,
  "clone_to_workspace": 1, "edit": 1, "eject": 1, "help": 1, "man": 1, "mcp": 1, "new": 1,
  "repl": 1, "run": 1, "sandbox": 1, "serve": 1, "test": 1, "types": 1 }]]

-- What the header of a command says about its data: "a list" or "a table"; nil if it may be both.
local function kind_of(name)
  local returns = require("engine.script").load(name).returns
  if type(returns) ~= "table" or returns.any then
    return nil
  end
  return returns[1] and "a list" or "a table"
end

test("commands return what the page says", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  w:as "demo"
  local dir <close> = program.dir()
  CALLS.export = { "quickstart", dir = dir.path .. "/q" }
  tarn.export(CALLS.export)
  CALLS.export.force = true
  CALLS.create = { dir.write("p.json",
    '{ "name": "p", "libraries": [{ "glob": { "include": "/Shared/x/**" } }] }'), dry_run = true }
  CALLS["import"] = { dir.path .. "/q", name = "again", dry_run = true }
  tarn.clone { "quickstart", name = "first" } -- for `undo last`
  local count, told = 0, {}
  for names, words in fs.read(PAGE):gmatch "\n| (`[%a`, ]+`) | ([^|\n]+) |" do
    for name in names:gmatch "`(%a+)`" do
      t.is_true(CALLS[name], name)
      local kind = kind_of(name)
      t.is_true(kind == nil or words:sub(1, #kind) == kind, ("the header of %s says %s"):format(
        name, tostring(kind)))
      told[name] = true
      t.is_true(holds(words, tarn[name](CALLS[name])), name .. " returns " .. words)
      count = count + 1
    end
  end
  t.is_true(count >= 20, count)
  for _, name in ipairs(require("engine.script").names()) do
    t.is_true(told[name] or NO_DATA[name:gsub("-", "_")], name .. " is not in the table")
  end
  t.is_true(count_rows(tarn.events { "quickstart", follow = true, once = true }) > 0)
end)
