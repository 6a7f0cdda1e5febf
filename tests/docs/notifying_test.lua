--- docs/guide/notifying.md: its commands tell a program, a function and a webhook, each once.

local server = require "native.server"
local walkthrough = require "support.walkthrough"

local PAGE <const> = "docs/guide/notifying.md"

test("docs/guide/notifying.md does what it says, and nothing is told twice", function(t)
  local posted = 0
  local listener = server.listen({}, function()
    posted = posted + 1
    return { status = 200, body = "ok" }
  end)
  local _ <close> = setmetatable({}, { __close = function() listener:close() end })
  local walk = walkthrough.run(t, PAGE, {
    after = "tarn -p demo run nightly.lua >again.txt",
    env = { SLACK_URL = "http://127.0.0.1:" .. listener.port },
  })
  t.match(walk.left["told.txt"], '"kind":"failed"')
  t.match(walk.left["told.txt"], '"kind":"silent"')
  t.match(walk.left["pages.txt"], "iot_edge_backfill: ")
  t.is_true(posted > 0)
  local nightly = walk.out["tarn -p demo run nightly.lua"]
  t.match(nightly, "the nightly check is through")
  t.match(nightly, "sales_promotions: update")
  t.equal(walk.left["again.txt"], "")
end)
