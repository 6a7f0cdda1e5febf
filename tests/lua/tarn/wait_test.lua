--- Waits for updates: all states, and the platform's retries, on a clock that the test moves.

local fake = require "testing.fake"
local wait = require "tarn.wait"

local ID <const> = "6d1f0000-0000-4000-8000-000000000000"

-- Ids of updates.
local U1 <const> = "00000001-0000-4000-8000-000000000000"
local U2 <const> = "00000002-0000-4000-8000-000000000000"
local U3 <const> = "00000003-0000-4000-8000-000000000000"

local function even() return 0.5 end -- no jitter

-- Follow the first of these updates. Returns the result and the clock.
local function follow(updates, opts, pipeline)
  local answers, clock = fake.life(ID, updates, pipeline)
  local ws <close> = fake.workspace(answers, opts and opts.connect)
  local all = { clock = clock, random = even }
  for key, value in pairs(opts or {}) do
    all[key] = value
  end
  all.connect = nil
  return wait.follow(ws, ID, updates[1].id, all), clock, ws
end

local DEVELOPMENT <const> = { development = true }

test("every state of an update either ends the wait or does not", function(t)
  for _, case in ipairs(fake.UPDATE_STATES) do
    local state, outcome = case[1], case[2]
    local result, clock = follow({ { id = U1, config = DEVELOPMENT,
      states = { { "QUEUED", 0 }, { state, 2 }, { outcome and state or "COMPLETED", 100 } } } })
    t.equal(result.outcome, outcome or "completed", state)
    t.is_true(outcome and clock.at < 5 or not outcome and clock.at >= 100, state)
    t.equal(wait.ENDS[state] ~= nil, outcome ~= nil, state)
    t.equal(wait.ACTIVE[state] ~= nil, outcome == nil, state)
  end
end)

