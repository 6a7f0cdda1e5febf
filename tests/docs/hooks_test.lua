--- docs/scripting/hooks.md: its hook does what the page says, and every point is on the page.

local fs = require "native.fs"
local hooks = require "engine.hooks"
local walkthrough = require "support.walkthrough"

local PAGE <const> = "docs/scripting/hooks.md"

test("docs/scripting/hooks.md does what it says", function(t)
  local walk = walkthrough.run(t, PAGE)
  t.match(walk.out["tarn -p demo get prod_forecast -o json"], '"copied_from": "sales_forecast"')
end)

test("docs/scripting/hooks.md names every point, and what it may do", function(t)
  local text = fs.read(PAGE)
  for _, point in ipairs(hooks.points) do
    local row = text:match("\n(| `" .. point.name .. "` |[^\n]+)")
    t.is_true(row, point.name)
    t.match(row:match "| ([^|]+) |$", point.may)
    t.match(text, "| `" .. point.name .. "` | [^\n]+ |\n.*| `" .. point.name .. "` | ", true)
  end
end)
