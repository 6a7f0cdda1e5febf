--- docs/guide/assistants.md: its commands print what the page shows.

local walkthrough = require "support.walkthrough"

test("docs/guide/assistants.md does what it says", function(t)
  walkthrough.run(t, "docs/guide/assistants.md")
end)
