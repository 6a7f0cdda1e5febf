--- docs/guide/warehouse.md: each command in it ends, and prints, as the page says.

local walkthrough = require "support.walkthrough"

test("docs/guide/warehouse.md does what it says", function(t)
  walkthrough.run(t, "docs/guide/warehouse.md")
end)
