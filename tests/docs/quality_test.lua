--- docs/guide/quality.md: each command in it ends, and prints, as the page says.

local walkthrough = require "support.walkthrough"

test("docs/guide/quality.md does what it says", function(t)
  local walk = walkthrough.run(t, "docs/guide/quality.md")
  t.match(walk.all, "all gates passed")
end)
