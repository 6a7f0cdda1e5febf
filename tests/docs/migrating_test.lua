--- docs/guide/migrating.md: each command in it ends as the page says.

local walkthrough = require "support.walkthrough"

test("docs/guide/migrating.md does what it says", function(t)
  local walk = walkthrough.run(t, "docs/guide/migrating.md")
  t.match(walk.all, "migrated  old_orders")
end)
