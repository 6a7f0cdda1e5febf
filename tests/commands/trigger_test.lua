--- The commands trigger, stop and wait: the promise T11, also with lost answers.

local anyspec = require "support.anyspec"
local program = require "testing.program"
local fake = require "testing.fake"
local journal = require "tarn.journal"
local json = require "native.json"
local pool = require "base.pool"
local workspace = require "testing.workspace"
local wait = require "testing.wait"

local ID <const> = "6d1f0000-0000-4000-8000-000000000000"

-- The updates of a pipeline, from the workspace itself.
local function updates_of(w, id)
  return (w:all("/api/2.0/pipelines/" .. id .. "/updates?max_results=100", "updates"))
end

-- ---- the request ----

local function body_of(arg)
  local ws <close> = fake.workspace {
    ["GET /api/2.0/pipelines/" .. ID] = { pipeline_id = ID, name = "p", state = "IDLE" },
  }
  arg.pipeline, arg.dry_run = ID, true
  local report = fake.run("trigger", arg, ws)
  return report.request.body, report, ws
end

test("every option about the refresh is in the request", function(t)
  for _, case in ipairs {
    { why = "all", {}, {} },
    { why = "full", { full_refresh = true }, { full_refresh = true } },
    { why = "some", { refresh = { "a,b", "c" } }, { refresh_selection = { "a", "b", "c" } } },
    { why = "some and some in full", { refresh = { "a" }, full_refresh_only = { "b, c" } },
      { refresh_selection = { "a" }, full_refresh_selection = { "b", "c" } } },
    { why = "checkpoints", { reset_checkpoints = { "f" } },
      { reset_checkpoint_selection = { "f" } } },
    { why = "validation", { validate = true }, { validate_only = true } },
    { why = "files", { refresh_path = { "/Workspace/a, b.sql" }, full_refresh_path = { "/c.py" } },
      { refresh_selection_by_path = { "/Workspace/a, b.sql" },
        full_refresh_selection_by_path = { "/c.py" } } },
    { why = "development", { development = true }, { development = true } },
    { why = "production", { production = true }, { development = false } },
    { why = "cause", { cause = "user_action" }, { cause = "USER_ACTION" } },
    { why = "predicates", { replace_where = { "f=d = '2026-01-01'", "g=true" } },
      { replace_where_overrides = {
        { flow_name = "f", predicate_override = "d = '2026-01-01'" },
        { flow_name = "g", predicate_override = "true" } } } },
    { why = "rewind", { rewind_to = "2026-08-01T00:00:00Z" },
      { rewind_spec = { rewind_timestamp = "2026-08-01T00:00:00.000Z" } } },
    { why = "rewind of some", { rewind_to = "2026-08-01T00:00:00Z", rewind = { "a,b" },
      rewind_dry_run = true }, { rewind_spec = { rewind_timestamp = "2026-08-01T00:00:00.000Z",
        dry_run = true, datasets = {
          { identifier = "a", cascade = true, reset_checkpoints = true },
          { identifier = "b", cascade = true, reset_checkpoints = true } } } } },
    { why = "parameters", { param = { "region=eu", "q=a=b", "empty=" } },
      { parameters = { region = "eu", q = "a=b", empty = "" } } },
  } do
    t.equal(json.decode(json.encode((body_of(case[1])))), case[2], case.why)
  end
end)

test("options that exclude each other are refused before anything is sent", function(t)
  for _, case in ipairs {
    { full_refresh = true, refresh = { "a" } },
    { full_refresh = true, full_refresh_only = { "a" } },
    { validate = true, full_refresh = true },
    { validate = true, refresh = { "a" } },
    { attach = true, restart = true },
    { param = { "novalue" } },
    { param = { "=x" } },
    { refresh = { "," } },
    { full_refresh = true, refresh_path = { "/a.sql" } },
    { validate = true, full_refresh_path = { "/a.sql" } },
    { validate = true, rewind_to = "1d" },
    { development = true, production = true },
    { rewind = { "a" } },
    { replace_where = { "f" } },
    { cause = "boredom" },
  } do
    t.equal(t.fault(body_of, case).kind, "usage")
  end
end)

test("a path where tables are expected, and a table where paths are, get a hint", function(t)
  local e = t.fault(body_of, { refresh = { "orders,/Workspace/a/b.sql" } })
  t.match(e.message, "'/Workspace/a/b.sql' is a path")
  t.match(e.hint, "--refresh-path /Workspace/a/b.sql")
  e = t.fault(body_of, { full_refresh_only = { "/a.py" } })
  t.match(e.hint, "--full-refresh-path /a.py")
  e = t.fault(body_of, { refresh_path = { "orders" } })
  t.match(e.message, "--refresh-path: 'orders' is not the path of a file")
  t.match(e.hint, "--refresh and --full-refresh-only take names of tables")
end)

