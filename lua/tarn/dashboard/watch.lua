--- The dashboard again and again: `for data, changed in watch.start(look) do`.
--
-- A look that fails after one that did not does not end it: the last answer comes again, marked
-- `stale`, and the pause to the next look grows.

local json = require "native.json"
local options = require "base.options"
local stale = require "tarn.dashboard.stale"
local task = require "native.task"

local M = {}

local TICK <const> = 0.25    -- seconds; what `tick` may show is at most that old
local MOST_PAUSE <const> = 60

-- All but the time it was asked at, as a text: what is the same has the same.
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

--- The next answer, and whether anything in it is different; nil after the last.
---@return table? data
---@return boolean? changed
function Watch:next()
  if self.looks == self.refreshes then
    return nil
  elseif self.looks > 0 then
    self:pause()
  end
  self.looks = self.looks + 1
  local data = self.look()
  self.failing = is_all_stale(data) and (self.failing or 0) + 1 or nil
  local text = digest(data)
  local changed = text ~= self.text
  self.text = text
  return data, changed
end
Watch.__call = Watch.next

--- Look every so often.
---@param look fun(): table as `tarn.dashboard` reads one workspace or many
---@param opts? { interval?: number, refreshes?: integer, tick?: fun() } seconds between two
--   looks (default 5); how many looks; called now and then while it waits
---@return tarn.DashboardWatch
function M.start(look, opts)
  opts = opts or {}
  options.check(opts, { "interval", "refreshes", "tick" })
  return setmetatable({ look = stale.new(look), interval = opts.interval or 5, looks = 0,
    refreshes = opts.refreshes, tick = opts.tick }, Watch)
end

return M
