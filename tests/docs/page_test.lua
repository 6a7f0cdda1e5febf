--- docs/develop/page.md: the server that it starts runs, and ends in order.

local walkthrough = require "support.walkthrough"

test("docs/develop/page.md does what it says", function(t)
  local walk = walkthrough.run(t, "docs/develop/page.md")
  t.match(walk.left["page.log"], "listening on http://127.0.0.1:")
end)
