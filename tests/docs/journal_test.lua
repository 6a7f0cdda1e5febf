--- docs/guide/journal.md: each command in it ends, and prints, as the page says; its script runs.

local walkthrough = require "support.walkthrough"

test("docs/guide/journal.md does what it says", function(t)
  local walk = walkthrough.run(t, "docs/guide/journal.md", {
    after = "tarn -p demo list 'quickstart_*' -o csv >left.csv" })
  t.match(walk.out["tarn -p demo run make.lua"], "^%x+%-%x+", true)
  t.no_match(walk.left["left.csv"], "quickstart_", "what the page made is undone")
end)
