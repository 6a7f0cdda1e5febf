--- New events of pipelines as they come: each once, none left out.
--
-- Of each pipeline a cursor is kept: the time up to which its log was read, and the ids of the
-- events that were given from some time before that on. A look asks again from before the
-- cursor, oldest first, and leaves out what is known: so events of the same millisecond, and
-- such as come late, are neither lost nor doubled. Most look back a little, now and then one over
-- the whole overlap. What comes later than that, or below the oldest id that is remembered, is
-- not seen; `crowded` is told when the ids do not reach back over the overlap.
--
-- An event counts as given when the next one is asked for. So a saved cursor is never ahead of
-- what was used; a program that is killed gives the events since its last save once more.

local cursor = require "tarn.follow.cursor"
local events = require "tarn.events"
local fault = require "base.fault"
local sweep = require "tarn.follow.sweep"
local task = require "native.task"

local M = { cursor = cursor.new, load = cursor.load, save = cursor.save }

local IDS <const> = 100000       -- ids that are remembered, of all pipelines together
local LEAST_IDS <const> = 1000   -- of each pipeline, however many there are
local PAUSE <const>, MAX_PAUSE <const> = 1, 60 -- seconds to wait after a failure
local SAVE_EVERY <const> = 5000  -- events, where they come without a rest

---@class tarn.FollowOptions
---@field criteria? tarn.EventCriteria
---@field since? integer      ms: from when on, where there is no cursor
---@field last? integer       without `since`: so many of the newest events first (default 10)
---@field cursors? table<string, table> as saved, by pipeline id
---@field interval? number    seconds between two polls of a pipeline (default 5)
---@field overlap? number     seconds that are looked back over (default 300)
---@field once? boolean       stop when what there is was given
---@field observe? fun(event: table, id: string) gets every event that comes, whatever the
--   criteria say, once; of those before the start the ones of the newest update
---@field problem? fun(e: tarn.Fault, id: string, pause?: number) a poll failed, and goes on in
--   `pause` seconds; without: that pipeline is gone
---@field crowded? fun(id: string, ms: integer) more comes than can be remembered: only what is
--   late by less than this is seen; said once of a pipeline
---@field settled? fun(saved: fun(): table<string, table>) what was given has been used: the
--   place to have it written and the cursors saved

---@class tarn.Follower
local Follower = {}
Follower.__index = Follower

-- Give these events of a pipeline, and wait until they are used.
function Follower:give(one, entries)
  if #entries == 0 then
    return
  end
  local page = { one = one, entries = entries, at = 0, task = task.current() }
  self.queue[#self.queue + 1] = page
  if self.consumer then
    task.wake(self.consumer)
  end
  while not page.done do
    task.park()
  end
end

-- What was read without anything to give is worth keeping too.
function Follower:moved()
  self.unsettled = true
  if self.consumer then
    task.wake(self.consumer)
  end
end

-- What another try will not mend: when the first look fails so, somebody should know at once.
local function is_refusal(e)
  local status = e.status or 0
  return e.kind == "auth" or e.kind == "usage"
    or not e.retryable and status >= 400 and status < 500 and status ~= 429
end

-- One look, whose failure is survived; returns how long to wait, or nil if that was the end.
local function look_safely(self, one)
  local seen, e = fault.try(sweep.run, self, one)
  if seen then
    one.pause = nil
    return not self.once and self.interval or nil
  elseif e.kind == "cancelled" or self.once or not one.started and is_refusal(e) then
    fault.raise(e)
  elseif e.status == 404 then
    self.problem(e, one.id)
    return nil
  end
  one.pause = math.min(MAX_PAUSE, one.pause and one.pause * 2
    or math.min(PAUSE, self.interval))
  self.problem(e, one.id, one.pause)
  return one.pause
end

function Follower:start(one)
  self.alive = self.alive + 1
  self.tasks[#self.tasks + 1] = task.spawn(function()
    local _, e = fault.call(function()
      local pause = look_safely(self, one)
      while pause do
        task.sleep(pause)
        pause = look_safely(self, one)
      end
    end)
    self.alive = self.alive - 1
    self.failed = self.failed or not self.closed and e or nil
    if self.consumer then
      task.wake(self.consumer)
    end
  end)
end

function Follower:saved()
  local all = {}
  for id, state in pairs(self.cursors) do
    all[id] = state
  end
  for _, one in ipairs(self.ones) do
    if not one.unknown then
      all[one.id] = one.cursor:saved()
    end
  end
  return all
end

function Follower:settle()
  if self.unsettled then
    self.unsettled, self.used = false, 0
    self.settled(function() return self:saved() end)
  end
end

-- The event that was given last has been used.
function Follower:acknowledge()
  local entry = self.given
  if entry then
    self.given = nil
    entry.cursor:add(entry.id, entry.ms)
    self.unsettled, self.used = true, self.used + 1
    if self.used >= SAVE_EVERY then
      self:settle()
    end
  end
end

function Follower:next()
  self.consumer = task.current()
  self:acknowledge()
  while true do
    local page = self.queue[1]
    if page and page.at < #page.entries then
      page.at = page.at + 1
      local entry = page.entries[page.at]
      self.given = { cursor = page.one.cursor, id = entry.id, ms = entry.ms }
      return entry.event, page.one.id
    elseif page then
      table.remove(self.queue, 1)
      page.done = true
      task.wake(page.task)
      task.sleep(0) -- the next page may be there already: no need to settle between two
    elseif self.failed then
      error(self.failed, 0)
    elseif self.alive == 0 then
      self:settle()
      return nil
    else
      self:settle()
      task.park()
    end
  end
end

function Follower:close()
  if self.closed then
    return
  end
  self.closed = true
  for _, one in ipairs(self.tasks) do
    task.cancel(one)
  end
  self:settle()
end
Follower.__close = Follower.close
Follower.__call = Follower.next

local function nothing() end

--- Follow the events of these pipelines: an iterator over `event, pipeline_id`, in the order in
-- which they come. Close it, as a generic `for` does with `for e, id in f, nil, nil, f do`.
---@param ws tarn.WorkspaceClient
---@param ids string[]
---@param opts? tarn.FollowOptions
function M.start(ws, ids, opts)
  opts = opts or {}
  require("base.options").check(opts, { "criteria", "since", "last", "cursors", "interval",
    "overlap", "once", "problem", "settled", "observe", "crowded" })
  local self = setmetatable({
    ws = ws, criteria = opts.criteria or events.criteria("tarn events", {}),
    since = opts.since, last = opts.last or 10, cursors = opts.cursors or {},
    interval = opts.interval or 5, overlap = math.tointeger((opts.overlap or 300) * 1000 // 1),
    once = opts.once, problem = opts.problem or nothing, settled = opts.settled or nothing,
    crowded = opts.crowded or nothing, limit = math.max(LEAST_IDS, IDS // math.max(1, #ids)),
    observe = opts.observe, ones = {}, tasks = {}, alive = 0, queue = {}, used = 0,
    unsettled = true,
  }, Follower)
  self.asked = not opts.observe and self.criteria or nil -- of the server
  for i, id in ipairs(ids) do
    local saved = self.cursors[id]
    self.ones[i] = { id = id, cursor = M.cursor(saved), unknown = not saved }
  end
  for _, one in ipairs(self.ones) do
    self:start(one)
  end
  return self
end

return M
