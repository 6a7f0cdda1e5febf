--- Find the update with which the platform retries a failed one.
--
-- The API does not say beforehand whether a retry will come. So an update counts as failed if no
-- retry has appeared in the grace period, or none can come. Databricks' notifications say that an
-- error which is called fatal is not retried. Nothing else confirms that, so a retry is looked for
-- even then, for a shorter time.

local events = require "tarn.events"
local fault = require "base.fault"

local M = {}

local GRACE <const> = 15       -- seconds in which a retry must appear
local FATAL_GRACE <const> = 2  -- seconds after a fatal error
local LIMIT <const> = "pipelines.numUpdateRetryAttempts"
local NEWEST <const> = 25      -- updates among which a retry is looked for

-- The newest event of an update, or nil. Without permission to read the event log the wait goes on
-- without this help.
local function find_event(poll, update_id, wanted)
  local criteria = events.criteria("wait", { update = update_id, type = wanted.type,
    level = wanted.level })
  local event, e = fault.try(function()
    return poll:ask(events.list(poll.ws, poll.id, { criteria = criteria, max = 1 }))
  end)
  if e and e.kind == "cancelled" then
    fault.raise(e)
  end
  return event
end

-- The request of an update, which only its events have; nil if there are none (yet).
local function find_request(poll, update_id)
  local event = find_event(poll, update_id, {})
  return event and event.origin.request_id or nil
end

local function is_fatal(poll, update_id)
  local event = find_event(poll, update_id, { type = "update_progress", level = "ERROR" })
  return event ~= nil and type(event.error) == "table" and event.error.fatal == true
end

-- The updates that began after this one, oldest first; nil if the poll failed.
local function newer_than(poll, update_id)
  local native = poll.ws.native
  local page = poll:ask(native.update_list, native, poll.id,
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

local function may_be_retried(update, attempt)
  local config = type(update.config) == "table" and update.config or {}
  local settings = type(config.configuration) == "table" and config.configuration or {}
  local limit = tonumber(settings[LIMIT])
  return not update.validate_only and config.development ~= true
    and not (limit and attempt > limit)
end

-- The id of the retry among newer updates, or nil; and whether an update of another request has
-- started instead.
local function pick(poll, update_id, newer)
  local request
  for _, update in ipairs(newer) do
    if update.cause == "RETRY_ON_FAILURE" then
      request = request or find_request(poll, update_id)
      local its = request and find_request(poll, update.update_id)
      if not request or not its or its == request then
        return update.update_id, false
      end
    end
  end
  return nil, #newer > 0
end

--- Wait for the retry of a failed update.
---@param poll tarn.Poll
---@param update table the failed one
---@param attempt integer the number of that update among the attempts, from 1
---@return string? id of the retry; nil if there is none
---@return boolean known false if the timeout was over before that was known
function M.find(poll, update, attempt)
  if not may_be_retried(update, attempt) then
    return nil, true
  end
  local fatal = is_fatal(poll, update.update_id)
  local due = poll.clock.now() + math.min(poll.grace or GRACE, fatal and FATAL_GRACE or math.huge)
  poll:hurry()
  while true do
    local newer = newer_than(poll, update.update_id)
    local retry, replaced = nil, false
    if newer then
      retry, replaced = pick(poll, update.update_id, newer)
    end
    if retry or replaced or poll.clock.now() >= due then
      return retry, true
    elseif not poll:sleep() then
      return nil, false
    end
  end
end

return M
