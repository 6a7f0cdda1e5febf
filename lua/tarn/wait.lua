--- Waiting: for an update to end, through the platform's retries, or for a pipeline's state.
--
-- What is followed is the update and not the pipeline, whose state the next update, or
-- maintenance, changes too. When an update of a pipeline in production mode fails, the
-- platform starts another one for the same request (cause RETRY_ON_FAILURE): the request is
-- over when the last of them is. It does not say beforehand whether there will be one, so a
-- failure counts when none has come for GRACE seconds, or when none can come. An error that is
-- called fatal is one that is not retried, in the words of Databricks' notifications; since
-- nothing else says so, a retry is looked for all the same, for a moment.

local events = require "tarn.events"
local fault = require "base.fault"
local hooks = require "engine.hooks"
local options = require "base.options"
local pool = require "base.pool"
local task = require "native.task"

local M = {}

--- What an update has come to, by its state. All other words of the API mean that it goes on.
M.ENDS = { COMPLETED = "completed", FAILED = "failed", CANCELED = "canceled" }

--- The states in which an update is active.
M.ACTIVE = { CREATED = true, QUEUED = true, WAITING_FOR_RESOURCES = true, INITIALIZING = true,
  RESETTING = true, SETTING_UP_TABLES = true, RUNNING = true, STOPPING = true }

--- States of a pipeline that are known; the API may yet get others.
M.STATES = { "DELETED", "DEPLOYING", "FAILED", "IDLE", "RECOVERING", "RESETTING", "RUNNING",
  "STARTING", "STOPPING" }

-- States of a pipeline in which no update is active.
local AT_REST <const> = { IDLE = true, FAILED = true, DELETED = true }

--- Seconds that a command waits unless --timeout says otherwise.
M.DAY = 24 * 3600

-- Between two looks: at first half a second, then longer and longer, and again half a second
-- when something has changed. A fifth more or less, so that many who wait do not ask at once.
local FIRST <const>, LAST <const>, GROWTH <const>, JITTER <const> = 0.5, 15, 1.5, 0.2

local GRACE <const> = 15     -- seconds for a retry to be seen after the failure
local FATAL_GRACE <const> = 2
local NEW <const> = 30       -- seconds in which what was just made may not be found yet
local PATIENCE <const> = 600 -- seconds of lost answers that are waited out
local RETRIES <const> = "pipelines.numUpdateRetryAttempts"
local NEWEST <const> = 25    -- updates in which a retry is looked for

---@class tarn.WaitOptions
---@field timeout? number   seconds for all of it; default a day
---@field grace? number     seconds for a retry to be seen
---@field retries? boolean  false: not beyond the update itself
---@field note? fun(update: table, seconds: number) called at each change of state
---@field clock? { now: (fun(): number), sleep: fun(seconds: number) }
---@field random? fun(): number

local OPTIONS <const> = { "timeout", "grace", "retries", "note", "clock", "random" }

---@class tarn.Wait
local Wait = {}
Wait.__index = Wait

local function new_wait(ws, id, opts)
  options.check(opts, OPTIONS)
  opts = opts or {}
  local clock = opts.clock or task
  local now = clock.now()
  return setmetatable({ ws = ws, id = id, clock = clock, random = opts.random or math.random,
    started = now, deadline = now + (opts.timeout or M.DAY), pause = FIRST,
    grace = opts.grace or GRACE, note = opts.note or function() end }, Wait)
end

-- Sleep until the next look is due; false if the time has gone by.
function Wait:sleep()
  local left = self.deadline - self.clock.now()
  if left <= 0 then
    return false
  end
  local pause = self.pause * (1 + JITTER * (2 * self.random() - 1))
  self.clock.sleep(math.min(pause, left))
  self.pause = math.min(LAST, self.pause * GROWTH)
  return true
end

local function passes(wait, e)
  if e.status == 404 then
    return not wait.seen and wait.clock.now() - wait.started < NEW
  end
  return e.kind == "network" or e.kind == "timeout" or e.kind == "parse" or e.status == 429
    or (e.status or 0) >= 500
end

-- What a call answers; nil if its answer was lost, as happens in the course of hours.
function Wait:ask(f, ...)
  local left = math.max(1, self.deadline - self.clock.now())
  local answer, e = fault.try(pool.timeout, left, f, ...)
  if not e then
    self.seen, self.lost_since = true, nil
    return answer
  end
  self.lost_since = self.lost_since or self.clock.now()
  if not passes(self, e) or self.clock.now() - self.lost_since > PATIENCE then
    fault.raise(e)
  end
end

function Wait:get_pipeline()
  local native = self.ws.native
  return self:ask(native.pipeline_get, native, self.id)
end

-- What the update has come to, or nil. A state that we do not know is an end if the pipeline
-- is at rest: the API may get new words.
function Wait:find_end(update)
  if M.ENDS[update.state] then
    return M.ENDS[update.state]
  elseif update.mode == "CONTINUOUS" and update.state == "RUNNING" and not update.validate_only then
    return "running"
  elseif not M.ACTIVE[update.state] then
    local found = self:get_pipeline()
    return found and AT_REST[found.state] and "unknown" or nil
  end
end

-- Wait until the update is over: it and what it came to; nil for that if the time went by.
function Wait:until_end(update_id)
  local native, last = self.ws.native, nil
  repeat
    local update = self:ask(native.update_get, native, self.id, update_id)
    if update then
      if not last or update.state ~= last.state then
        self.pause = FIRST
        self.note(update, self.clock.now() - self.started)
      end
      last = update
      local outcome = self:find_end(update)
      if outcome then
        return update, outcome
      end
    end
  until not self:sleep()
  return last, nil
