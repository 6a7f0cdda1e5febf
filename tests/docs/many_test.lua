--- docs/guide/many.md: its commands, from top to bottom.

local walkthrough = require "support.walkthrough"

test("docs/guide/many.md does what it says", function(t)
  local walk = walkthrough.run(t, "docs/guide/many.md")
  t.is_true(walk.count >= 12, walk.count)
end)