test("every field of the API's request has an option", function(t)
  local body = body_of { refresh = { "a" }, refresh_path = { "/a" }, full_refresh_only = { "b" },
    full_refresh_path = { "/b" }, reset_checkpoints = { "f" }, development = true,
    replace_where = { "f=true" }, rewind_to = "1d", param = { "a=b" }, cause = "API_CALL" }
  local all = body_of { full_refresh = true }
  for _, leaf in ipairs(anyspec.leaves "StartUpdate") do
    local field = leaf.keys[1]
    t.is_true(body[field] ~= nil or all[field] ~= nil or field == "validate_only", field)
  end
  local causes = { table.unpack(require("tarn.trigger").CAUSES) }
  table.sort(causes)
  t.equal(causes, anyspec.words "StartUpdateCause")
end)

test("a dry run only reads", function(t)
  local _, report, ws = body_of { refresh = { "a" } }
  t.equal({ report.status, report.dry_run, #ws.seen }, { "would be triggered", true, 1 })
end)

-- ---- exactly one update ----

test("T11: a trigger gives the update's id and link, and is in the journal", function(t)
  local w <close> = workspace.start { run_ms = 300 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline()
  local report, status = fake.run("trigger", { pipeline = "p" }, ws)
  t.equal({ report.pipeline_id, report.status, status }, { id, "triggered", 0 })
  t.match(report.url, id .. "/updates/" .. report.update_id)
  t.equal(#updates_of(w, id), 1)
  local step = journal.steps(report.operation)[1]
  t.equal({ step.kind, step.status, step.result.update_id },
    { "update.start", "done", report.update_id })
end)

test("T11: an update whose answer is lost is found, and not started twice", function(t)
  for _, case in ipairs {
    { action = "reset_after", started = 1 },
    { action = "504", started = 1 },
    { action = "drip", seconds = 1, started = 1 }, -- slower than the client's timeout
    { action = "reset_before", started = 0 },
  } do
    local w <close> = workspace.start { run_ms = 60000, faults = {
      { path = "*/updates", method = "POST", count = 1, action = case.action,
        bytes = case.seconds, seconds = case.seconds } } }
    local ws <close> = workspace.client(w, { timeout = 2 })
    local id = w:pipeline()
    if case.started == 1 then
      local report = fake.run("trigger", { pipeline = id }, ws)
      t.equal(report.update_id, updates_of(w, id)[1].update_id, case.action)
    else
      t.match(t.fault(fake.run, "trigger", { pipeline = id }, ws).hint, "none was started")
    end
    t.equal(#updates_of(w, id), case.started, case.action)
  end
end)

test("an update whose answer was lost is found, whoever the user is", function(t)
  for _, action in ipairs { "403", "404_message_only", "500" } do
    local w <close> = workspace.start { run_ms = 60000, faults = {
      { path = "*/updates", method = "POST", count = 1, action = "reset_after" },
      { path = "*/scim/v2/Me", action = action } } }
    local ws <close> = workspace.client(w, { timeout = 2 })
    local id = w:pipeline()
    local report = fake.run("trigger", { pipeline = id }, ws)
    t.equal(report.update_id, updates_of(w, id)[1].update_id, action)
  end
end)

test("if the updates cannot be listed, the fault says that an update may have started",
  function(t)
    for _, action in ipairs { "403", "404_message_only", "500", "not_json" } do
      local w <close> = workspace.start { run_ms = 60000, faults = {
        { path = "*/updates", method = "POST", count = 1, action = "reset_after" },
        { path = "*/updates", method = "GET", action = action } } }
      local ws <close> = workspace.client(w, { timeout = 2 })
      local id = w:pipeline()
      local e = t.fault(fake.run, "trigger", { pipeline = id }, ws)
      t.equal({ e.ambiguous, require("engine.report").status(e) }, { true, 10 }, action)
      t.match(e.hint, "may have started")
      local operation = journal.operations { limit = 1 }()
      t.equal(operation.status, "unknown")
      t.equal(journal.steps(operation.id)[1].status, "unknown")
    end
  end)

test("T11: a trigger while an update is active is refused with its id and changes nothing",
  function(t)
    local w <close> = workspace.start { run_ms = 60000 }
    local ws <close> = workspace.client(w)
    local id = w:pipeline()
    local active = w:run(id)
    local e = t.fault(fake.run, "trigger", { pipeline = id }, ws)
    t.match(e.message, active)
    t.match(e.hint, "--attach")
    t.equal(require("engine.report").status(e), 5)
    t.equal(#updates_of(w, id), 1)
  end)

test("T11: --attach takes the update that is active", function(t)
  local w <close> = workspace.start { run_ms = 400 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline()
  local active = w:run(id)
  local report, status = fake.run("trigger", { pipeline = id, attach = true, wait = true }, ws)
  t.equal({ report.update_id, report.status, report.outcome, status },
    { active, "attached", "completed", 0 })
  t.equal(#updates_of(w, id), 1)
  report = fake.run("trigger", { pipeline = id, attach = true }, ws)
  t.equal(report.status, "triggered")
end)

test("T11: --restart stops the active update and starts another", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline()
  local first = w:run(id)
  local report = fake.run("trigger", { pipeline = id, restart = true }, ws)
  local all = updates_of(w, id)
  t.equal({ #all, all[1].update_id, all[2].update_id, all[2].state },
    { 2, report.update_id, first, "CANCELED" })
  t.equal(report.status, "restarted")
  local steps = journal.steps(report.operation)
  t.equal({ steps[1].kind, steps[1].what.update_id, steps[2].kind },
    { "update.stop", first, "update.start" })
end)

-- ---- outcomes ----

test("T11: --wait ends with the update, and each outcome has its status", function(t)
  for _, case in ipairs {
    { why = "completed", {}, outcome = "completed", state = "COMPLETED", status = 0 },
    { why = "failed", { development = true, configuration = { ["sandbox.fail"] = "flow" } },
      outcome = "failed", state = "FAILED", status = 7 },
    { why = "continuous", { continuous = true }, outcome = "running", state = "RUNNING",
      status = 0 },
  } do
    local w <close> = workspace.start { run_ms = 200 }
    local ws <close> = workspace.client(w)
    local id = w:pipeline(case[1])
    if case[1].continuous then
      ws.native:stop(id) -- a continuous pipeline starts when it is created
      w.clock:advance(1000)
    end
    local report, status = fake.run("trigger", { pipeline = id, wait = true, restart = true }, ws)
    t.equal({ report.outcome, report.state, status }, { case.outcome, case.state, case.status },
      case.why)
    if case.outcome == "failed" then
      t.equal(#report.causes, 1)
      t.match(report.causes[1].message, "STREAM_FAILED")
    end
  end
end)

test("T11: --wait goes on through the platform's retries", function(t)
  local w <close> = workspace.start { run_ms = 200 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline { development = false, configuration = {
    ["sandbox.fail"] = "flow", ["sandbox.fail_attempts"] = "2" } }
  local report, status = fake.run("trigger", { pipeline = id, wait = true }, ws)
  t.equal({ report.outcome, #report.updates, status }, { "completed", 3, 0 })
  t.equal(report.updates[1], report.update_id)
  t.equal({ report.cause, report.state }, { "RETRY_ON_FAILURE", "COMPLETED" })
end)

test("T11: a wait under faults ends with the update", function(t)
  local w <close> = workspace.start { run_ms = 300, faults = {
    { path = "*/updates*", method = "GET", probability = 0.15, action = "reset_before" },
    { path = "*/updates*", method = "GET", probability = 0.15, action = "503", retry_after = 0 },
    { path = "*/updates*", method = "GET", probability = 0.15, action = "truncate", bytes = 20 },
    { path = "*/events", method = "GET", probability = 0.15, action = "500" },
  } }
  local ws <close> = workspace.client(w)
  local id = w:pipeline { development = false, configuration = {
    ["sandbox.fail"] = "flow", ["sandbox.fail_attempts"] = "1" } }
  local report, status = fake.run("trigger", { pipeline = id, wait = true }, ws)
  t.equal({ report.outcome, #report.updates, status }, { "completed", 2, 0 })
end)

test("T11: a wait fails when all retries have failed", function(t)
  local w <close> = workspace.start { run_ms = 150 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline { development = false, configuration = {
    ["sandbox.fail"] = "flow", ["pipelines.numUpdateRetryAttempts"] = "1" } }
  local report, status = fake.run("trigger", { pipeline = id, wait = true }, ws)
  t.equal({ report.outcome, #report.updates, status }, { "failed", 2, 7 })
end)

test("T11: an update that somebody else cancels has a status of its own", function(t)
  local w <close> = workspace.start { run_ms = 800 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline()
  local begun = pool.begin(fake.run, "trigger", { pipeline = id, wait = true }, ws)
  wait.until_true(function() return #updates_of(w, id) == 1 end, "the update")
  w:ok("POST", "/api/2.0/pipelines/" .. id .. "/stop", {})
  local report, status = begun()
  t.equal({ report.outcome, report.state, status }, { "canceled", "CANCELED", 8 })
end)

test("T11: a wait that takes too long has a status of its own, and stops nothing",
  function(t)
    local w <close> = workspace.start { run_ms = 60000 }
    local ws <close> = workspace.client(w)
    local id = w:pipeline()
    local report, status = fake.run("trigger", { pipeline = id, wait = true }, ws,
      { quiet = true, timeout = 0.6 })
    t.equal({ report.outcome, status, report.update_id ~= nil }, { "timed_out", 6, true })
    t.equal(updates_of(w, id)[1].state == "CANCELED", false)
  end)

-- ---- stop ----

test("T11: stop waits until the update is cancelled", function(t)
  local w <close> = workspace.start { run_ms = 2000 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline()
  local active = w:run(id)
  local report, status = fake.run("stop", { pipeline = id }, ws)
  t.equal({ report.status, report.update_id, report.update_state, report.state, status },
    { "stopped", active, "CANCELED", "IDLE", 0 })
  t.equal(journal.steps(report.operation)[1].what.update_id, active)
  t.equal(fake.run("stop", { pipeline = id }, ws).status, "idle")
end)

test("stop --no-wait does not wait", function(t)
  local w <close> = workspace.start { run_ms = 2000 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline()
  w:run(id)
  local report = fake.run("stop", { pipeline = id, wait = false }, ws)
  t.equal({ report.pipeline_id, report.status }, { id, "stopping" })
end)

test("stop --update stops that update, and no other", function(t)
  local w <close> = workspace.start { run_ms = 60000 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline()
  local first = w:run(id)
  fake.run("stop", { pipeline = id, update = first:sub(1, 8) }, ws)
  t.equal(updates_of(w, id)[1].state, "CANCELED")
  t.equal(fake.run("stop", { pipeline = id, update = first }, ws).status, "over")
  local second = w:run(id)
  local e = t.fault(fake.run, "stop", { pipeline = id, update = first }, ws)
  t.equal(e.kind, "conflict")
  t.match(e.message, second)
  t.equal(updates_of(w, id)[1].state == "CANCELED", false)
  t.equal(t.fault(fake.run, "stop", { pipeline = id, update = second:sub(1, 5) }, ws).code,
    "NOT_FOUND")
end)

test("a dry run of stop stops nothing", function(t)
  local w <close> = workspace.start { run_ms = 60000 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline()
  local active = w:run(id)
  local report = fake.run("stop", { pipeline = id, dry_run = true }, ws)
  t.equal({ report.status, report.update_id }, { "would be stopped", active })
  t.equal(updates_of(w, id)[1].state == "CANCELED", false)
end)

test("a stop that takes too long is a timeout", function(t)
  local answers = fake.life(ID, { { id = "u1", states = { { "RUNNING", 0 } } } })
  answers["POST /api/2.0/pipelines/" .. ID .. "/stop"] = {}
  local ws <close> = fake.workspace(answers)
  local e = t.fault(fake.run, "stop", { pipeline = ID }, ws, { quiet = true, timeout = 0.2 })
  t.equal({ e.kind, require("engine.report").status(e) }, { "timeout", 6 })
end)

-- ---- wait ----

test("wait follows the active update, or shows the outcome of the newest one", function(t)
  local w <close> = workspace.start { run_ms = 400 }
  local ws <close> = workspace.client(w)
  local id = w:pipeline { configuration = { ["sandbox.fail"] = "flow" } }
  t.equal(t.fault(fake.run, "wait", { pipeline = id }, ws).code, "NOT_FOUND")
  local active = w:run(id)
  for _ = 1, 2 do
    local report, status = fake.run("wait", { pipeline = id }, ws)
    t.equal({ report.update_id, report.outcome, status }, { active, "failed", 7 })
  end
end)

test("wait --for warns of an unknown state, and waits for it", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  local r = program.run({ "wait", id, "--for", "runing", "--timeout", "0.2" },
    { env = w:env() })
  t.equal(r.status, 6, r.stderr)
  t.match(r.stderr, "'RUNING' is not a known state of a pipeline (did you mean 'RUNNING'?)")
end)

test("wait --for waits for the pipeline's own state, in any case", function(t)
  local w <close> = workspace.start { run_ms = 60000 } -- so long that no poll misses the state
  local ws <close> = workspace.client(w)
  local id = w:pipeline()
  w:run(id)
  w.clock:advance(40000)
  local report, status = fake.run("wait", { pipeline = id, ["for"] = "running,failed" }, ws)
  t.equal({ report.state, report.outcome, status }, { "RUNNING", "reached", 0 })
  w.clock:advance(60000)
  report = fake.run("wait", { pipeline = id, ["for"] = "IDLE" }, ws)
  t.equal(report.state, "IDLE")
  report, status = fake.run("wait", { pipeline = id, ["for"] = "resetting" }, ws,
    { quiet = true, timeout = 0.2 })
  t.equal({ report.outcome, status }, { "timed_out", 6 })
end)
