--- docs/guide/watching.md: each command in it ends, and prints, as the page says.

local walkthrough = require "support.walkthrough"

test("docs/guide/watching.md does what it says", function(t)
  walkthrough.run(t, "docs/guide/watching.md")
end)
