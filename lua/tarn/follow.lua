--- Follow the events of pipelines: each new event comes exactly once.
--
--     local follow = require "tarn.follow"
--     local found = require("tarn.pipelines").find(ws, "sales_orders_etl")
--     local f <close> = follow.start(ws, { found.pipeline_id }, { last = 3, once = true })
--     for event, pipeline_id in f do print(pipeline_id, event.timestamp, event.message) end
--
-- Each pipeline has a cursor: the time up to which its event log was read, and the ids of the
-- events that were returned from some time before that. A poll reads again from a time before the
-- cursor, oldest first, and skips known ids, so that events of the same millisecond and late events
-- are neither lost nor returned twice. Most polls look back a little; now and then one looks back
-- over the whole overlap. Events that come later than that, or that are older than the oldest
-- remembered id, are missed; `crowded` is called if the remembered ids do not cover the overlap.
--
-- An event counts as used when the caller asks for the next one. A saved cursor therefore never
-- skips an unused event; after a kill, the events since the last save are returned again.

local collections = require "base.collections"
local cursor = require "tarn.follow.cursor"
local events = require "tarn.events"
local fault = require "base.fault"
local sweep = require "tarn.follow.sweep"
local task = require "native.task"

local M = {}

local IDS <const> = 100000       -- ids that are remembered, of all pipelines together
local LEAST_IDS <const> = 1000   -- ids that are remembered of each pipeline, at least
local PAUSE <const>, MAX_PAUSE <const> = 1, 60 -- seconds to wait after a failure
local SAVE_EVERY <const> = 5000  -- save after this many events that come without a pause

---@class tarn.FollowOptions
---@field criteria? tarn.EventCriteria
---@field since? integer      ms: where to begin without a saved cursor
---@field last? integer       without `since`: begin with N newest events (default 10)
---@field cursors? table<string, table> saved cursors, by pipeline id
---@field interval? number    seconds between two polls of a pipeline (default 5)
---@field overlap? number     seconds by which an event may be late (default 300)
---@field once? boolean       stop after all events that exist
---@field observe? fun(event: table, id: string) gets every event once, whatever the criteria; of
--- the events before the start only those of the newest update
---@field problem? fun(e: tarn.Fault, id: string, pause?: number) a poll has failed and is repeated
--- after `pause` seconds; without `pause`: the pipeline was deleted
---@field crowded? fun(id: string, ms: integer) there are more events than ids can be remembered:
--- events that are late by more than `ms` are missed; called once for a pipeline
---@field settled? fun(saved: fun(): table<string, table>) all events have been used: the time to
--- save the cursors, which `saved()` returns

---@class tarn.Follower
local Follower = {}
Follower.__index = Follower

-- Hand over these events of a pipeline, and wait until they are used.
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

-- A cursor has moved without an event to hand over; it is to be saved too.
function Follower:moved()
  self.unsettled = true
  if self.consumer then
    task.wake(self.consumer)
  end
end

-- True for a fault that another poll would meet too. If the first poll fails so, it is raised.
local function is_refusal(e)
  local status = e.status or 0
  return e.kind == "auth" or e.kind == "usage"
    or not e.retryable and status >= 400 and status < 500 and status ~= 429
end

-- Poll once. A failure is reported to `problem`. Returns the seconds until the next poll; nil if
-- there is none.
local function poll_safely(self, one)
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
      local pause = poll_safely(self, one)
      while pause do
        task.sleep(pause)
        pause = poll_safely(self, one)
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
  local all = collections.copy(self.cursors)
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

-- The last event that was returned has been used.
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
      task.sleep(0) -- lets the next page come: cursors are not saved between two pages
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

--- Follow the events of pipelines: an iterator over `event, pipeline_id`, in the order in which
-- events arrive. It must be closed: by <close>, or by `for e, id in f, nil, nil, f do`.
---@param ws tarn.WorkspaceClient
---@param ids string[] of the pipelines
---@param opts? tarn.FollowOptions
---@return tarn.Follower
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
    self.ones[i] = { id = id, cursor = cursor.new(saved), unknown = not saved }
  end
  for _, one in ipairs(self.ones) do
    self:start(one)
  end
  return self
end

--- A cursor: how far the event log of a pipeline was read.
---@param saved? table result of `Cursor:saved`
---@return tarn.EventCursor
function M.cursor(saved)
  return cursor.new(saved)
end

--- Read saved cursors from a file. Raises a fault if the file is of another workspace or holds no
-- cursors.
---@param op string for faults
---@param path string
---@param ws tarn.WorkspaceClient
---@return table<string, table> by pipeline id; empty if the file does not exist
function M.load(op, path, ws)
  return cursor.load(op, path, ws)
end

--- Save cursors in a file, which is replaced as a whole.
---@param path string
---@param ws tarn.WorkspaceClient
---@param saved table<string, table> cursors by pipeline id
function M.save(path, ws, saved)
  cursor.save(path, ws, saved)
end

return M
