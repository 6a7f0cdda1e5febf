--- docs/guide/changing.md: each command in it ends as the page says.

local walkthrough = require "support.walkthrough"

test("docs/guide/changing.md does what it says", function(t)
  local walk = walkthrough.run(t, "docs/guide/changing.md")
  t.match(walk.all, "created orders_by_hour")
end)
