--- docs/README.md: its command prints what it shows. Its tables are checked with all pages.

local walkthrough = require "support.walkthrough"

test("docs/README.md does what it says", function(t)
  walkthrough.run(t, "docs/README.md")
end)
