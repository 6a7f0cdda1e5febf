--- docs/guide/history.md: each command in it ends, and prints, as the page says.

local walkthrough = require "support.walkthrough"

test("docs/guide/history.md does what it says", function(t)
  walkthrough.run(t, "docs/guide/history.md")
end)
