--- docs/guide/running.md: each command in it ends as the page says, and its script runs.

local walkthrough = require "support.walkthrough"

test("docs/guide/running.md does what it says", function(t)
  local walk = walkthrough.run(t, "docs/guide/running.md")
  t.match(walk.all, "COMPLETED")
  t.match(walk.all, "no_such_table")
  t.match(walk.out["tarn -p demo run refresh.lua"], "COMPLETED")
end)
