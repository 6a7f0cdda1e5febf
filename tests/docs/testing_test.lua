--- docs/scripting/testing.md: the tests that it shows pass, and its commands run.

local pages = require "support.pages"
local walkthrough = require "support.walkthrough"

local PAGE <const> = "docs/scripting/testing.md"

test("docs/scripting/testing.md does what it says", function(t)
  -- the page's first command is called before there is a file
  local walk = walkthrough.run(t, PAGE, {
    files = { ["failing.lua"] = pages.file(PAGE, "failing.lua"),
      ["failing_test.lua"] = pages.file(PAGE, "failing_test.lua") },
    after = "tarn test . >all.txt",
  })
  t.match(walk.out["tarn test failing.lua"], "2 passed, 0 failed")
  t.match(walk.out["tarn test more_test.lua"], "5 passed, 0 failed")
  t.match(walk.left["all.txt"], "8 passed, 0 failed")
end)