end

-- ---- retries ----

-- The newest event of an update, or nil. It helps to decide: who may not read the event log
-- waits all the same.
function Wait:find_event(update_id, wanted)
  local criteria = events.criteria("wait", { update = update_id, type = wanted.type,
    level = wanted.level })
  local event, e = fault.try(function()
    return self:ask(events.list(self.ws, self.id, { criteria = criteria, max = 1 }))
  end)
  if e and e.kind == "cancelled" then
    fault.raise(e)
  end
  return event
end

-- The request that an update belongs to: only its events tell. Nil if they do not (yet).
function Wait:find_request(update_id)
  local event = self:find_event(update_id, {})
  return event and event.origin.request_id or nil
end

-- True if the update ended with an error that is not retried.
function Wait:is_fatal(update_id)
  local event = self:find_event(update_id, { type = "update_progress", level = "ERROR" })
  return event ~= nil and type(event.error) == "table" and event.error.fatal == true
end

-- The updates that began after this one, oldest first; nil if the answer was lost.
function Wait:newer_than(update_id)
  local native = self.ws.native
  local page = self:ask(native.update_list, native, self.id,
    { until_update_id = update_id, max_results = NEWEST })
  if not page then
    return nil
  end
  local list = {}
  for _, update in ipairs(page.updates or {}) do
    if update.update_id == update_id then
      break
    end
    table.insert(list, 1, update)
  end
  return list
end

-- True if there can be a retry of this update, the nth attempt.
local function may_be_retried(update, attempt)
  local config = type(update.config) == "table" and update.config or {}
  local settings = type(config.configuration) == "table" and config.configuration or {}
  local limit = tonumber(settings[RETRIES])
  return not update.validate_only and config.development ~= true
    and not (limit and attempt > limit)
end

-- The retry among newer updates, and true if another request has come in its place.
function Wait:pick_retry(update_id, newer)
  local request
  for _, update in ipairs(newer) do
    if update.cause == "RETRY_ON_FAILURE" then
      request = request or self:find_request(update_id)
      local its = request and self:find_request(update.update_id)
      if not request or not its or its == request then
        return update.update_id, false
      end
    end
  end
  return nil, #newer > 0
end

-- The id of the update that retries a failed one. Nil if there will be none; false besides if
-- the time went by before that could be told.
function Wait:find_retry(update, attempt)
  if not may_be_retried(update, attempt) then
    return nil, true
  end
  local fatal = self:is_fatal(update.update_id)
  local due = self.clock.now() + math.min(self.grace, fatal and FATAL_GRACE or math.huge)
  self.pause = FIRST
  while true do
    local newer = self:newer_than(update.update_id)
    local retry, replaced = nil, false
    if newer then
      retry, replaced = self:pick_retry(update.update_id, newer)
    end
    if retry or replaced or self.clock.now() >= due then
      return retry, true
    elseif not self:sleep() then
      return nil, false
    end
  end
end

---@class tarn.Followed
---@field outcome "completed"|"failed"|"canceled"|"running"|"unknown"|"timed_out"
---@field update table|nil the last update, as the API gives it
---@field updates string[] the update and its retries
---@field seconds number   how long it was waited for

--- Wait for the end of an update and of all its retries. A continuous update has no end: it
-- is "running" as soon as it does.
---@param ws tarn.WorkspaceClient
---@param id string
---@param update_id string
---@param opts? tarn.WaitOptions
---@return tarn.Followed
function M.follow(ws, id, update_id, opts)
  hooks.load() -- a broken one is told before the waiting
  local wait = new_wait(ws, id, opts)
  local chain = { update_id }
  local update, outcome
  repeat
    local retry, known = nil, true
    update, outcome = wait:until_end(chain[#chain])
    if outcome == "failed" and not (opts and opts.retries == false) then
      retry, known = wait:find_retry(update, #chain)
    end
    chain[#chain + 1] = retry
    if not known then
      outcome = nil
    end
  until not retry
  local followed = { outcome = outcome or "timed_out", update = update, updates = chain,
    seconds = wait.clock.now() - wait.started }
  hooks.call("after_update", { pipeline_id = id, update_id = chain[#chain], updates = chain,
    outcome = followed.outcome, update = update, seconds = followed.seconds }, { workspace = ws })
  return followed
end

-- ---- states of a pipeline ----

--- Wait until `is_there(pipeline)` holds; a pipeline that is gone has the state DELETED.
---@param ws tarn.WorkspaceClient
---@param id string
---@param is_there fun(pipeline: table): boolean
---@param opts? tarn.WaitOptions `note` gets the pipeline
---@return table? pipeline as it was seen last
---@return boolean reached false if the time went by
function M.until_pipeline(ws, id, is_there, opts)
  local wait = new_wait(ws, id, opts)
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
    local found = wait:ask(get)
    if found then
      if not last or found.state ~= last.state then
        wait.pause = FIRST
        wait.note(found, wait.clock.now() - wait.started)
      end
      last = found
      if is_there(found) then
        return found, true
      end
    end
  until not wait:sleep()
  return last, false
end

--- The newest update that is active, of the answer of GET; nil if there is none.
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

-- What other subjects use of the parts.
return require("base.lazy").fields(M, {
  outcome = "tarn.wait.outcome",
})
