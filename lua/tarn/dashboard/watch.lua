--- Poll the dashboard: `for data, changed in watch.start(poll) do`.
--
-- A failed poll does not end the loop, unless it is the first one: the last answer comes again with
-- `stale`, and the pause to the next poll grows.

local json = require "native.json"
local options = require "base.options"
local stale = require "tarn.dashboard.stale"
local task = require "native.task"

local M = {}

local TICK <const> = 0.25    -- seconds between two calls of `tick`
local MOST_PAUSE <const> = 60

-- An answer without its time, as a text. Equal answers have equal texts.
local function digest(data)
  local parts = {}
  for i, one in ipairs(data.workspaces or { data }) do
    parts[i] = { one.answer or "", one.summary, one.pipelines, one.recent_events, one.problems,
      one.stale or false }
  end
  return json.encode(parts)
end

---@class tarn.DashboardWatch
local Watch = {}
Watch.__index = Watch

local function is_all_stale(data)
  for _, one in ipairs(data.workspaces or {}) do
    if not one.stale and one.answer ~= "unknown" then
      return false
    end
  end
  return data.workspaces ~= nil or data.stale ~= nil
end

function Watch:pause()
  local seconds = self.interval
  if self.failing then
    seconds = math.min(math.max(MOST_PAUSE, seconds), seconds * 2 ^ math.min(self.failing, 16))
  end
  local due = task.now() + seconds
  repeat
    task.sleep(math.max(0, math.min(self.tick and TICK or seconds, due - task.now())))
    if self.tick then
      self.tick()
    end
  until task.now() >= due
end

--- Poll, after a pause. Returns nil after the last poll.
---@return table? data
---@return boolean? changed whether it differs from the previous answer
function Watch:next()
  if self.polls == self.refreshes then
    return nil
  elseif self.polls > 0 then
    self:pause()
  end
  self.polls = self.polls + 1
  local data = self.poll()
  self.failing = is_all_stale(data) and (self.failing or 0) + 1 or nil
  local text = digest(data)
  local changed = text ~= self.text
  self.text = text
  return data, changed
end
Watch.__call = Watch.next

--- Start a watch.
---@param poll fun(): table as `tarn.dashboard` reads one workspace or many
---@param opts? { interval?: number, refreshes?: integer, tick?: fun() } see tarn.dashboard.watch
---@return tarn.DashboardWatch
function M.start(poll, opts)
  opts = opts or {}
  options.check(opts, { "interval", "refreshes", "tick" })
  return setmetatable({ poll = stale.new(poll), interval = opts.interval or 5, polls = 0,
    refreshes = opts.refreshes, tick = opts.tick }, Watch)
end

return M
