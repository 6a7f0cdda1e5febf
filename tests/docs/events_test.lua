--- docs/guide/events.md: each command in it ends, and prints, as the page says; its script runs.

local walkthrough = require "support.walkthrough"

test("docs/guide/events.md does what it says", function(t)
  local walk = walkthrough.run(t, "docs/guide/events.md")
  t.match(walk.out["tarn -p demo run tail.lua"], "COMPLETED\n")
  t.match(walk.out["tarn -p demo run tail.lua"], "Update %x+ is COMPLETED", true)
  t.is_true(walk.left["sales.cursor"])
end)
