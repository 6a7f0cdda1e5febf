--- docs/guide/safety.md: each command in it ends as the page says, and its script runs.

local walkthrough = require "support.walkthrough"

test("docs/guide/safety.md does what it says", function(t)
  local walk = walkthrough.run(t, "docs/guide/safety.md")
  t.match(walk.out["tarn run count.lua"], "4500001500000")
end)
