--- Waits for updates: every state, cause and mode of the API, and values that it does not have yet.
-- There are thousands of cases, so the answers of testing.fake do not go through HTTP, as they do
-- in tests/lua/tarn/wait_test.lua.

local fake = require "testing.fake"
local wait = require "tarn.wait"
local workspace = require "tarn.workspace"

local ID <const> = "6d1f0000-0000-4000-8000-000000000000"
local U1 <const> = "00000001-0000-4000-8000-000000000000"
local U2 <const> = "00000002-0000-4000-8000-000000000000"

-- The values of the API, and one more in each list.
local CAUSES <const> = { "API_CALL", "INFRASTRUCTURE_MAINTENANCE", "JOB_TASK",
  "RETRY_ON_FAILURE", "SCHEMA_CHANGE", "SERVICE_UPGRADE", "USER_ACTION", "SOLAR_FLARE" }
local MODES <const> = { "DEFAULT", "CONTINUOUS", "SOMETIMES" }
local PIPELINES <const> = { "DELETED", "DEPLOYING", "FAILED", "IDLE", "RECOVERING", "RESETTING",
  "RUNNING", "STARTING", "STOPPING", "HIBERNATED" }

local function states()
  local list = table.move(fake.UPDATE_STATES, 1, #fake.UPDATE_STATES, 1, {})
  list[#list + 1] = { "HIBERNATED" }
  return list
end

-- luacheck: ignore 212/self
local function workspace_of(answers)
  local native = {}
  local base = "GET /api/2.0/pipelines/" .. ID
  local function query_of(query)
    local parts = {}
    for key, value in pairs(query or {}) do
      parts[#parts + 1] = key .. "=" .. tostring(value):gsub("'", "%%27")
    end
    return { query = table.concat(parts, "&") }
  end
  function native:pipeline_get() return answers[base] {} end
  function native:update_get(_, id) return answers[base .. "/updates/" .. id]({}).update end
  function native:update_list(_, query) return answers[base .. "/updates"](query_of(query)) end
  function native:events(_, query) return answers[base .. "/events"](query_of(query)) end
  return workspace.wrap(native, "fake")
end

local function follow(updates, pipeline, timeout)
  local answers, clock = fake.life(ID, updates, pipeline)
  return wait.follow(workspace_of(answers), ID, U1, { clock = clock, timeout = timeout,
    random = function() return 0.5 end }), clock
end

-- The expected outcome: an end is an end; a continuous update is done when it runs, unless it only
-- validates; an unknown state is an end if the pipeline is at rest.
local function expected(state, case)
  if case.ends then
    return case.ends
  elseif state == "RUNNING" and case.mode == "CONTINUOUS" and not case.validate then
    return "running"
  elseif state == "HIBERNATED" and (case.pipeline == "IDLE" or case.pipeline == "FAILED"
    or case.pipeline == "DELETED") then
    return "unknown"
  end
  return "timed_out"
end

test("every state, cause and mode has the outcome that the API documents", function(t)
  local n = 0
  for _, row in ipairs(states()) do
    for _, cause in ipairs(CAUSES) do
      for _, mode in ipairs(MODES) do
        for _, validate in ipairs { false, true } do
          local why = ("%s by %s, %s%s"):format(row[1], cause, mode,
            validate and ", validating" or "")
          local case = { ends = row[2], mode = mode, validate = validate, pipeline = "RUNNING" }
          local result, clock = follow({ { id = U1, cause = cause, mode = mode,
            validate_only = validate, states = { { row[1], 0 } } } }, "RUNNING", 60)
          t.equal(result.outcome, expected(row[1], case), why)
          t.equal(result.updates, { U1 }, why)
          t.equal(result.update.cause, cause, why)
          -- the wait goes on only after a failure that may be retried
          local waits = row[1] == "FAILED" and not validate
          t.equal(clock.at > 0, result.outcome == "timed_out" or waits, why)
          n = n + 1
        end
      end
    end
  end
  t.equal(n, 12 * 8 * 3 * 2)
end)

test("the update's state decides; the pipeline's state decides for an unknown one",
  function(t)
    for _, row in ipairs(states()) do
      for _, pipeline in ipairs(PIPELINES) do
        local result = follow({ { id = U1, states = { { row[1], 0 } },
          config = { development = true } } }, pipeline, 40)
        t.equal(result.outcome, expected(row[1], { ends = row[2], pipeline = pipeline }),
          row[1] .. " in a pipeline that is " .. pipeline)
      end
    end
  end)

test("after a failure only a retry of the same request is followed", function(t)
  for _, cause in ipairs(CAUSES) do
    for _, request in ipairs { "r", "other", false } do
      for _, development in ipairs { false, true } do
        for _, row in ipairs(states()) do
          local why = ("%s by %s of request %s%s"):format(row[1], cause, tostring(request),
            development and " in development" or "")
          local config = { development = development }
          local result = follow({
            { id = U1, states = { { "RUNNING", 0 }, { "FAILED", 5 } }, config = config },
            { id = U2, cause = cause, request = request, config = config,
              states = { { "QUEUED", 8 }, { row[1], 10 } } },
          }, "RUNNING", 90)
          local is_retry = cause == "RETRY_ON_FAILURE" and request ~= "other" and not development
          t.equal(result.updates, is_retry and { U1, U2 } or { U1 }, why)
          t.equal(result.outcome, is_retry and (row[2] or "timed_out") or "failed", why)
        end
      end
    end
  end
end)

test("each state on the way to each end is reported once", function(t)
  for _, row in ipairs(states()) do
    for _, ending in ipairs { "COMPLETED", "FAILED", "CANCELED" } do
      if not row[2] then
        local told = {}
        local answers, clock = fake.life(ID, { { id = U1, config = { development = true },
          states = { { "QUEUED", 0 }, { row[1], 3 }, { ending, 700 } } } }, "RUNNING")
        local result = wait.follow(workspace_of(answers), ID, U1, { clock = clock,
          note = function(update) told[#told + 1] = update.state end })
        local want = row[1] == "QUEUED" and { "QUEUED", ending } or { "QUEUED", row[1], ending }
        t.equal(told, want)
        t.equal(result.outcome, wait.ENDS[ending])
        t.is_true(clock.at >= 700 and clock.at < 720, clock.at)
      end
    end
  end
end)