test("the wait for an update that is over ends at once", function(t)
  local result, clock = follow { { id = U1, states = { { "CANCELED", 0 } } } }
  t.equal({ result.outcome, clock.at, #clock.pauses }, { "canceled", 0, 0 })
end)

local FAILS <const> = { { "QUEUED", 0 }, { "RUNNING", 5 }, { "FAILED", 10 } }

local function retry(id, from, last, fields)
  local update = { id = id, cause = "RETRY_ON_FAILURE",
    states = { { "QUEUED", from }, { "RUNNING", from + 5 }, { last, from + 10 } } }
  for key, value in pairs(fields or {}) do
    update[key] = value
  end
  return update
end

test("a failure is followed through the platform's retries, or is the end", function(t)
  for _, case in ipairs {
    { why = "one retry", { id = U1, states = FAILS }, retry(U2, 11, "COMPLETED"),
      outcome = "completed", updates = { U1, U2 } },
    { why = "two retries", { id = U1, states = FAILS }, retry(U2, 11, "FAILED"),
      retry(U3, 30, "COMPLETED"), outcome = "completed", updates = { U1, U2, U3 } },
    { why = "the last one fails", { id = U1, states = FAILS }, retry(U2, 11, "FAILED"),
      outcome = "failed", updates = { U1, U2 } },
    { why = "a retry that is cancelled", { id = U1, states = FAILS },
      retry(U2, 11, "CANCELED"), outcome = "canceled", updates = { U1, U2 } },
    { why = "a late retry", { id = U1, states = FAILS },
      retry(U2, 22, "COMPLETED"), outcome = "completed", updates = { U1, U2 } },
    { why = "no retry comes", { id = U1, states = FAILS }, outcome = "failed",
      updates = { U1 } },
    { why = "the retry of another request", { id = U1, states = FAILS },
      retry(U2, 11, "COMPLETED", { request = "other" }), outcome = "failed",
      updates = { U1 } },
    { why = "no event has the request", { id = U1, states = FAILS, request = false },
      retry(U2, 11, "COMPLETED"), outcome = "completed", updates = { U1, U2 } },
    { why = "another request instead", { id = U1, states = FAILS },
      retry(U2, 11, "COMPLETED", { cause = "USER_ACTION", request = "other" }),
      outcome = "failed", updates = { U1 } },
    { why = "ours is behind another one", { id = U1, states = FAILS },
      retry(U3, 11, "COMPLETED", { cause = "SCHEMA_CHANGE", request = "other" }),
      retry(U2, 11, "COMPLETED"), outcome = "completed", updates = { U1, U2 } },
  } do
    local result = follow({ table.unpack(case) })
    t.equal({ result.outcome, result.updates }, { case.outcome, case.updates }, case.why)
    t.equal(result.update.update_id, case.updates[#case.updates], case.why)
  end
end)

test("the wait ends at once if no retry can come", function(t)
  for _, case in ipairs {
    { why = "development", config = DEVELOPMENT },
    { why = "validation", validate_only = true },
    { why = "switched off", config = { configuration = {
      ["pipelines.numUpdateRetryAttempts"] = "0" } } },
  } do
    local result, clock = follow { { id = U1, states = { { "FAILED", 0 } }, config = case.config,
      validate_only = case.validate_only } }
    t.equal({ result.outcome, clock.at }, { "failed", 0 }, case.why)
  end
  local config = { configuration = { ["pipelines.numUpdateRetryAttempts"] = "1" } }
  local result, clock = follow { { id = U1, states = { { "FAILED", 0 } }, config = config },
    retry(U2, 1, "FAILED", { config = config }) }
  t.equal(result.updates, { U1, U2 })
  t.is_true(clock.at < 13, "no grace after the last attempt")
end)

test("a retry of a fatal error is followed if it comes soon",
  function(t)
    local result, clock = follow { { id = U1, states = { { "FAILED", 0 } }, fatal = true } }
    t.equal(result.outcome, "failed")
    t.is_true(clock.at >= 2 and clock.at < 4, clock.at)
    result = follow { { id = U1, states = { { "FAILED", 0 } }, fatal = true },
      retry(U2, 1, "COMPLETED") }
    t.equal({ result.outcome, result.updates }, { "completed", { U1, U2 } })
  end)

test("retries = false ends the wait with the update itself", function(t)
  local result = follow({ { id = U1, states = FAILS }, retry(U2, 11, "COMPLETED") },
    { retries = false })
  t.equal({ result.outcome, result.updates }, { "failed", { U1 } })
end)

test("the timeout is for the whole wait, retries included", function(t)
  for _, case in ipairs {
    { why = "while it runs", timeout = 7, { id = U1, states = FAILS }, updates = { U1 } },
    { why = "while it is not known whether there will be a retry", timeout = 12,
      { id = U1, states = FAILS }, updates = { U1 } },
    { why = "in a retry", timeout = 30, { id = U1, states = FAILS },
      retry(U2, 11, "FAILED"), retry(U3, 25, "COMPLETED"), updates = { U1, U2, U3 } },
  } do
    local result, clock = follow({ table.unpack(case) }, { timeout = case.timeout })
    t.equal({ result.outcome, result.updates, clock.at },
      { "timed_out", case.updates, case.timeout }, case.why)
  end
end)

test("polls become rare, and frequent again after a change of state", function(t)
  local day = 24 * 3600
  local result, clock = follow { { id = U1,
    states = { { "QUEUED", 0 }, { "RUNNING", 1000 }, { "COMPLETED", day } } } }
  t.equal(result.outcome, "completed")
  t.is_true(#clock.pauses < 6000, #clock.pauses)
  local fast = 0
  for i, pause in ipairs(clock.pauses) do
    t.is_true(pause <= 15, pause)
    fast = fast + (pause == 0.5 and i > 1 and 1 or 0)
  end
  t.equal(fast, 1)
end)

test("jitter is a fifth at most", function(t)
  for _, r in ipairs { 0, 0.999 } do
    local _, clock = follow({ { id = U1, states = { { "QUEUED", 0 }, { "COMPLETED", 0.1 } } } },
      { random = function() return r end })
    t.is_true(clock.pauses[1] >= 0.4 and clock.pauses[1] <= 0.6, clock.pauses[1])
  end
end)

test("each change of state is reported once", function(t)
  local told = {}
  follow({ { id = U1, states = FAILS, config = DEVELOPMENT } }, { note = function(update)
    told[#told + 1] = update.state
  end })
  t.equal(told, { "QUEUED", "RUNNING", "FAILED" })
end)

test("the wait for a continuous update ends when it runs", function(t)
  local states = { { "QUEUED", 0 }, { "INITIALIZING", 5 }, { "RUNNING", 20 } }
  local result, clock = follow { { id = U1, mode = "CONTINUOUS", states = states } }
  t.equal(result.outcome, "running")
  t.is_true(clock.at >= 20 and clock.at < 40, clock.at)
end)

test("an unknown state ends the wait if the pipeline is at rest", function(t)
  local states = { { "QUEUED", 0 }, { "EXPIRED", 5 } }
  t.equal(follow({ { id = U1, states = states } }, nil, "IDLE").outcome, "unknown")
  t.equal(follow({ { id = U1, states = states } }, { timeout = 50 }, "RUNNING").outcome,
    "timed_out")
end)

test("a temporary failure does not end the wait, a refusal does", function(t)
  local answers, clock = fake.life(ID, { { id = U1,
    states = { { "RUNNING", 0 }, { "COMPLETED", 30 } } } })
  local path = "GET /api/2.0/pipelines/" .. ID .. "/updates/" .. U1
  local real, n = answers[path], 0
  answers[path] = function(request)
    n = n + 1
    return n == 2 and fake.refusal(500, "INTERNAL_ERROR", "try later") or real(request)
  end
  local ws <close> = fake.workspace(answers, { timeout = 0.2 })
  t.equal(wait.follow(ws, ID, U1, { clock = clock }).outcome, "completed")
  answers[path] = fake.refusal(403, "PERMISSION_DENIED", "no longer")
  t.equal(t.fault(wait.follow, ws, ID, U1, { clock = clock }).status, 403)
end)

test("a failure that lasts ends the wait with its fault", function(t)
  local answers, clock = fake.life(ID, { { id = U1, states = { { "RUNNING", 0 } } } })
  answers["GET /api/2.0/pipelines/" .. ID .. "/updates/" .. U1] =
    fake.refusal(500, "INTERNAL_ERROR", "for ever")
  local ws <close> = fake.workspace(answers, { timeout = 0.02 })
  t.equal(t.fault(wait.follow, ws, ID, U1, { clock = clock }).kind ~= nil, true)
  t.is_true(clock.at > 600 and clock.at < 700, clock.at)
end)

test("a new update may not be found at once", function(t)
  local answers, clock = fake.life(ID, { { id = U1, states = { { "COMPLETED", 0 } } } })
  local path = "GET /api/2.0/pipelines/" .. ID .. "/updates/" .. U1
  local real = answers[path]
  answers[path] = function(request)
    return clock.at < 2 and fake.refusal(404, "RESOURCE_DOES_NOT_EXIST", "which?") or real(request)
  end
  local ws <close> = fake.workspace(answers)
  t.equal(wait.follow(ws, ID, U1, { clock = clock }).outcome, "completed")
  answers[path] = fake.refusal(404, "RESOURCE_DOES_NOT_EXIST", "which?")
  t.equal(t.fault(wait.follow, ws, ID, U1, { clock = clock }).status, 404)
end)

test("until_pipeline ends at the state, at a deletion, or when the time is over", function(t)
  local answers, clock = fake.life(ID, { { id = U1,
    states = { { "STOPPING", 0 }, { "CANCELED", 30 } } } })
  local ws <close> = fake.workspace(answers)
  local opts = { clock = clock, random = even }
  local found, reached = wait.until_pipeline(ws, ID, wait.is_at_rest, opts)
  t.equal({ found.state, reached }, { "IDLE", true })
  opts.timeout = 5
  found, reached = wait.until_pipeline(ws, ID, function() return false end, opts)
  t.equal({ found.state, reached }, { "IDLE", false })
  opts.timeout = 60
  local path = "GET /api/2.0/pipelines/" .. ID
  local real = answers[path]
  answers[path] = function(request)
    return clock.at > 50 and fake.refusal(404, "RESOURCE_DOES_NOT_EXIST", "gone") or real(request)
  end
  found, reached = wait.until_pipeline(ws, ID, function(p) return p.state == "DELETED" end, opts)
  t.equal({ found.state, reached }, { "DELETED", true })
end)

test("an unknown option is a usage fault", function(t)
  t.raises("unknown option 'timout'", wait.follow, {}, ID, U1, { timout = 1 })
end)
