local dryrun = require "tarn.clone.dryrun"
local testing = require "testing.api"

local ID <const> = "11111111-2222-3333-4444-555555555555"

local function ask(delete)
  local ws = testing.fake { ["POST /api/2.0/pipelines"] = { pipeline_id = ID },
    ["DELETE /api/2.0/pipelines/" .. ID] = delete }
  return ws, { warnings = {} }
end

test("a pipeline that a dry run made by mistake is deleted again, and told", function(t)
  local ws <close>, plan = ask {}
  local e = t.fault(dryrun.ask, plan, ws, { name = "a" })
  t.equal(e.code, "DRY_RUN_IGNORED")
  t.match(e.message, ID .. ", which was deleted again")
  local deleted = 0
  for _, request in ipairs(ws.seen) do
    deleted = deleted + (request.method == "DELETE" and 1 or 0)
  end
  t.equal(deleted, 1)
end)

test("where it cannot be deleted, the fault says how", function(t)
  local ws <close>, plan = ask(require("testing.fake").refusal(403, "PERMISSION_DENIED", "no"))
  local e = t.fault(dryrun.ask, plan, ws, { name = "a" })
  t.match(e.message, "could not be deleted again")
  t.match(e.hint, "tarn delete " .. ID)
end)
