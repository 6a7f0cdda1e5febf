--- Ask a workspace again and again, at a rate that suits the length of the wait.

local fault = require "base.fault"
local options = require "base.options"
local pool = require "base.pool"
local task = require "native.task"

local M = {}

--- Seconds that a command waits unless --timeout says otherwise.
M.DAY = 24 * 3600

-- Seconds between polls: first FIRST, then GROWTH times longer after each poll, at most LAST, and
-- FIRST again after a change. JITTER lengthens or shortens each pause, so that many processes that
-- wait do not poll at the same time.
local FIRST <const>, LAST <const>, GROWTH <const>, JITTER <const> = 0.5, 15, 1.5, 0.2

local NEW <const> = 30       -- seconds in which a new update may not be found yet
local PATIENCE <const> = 600 -- seconds for which polls may fail

local OPTIONS <const> = { "timeout", "grace", "retries", "note", "clock", "random" }

---@class tarn.Poll
---@field ws tarn.WorkspaceClient
---@field id string        of the pipeline
---@field clock { now: (fun(): number), sleep: fun(seconds: number) }
---@field grace? number
---@field deadline number  on the clock
local Poll = {}
Poll.__index = Poll

---@param ws tarn.WorkspaceClient
---@param id string of the pipeline
---@param opts? tarn.WaitOptions
---@return tarn.Poll
function M.new(ws, id, opts)
  options.check(opts, OPTIONS)
  opts = opts or {}
  local clock = opts.clock or task
  local now = clock.now()
  return setmetatable({ ws = ws, id = id, clock = clock, random = opts.random or math.random,
    started = now, deadline = now + (opts.timeout or M.DAY), pause = FIRST, grace = opts.grace,
    note = opts.note or function() end }, Poll)
end

--- Seconds since the wait began.
---@return number
function Poll:elapsed()
  return self.clock.now() - self.started
end

--- Tell the caller of a change of state; the next polls come soon again.
---@param what table the update or the pipeline
function Poll:changed(what)
  self:hurry()
  self.note(what, self:elapsed())
end

--- Poll soon again.
function Poll:hurry()
  self.pause = FIRST
end

--- Sleep until the next poll.
---@return boolean in_time false if the timeout is over
function Poll:sleep()
  local left = self.deadline - self.clock.now()
  if left <= 0 then
    return false
  end
  local pause = self.pause * (1 + JITTER * (2 * self.random() - 1))
  self.clock.sleep(math.min(pause, left))
  self.pause = math.min(LAST, self.pause * GROWTH)
  return true
end

-- True if a later poll may succeed.
local function is_temporary(poll, e)
  if e.status == 404 then
    return not poll.seen and poll:elapsed() < NEW
  end
  return e.kind == "network" or e.kind == "timeout" or e.kind == "parse" or e.status == 429
    or (e.status or 0) >= 500
end

--- Call `f(...)`. A temporary failure does not end the wait, which can take hours: the answer is
-- nil, and the caller polls again. Raises other faults, and a temporary one that lasts.
---@param f function
---@return any? answer
function Poll:ask(f, ...)
  local left = math.max(1, self.deadline - self.clock.now())
  local answer, e = fault.try(pool.timeout, left, f, ...)
  if not e then
    self.seen, self.failing_since = true, nil
    return answer
  end
  self.failing_since = self.failing_since or self.clock.now()
  if not is_temporary(self, e) or self.clock.now() - self.failing_since > PATIENCE then
    fault.raise(e)
  end
end

return M
