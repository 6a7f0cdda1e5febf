--- Feed the state of a run with the events of its pipeline, as they come.

local events = require "tarn.events"
local fault = require "base.fault"
local follow = require "tarn.follow"
local pipelines = require "tarn.pipelines"
local task = require "native.task"
local time = require "base.time"

local M = {}

local SLACK_MS <const> = 60000      -- an event may be older than its update
local RECENT_MS <const> = 2 * 3600000 -- all events of a run that is younger than this are read
local NEWEST <const> = 250          -- newest events that are read of an older run
local STEPS <const> = 250           -- events of its phases that are read
local LATEST <const> = 500          -- events that `catch_up` reads
local INTERVAL <const> = 2          -- seconds between two polls

---@class tarn.LiveFeed
local Feed = {}
Feed.__index = Feed

-- Read the phases of a run that began long ago; its flows show only what they report from now on.
local function seed(ws, id, state, update_id)
  local criteria = events.criteria("live", { type = "update_progress,create_update",
    update = update_id })
  for event in events.list(ws, id, { criteria = criteria, max = STEPS }) do
    state:take(event)
  end
end

local function feed(self, update)
  local began = update and math.tointeger(tonumber(update.creation_time))
  local options = { interval = self.interval, once = self.once, last = NEWEST,
    problem = self.problem }
  if began and time.now() - began < RECENT_MS then
    options.since = began - SLACK_MS
  elseif update then
    seed(self.ws, self.id, self.state, update.update_id)
  end
  local follower <close> = follow.start(self.ws, { self.id }, options)
  for event in follower do
    self.state:take(event)
  end
end

--- Feed a state until `close`. Faults go to `problem` and do not change the state.
---@param ws tarn.WorkspaceClient
---@param id string of the pipeline
---@param state tarn.Live
---@param opts? { update?: table, interval?: number, once?: boolean, problem?: fun(e: tarn.Fault) }
--- `update`: the UpdateInfo of the run to begin with, default the newest
---@return tarn.LiveFeed
function M.start(ws, id, state, opts)
  opts = opts or {}
  local self = setmetatable({ ws = ws, id = id, state = state, once = opts.once,
    interval = opts.interval or INTERVAL, problem = opts.problem or function() end }, Feed)
  self.owner = task.current()
  self.task = task.spawn(function()
    local ok, e = fault.call(function()
      local update = opts.update or pipelines.updates(ws, id, { max = 1 })()
      if update then
        state:know(update)
      end
      feed(self, update)
    end)
    self.over = true
    if not ok and not self.closed and e.kind ~= "cancelled" then
      self.problem(e, id)
    end
    task.wake(self.owner)
  end)
  return self
end

--- Read the newest events of an update that has ended.
---@param update_id string
function Feed:catch_up(update_id)
  local criteria = events.criteria("live", { type = "update_progress,flow_progress",
    update = update_id })
  local ok, e = fault.call(function()
    for event in events.list(self.ws, self.id, { criteria = criteria, max = LATEST }) do
      self.state:take(event)
    end
  end)
  if not ok and e.kind == "cancelled" then
    fault.raise(e)
  elseif not ok then
    self.problem(e, self.id)
  end
end

function Feed:close()
  if not self.closed then
    self.closed = true
    task.cancel(self.task)
  end
end
Feed.__close = Feed.close

return M
