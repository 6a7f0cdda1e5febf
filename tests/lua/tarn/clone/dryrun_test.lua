local dryrun = require "tarn.clone.dryrun"
local pipelines = require "tarn.pipelines"
local task = require "native.task"
local testing = require "testing.api"

local ID <const> = "11111111-2222-3333-4444-555555555555"

-- A workspace that takes a dry run for a create; `made`: further fields of what it has made.
local function ask(delete, made)
  local found = { pipeline_id = ID, name = "a", last_modified = task.time() }
  for key, value in pairs(made or {}) do
    found[key] = value
  end
  local ws = testing.fake { ["POST /api/2.0/pipelines"] = { pipeline_id = ID },
    ["GET /api/2.0/pipelines/" .. ID] = found, ["DELETE /api/2.0/pipelines/" .. ID] = delete }
  return ws, { warnings = {}, refusals = {} }
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

test("what was not made by the dry run is left alone", function(t)
  for _, made in ipairs { { name = "other" }, { last_modified = task.time() - 60000 } } do
    local ws <close>, plan = ask({}, made)
    local e = t.fault(dryrun.ask, plan, ws, { name = "a" })
    t.equal(e.code, "DRY_RUN_IGNORED")
    t.match(e.message, "was not deleted again, as it")
    for _, request in ipairs(ws.seen) do
      t.is_true(request.method ~= "DELETE")
    end
  end
end)

test("an import's dry run takes its accident back, too", function(t)
  local ws <close> = ask {}
  local e = t.fault(pipelines.dry_run, ws, { name = "a" }, "tarn import")
  t.match(e.message, "which was deleted again")
  t.match(e.hint, "`tarn import`")
end)
