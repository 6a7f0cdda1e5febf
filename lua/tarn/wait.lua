--- Wait until an update ends, or until a pipeline has some state.
--
--     local wait = require "tarn.wait"
--     local started = tarn.trigger { pipeline = "finance_gl_close" }
--     local result = wait.follow(ws, started.pipeline_id, started.update_id, { timeout = 3600 })
--     print(result.outcome, #result.updates)
--
-- `follow` polls the update, not the pipeline, whose state other updates and maintenance change
-- too. When an update of a pipeline in production mode fails, the platform starts another one for
-- the same request (cause RETRY_ON_FAILURE): the request ends with the last of its updates.

local fault = require "base.fault"
local hooks = require "engine.hooks"
local polls = require "tarn.wait.poll"
local retries = require "tarn.wait.retry"

local M = {}

--- The outcome of an update by its state. An update in any other state goes on.
M.ENDS = { COMPLETED = "completed", FAILED = "failed", CANCELED = "canceled" }

--- The states in which an update is active.
M.ACTIVE = { CREATED = true, QUEUED = true, WAITING_FOR_RESOURCES = true, INITIALIZING = true,
  RESETTING = true, SETTING_UP_TABLES = true, RUNNING = true, STOPPING = true }

--- The documented states of a pipeline; the API may get others.
M.STATES = { "DELETED", "DEPLOYING", "FAILED", "IDLE", "RECOVERING", "RESETTING", "RUNNING",
  "STARTING", "STOPPING" }

--- Seconds that a command waits unless --timeout says otherwise.
M.DAY = polls.DAY

-- States of a pipeline in which no update is active.
local AT_REST <const> = { IDLE = true, FAILED = true, DELETED = true }

-- The outcome of an update, or nil while it goes on. An update in an unknown state has ended if its
-- pipeline is at rest, since the API may get new states.
local function find_outcome(poll, update)
  if M.ENDS[update.state] then
    return M.ENDS[update.state]
  elseif update.mode == "CONTINUOUS" and update.state == "RUNNING" and not update.validate_only then
    return "running"
  elseif not M.ACTIVE[update.state] then
    local native = poll.ws.native
    local found = poll:ask(native.pipeline_get, native, poll.id)
    return found and AT_REST[found.state] and "unknown" or nil
  end
end

-- Wait until an update ends. Returns the update and its outcome; nil as the outcome if the timeout
-- is over first.
local function until_end(poll, update_id)
  local native, last = poll.ws.native, nil
  repeat
    local update = poll:ask(native.update_get, native, poll.id, update_id)
    if update then
      if not last or update.state ~= last.state then
        poll:changed(update)
      end
      last = update
      local outcome = find_outcome(poll, update)
      if outcome then
        return update, outcome
      end
    end
  until not poll:sleep()
  return last, nil
end

---@class tarn.WaitOptions
---@field timeout? number   seconds for the whole wait; default a day
---@field grace? number     seconds in which a retry must appear
---@field retries? boolean  false: do not wait for the update's retries
---@field note? fun(update: table, seconds: number) called at each change of state
---@field clock? { now: (fun(): number), sleep: fun(seconds: number) }
---@field random? fun(): number

---@class tarn.Followed
---@field outcome "completed"|"failed"|"canceled"|"running"|"unknown"|"timed_out"
---@field update table|nil the last update, as the API gives it
---@field updates string[] the ids of the update and its retries
---@field seconds number   length of the wait

--- Wait until an update and all its retries have ended. A continuous update does not end: its
-- outcome is "running" as soon as it runs.
---@param ws tarn.WorkspaceClient
---@param id string
---@param update_id string
---@param opts? tarn.WaitOptions
---@return tarn.Followed
function M.follow(ws, id, update_id, opts)
  hooks.load() -- raises the fault of a broken hook before the wait
  local poll = polls.new(ws, id, opts)
  local chain = { update_id }
  local update, outcome
  repeat
    local retry, known = nil, true
    update, outcome = until_end(poll, chain[#chain])
    if outcome == "failed" and not (opts and opts.retries == false) then
      retry, known = retries.find(poll, update, #chain)
    end
    chain[#chain + 1] = retry
    if not known then
      outcome = nil
    end
  until not retry
  local followed = { outcome = outcome or "timed_out", update = update, updates = chain,
    seconds = poll:elapsed() }
  hooks.call("after_update", { pipeline_id = id, update_id = chain[#chain], updates = chain,
    outcome = followed.outcome, update = update, seconds = followed.seconds }, { workspace = ws })
  return followed
end

--- Wait until `is_reached(pipeline)` is true. A pipeline that was deleted has the state DELETED.
---@param ws tarn.WorkspaceClient
---@param id string
---@param is_reached fun(pipeline: table): boolean
---@param opts? tarn.WaitOptions `note` gets the pipeline
---@return table? pipeline the newest answer
---@return boolean reached false if the timeout is over
function M.until_pipeline(ws, id, is_reached, opts)
  local poll = polls.new(ws, id, opts)
  local last
  local function get()
    local found, e = fault.try(ws.native.pipeline_get, ws.native, id)
    if e and e.status == 404 and last then
      return { pipeline_id = id, name = last.name, state = "DELETED" }
    elseif e then
      fault.raise(e)
    end
    return found
  end
  repeat
    local found = poll:ask(get)
    if found then
      if not last or found.state ~= last.state then
        poll:changed(found)
      end
      last = found
      if is_reached(found) then
        return found, true
      end
    end
  until not poll:sleep()
  return last, false
end

--- The newest active update in the answer of GET; nil if no update is active.
---@param pipeline table
---@return table? { update_id, state, creation_time }
function M.find_active(pipeline)
  local newest = (pipeline.latest_updates or {})[1]
  if newest and (M.ACTIVE[newest.state]
    or not M.ENDS[newest.state] and not AT_REST[pipeline.state]) then
    return newest
  end
end

--- True if no update of the pipeline is active.
---@param pipeline table
---@return boolean
function M.is_at_rest(pipeline)
  return (AT_REST[pipeline.state] or false) and not M.find_active(pipeline)
end

-- Parts that other subjects use.
return require("base.lazy").fields(M, {
  outcome = "tarn.wait.outcome",
})
