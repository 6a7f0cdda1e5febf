--- docs/guide/sandbox.md: each command in it ends as the page says, and its faults happen.

local pages = require "support.pages"
local walkthrough = require "support.walkthrough"

local PAGE <const> = "docs/guide/sandbox.md"

-- The second list of pipelines is refused once, and asked for again.
local CALL <const> = [[
DATABRICKS_HOST=$(sed -n 's/^listening on //p' faults.log); export DATABRICKS_HOST
for n in 1 2; do DATABRICKS_TOKEN=demo-token tarn list -v -o csv >list.$n 2>trace.$n; done]]

test("docs/guide/sandbox.md does what it says", function(t)
  local faults
  for _, block in ipairs(pages.blocks(PAGE)) do
    faults = block.language == "json" and table.concat(block.lines, "\n") or faults
  end
  local walk = walkthrough.run(t, PAGE, { files = { ["faults.json"] = faults }, after = CALL })
  t.match(walk.out["DATABRICKS_TOKEN=demo-token tarn list"], "sales_forecast")
  t.match(walk.left["list.2"], "sales_forecast")
  t.match(walk.left["trace.2"], "429")
end)
