--- docs/guide/workspaces.md: each command in it ends, and prints, as the page says.

local walkthrough = require "support.walkthrough"

test("docs/guide/workspaces.md does what it says", function(t)
  walkthrough.run(t, "docs/guide/workspaces.md")
end)
