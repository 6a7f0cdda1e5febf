--- docs/guide/lineage.md: its commands, from top to bottom, and the picture that it promises.

local json = require "native.json"
local spec = require "support.openlineage"
local walkthrough = require "support.walkthrough"

test("docs/guide/lineage.md does what it says", function(t)
  local walk = walkthrough.run(t, "docs/guide/lineage.md")
  t.is_true(walk.count >= 15, walk.count)
  for command, out in pairs(walk.out) do
    t.is_true(#out > 0 or command:find ">sales.svg", command)
    t.equal(walk.err[command], "", command)
    if command:find "demo%-dr lineage" then
      t.match(out, "a copy of sales_orders_etl in demo")
    elseif command:find "%-%-check" then
      t.match(out, "sales.orders.silver_orders -> sales_dr.standby.silver_orders")
      t.match(out, ",%s+exists\n", true)
    elseif command:find "openlineage$" then
      for line in out:gmatch "[^\n]+" do
        t.equal(spec.wrong(json.decode(line)), {})
      end
    end
  end
  t.match(walk.left["sales.svg"], "</svg>")
  t.match(walk.left["sales.svg"], "sales.orders.gold_daily_orders")
end)
