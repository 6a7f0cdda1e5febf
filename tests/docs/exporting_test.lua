--- docs/guide/exporting.md: its commands, from top to bottom.

local walkthrough = require "support.walkthrough"

test("docs/guide/exporting.md does what it says", function(t)
  local walk = walkthrough.run(t, "docs/guide/exporting.md")
  t.is_true(walk.count >= 11, walk.count)
end)
