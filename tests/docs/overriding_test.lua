--- docs/scripting/overriding.md: its commands run, and its override only adds.

local walkthrough = require "support.walkthrough"

test("docs/scripting/overriding.md does what it says", function(t)
  local walk = walkthrough.run(t, "docs/scripting/overriding.md", {
    after = "tarn -p demo list -o csv >all.csv" })
  t.match(walk.out["tarn -p demo list --idle 1"], "iot_gateway_errors")
  t.no_match(walk.out["tarn -p demo list --idle 1"], "sales_forecast")
  local _, lines = walk.left["all.csv"]:gsub("\n", "")
  t.equal(lines, 42, "all pipelines and the head")
end)
