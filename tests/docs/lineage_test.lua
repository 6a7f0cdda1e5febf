--- docs/guide/lineage.md: each command in it runs.

local cli = require "testing.program"
local fs = require "native.fs"
local json = require "native.json"
local spec = require "support.openlineage"

local function commands()
  local list = {}
  for line in fs.read("docs/guide/lineage.md"):gmatch "[^\n]+" do
    list[#list + 1] = line:match "^    (tarn .*)$"
  end
  return list
end

test("each command of docs/guide/lineage.md works", function(t)
  local dir <close> = cli.dir()
  local list = commands()
  t.is_true(#list >= 15, #list)
  for _, command in ipairs(list) do
    local r = cli.shell(command:gsub("^tarn", '"$TARN"', 1), { cwd = dir.path,
      env = { XDG_STATE_HOME = dir.path, DATABRICKS_CONFIG_PROFILE = "demo" } })
    t.equal({ r.status, r.stderr }, { 0, "" }, command)
    t.is_true(#r.stdout > 0, command)
    if command:find "demo%-dr lineage" then
      t.match(r.stdout, "a copy of sales_orders_etl in demo")
    elseif command:find "%-%-check" then
      t.match(r.stdout, "sales.orders.silver_orders -> sales_dr.standby.silver_orders")
      t.match(r.stdout, ", exists\n")
    elseif command:find "openlineage$" then
      for line in r.stdout:gmatch "[^\n]+" do
        t.equal(spec.wrong(json.decode(line)), {})
      end
    end
  end
end)

test("the picture that docs/guide/lineage.md promises is one", function(t)
  local dir <close> = cli.dir()
  local r = cli.shell('"$TARN" -p demo lineage sales_orders_etl --format dot | dot -Tsvg',
    { cwd = dir.path, env = { XDG_STATE_HOME = dir.path } })
  t.equal({ r.status, r.stderr }, { 0, "" })
  t.match(r.stdout, "</svg>")
  t.match(r.stdout, "sales.orders.gold_daily_orders")
end)
