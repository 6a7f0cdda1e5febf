--- README.md: each command in it ends as it says, from a fresh state on; its script runs.

local walkthrough = require "support.walkthrough"

test("README.md does what it says", function(t)
  local walk = walkthrough.run(t, "README.md", { after = "tarn -p demo-dr list -o csv >left.csv" })
  t.is_true(walk.count >= 15, walk.count)
  t.match(walk.out["tarn -p prod run stale.lua"], "ingest_ga4")
  t.no_match(walk.left["left.csv"], "quickstart_dr", "what the page made is undone")
end)
