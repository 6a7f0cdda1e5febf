--- Poll the event log of a pipeline: read what is new, page by page.
--
-- A sweep reads the log from some time to its end. Events may become visible late, with timestamps
-- that earlier sweeps have passed already. So each sweep begins before the end of the previous one:
-- at the time up to which the log was complete when it was read. Completeness is judged by the
-- clock of the workspace, not by the clock of this machine: no event that was read can be later
-- than the workspace's clock, and so the newest event shows how far that clock is ahead.

local events = require "tarn.events"
local json = require "native.json"
local task = require "native.task"
local time = require "base.time"

local M = {}

local NEWEST <const> = 250 -- events of the first page, of which few are handed over
local GLANCE_MS <const> = 20000  -- how far most sweeps look back
local DEEP_SECONDS <const> = 60  -- a deep sweep, over the whole overlap, is due this often
local UNDATED <const> = 253402300799000 -- stands in for the timestamp of an event without one

---@class tarn.FollowedLog a pipeline, and how far its log was read
---@field id string
---@field cursor tarn.EventCursor
---@field unknown boolean    nothing of the log was read yet
---@field started? boolean   the log has answered once
---@field pause? number      seconds of the last pause after a failure
---@field began? integer     ms: when the last sweep began
---@field deep_began? integer ms: when the last deep sweep began
---@field deep_due? number   when the next deep sweep is due, by native.task's `now`
---@field sweep? table       the sweep under way
---@field ahead? integer     ms by which the workspace's clock is ahead of this machine's, at least
---@field crowded? boolean   `crowded` was called

local function key_of(event)
  return type(event.id) == "string" and event.id or json.encode(event)
end

-- Give these entries to the observer in the order of time. Returns the entries that match the
-- criteria; the others are added to the cursor. With `update`, the observer gets only events of
-- that update.
local function observed(self, one, entries, is_newest_first, update)
  local wanted = {}
  for i = 1, #entries do
    local event = entries[is_newest_first and #entries + 1 - i or i].event
    if not update or event.origin and event.origin.update_id == update then
      self.observe(event, one.id)
    end
  end
  for _, entry in ipairs(entries) do
    if self.criteria.matches(entry.event) then
      wanted[#wanted + 1] = entry
    else
      one.cursor:add(entry.id, entry.ms)
    end
  end
  return wanted
end

-- The unknown events of a page. Without an observer, only those that match the criteria.
local function unknown_of(self, one, list, from)
  local entries, here = {}, {}
  for _, event in ipairs(list) do
    local id, ms = key_of(event), events.at(event) or UNDATED
    if not here[id] and (not from or ms >= from) and not one.cursor:has(id, ms)
      and (self.observe or self.criteria.matches(event)) then
      here[id] = true
      entries[#entries + 1] = { event = event, id = id, ms = ms }
    end
  end
  return entries
end

-- The unknown events of a page that match the criteria.
local function fresh_of(self, one, list, from)
  local entries = unknown_of(self, one, list, from)
  return self.observe and observed(self, one, entries) or entries
end

-- The same for the newest page, of which the observer gets only events of the newest update.
local function newest_of(self, one, list)
  local entries = unknown_of(self, one, list)
  if not self.observe then
    return entries
  end
  local update
  for _, entry in ipairs(entries) do
    update = update or entry.event.origin and entry.event.origin.update_id
  end
  return observed(self, one, entries, true, update)
end

-- Begin to read a log: hand over its newest events, oldest first.
local function begin(self, one)
  local page = events.first_page(self.ws, one.id, { max_results = NEWEST,
    order_by = "timestamp desc" }, self.asked)
  local list = page.events or {}
  local entries = newest_of(self, one, list)
  local last = {}
  for i = math.min(#entries, self.last), 1, -1 do
    last[#last + 1] = entries[i]
  end
  -- The other events of the page are known, too. Nothing is remembered from before the page.
  local newest, oldest
  for _, event in ipairs(list) do
    local ms = events.at(event)
    if ms then
      newest, oldest = math.max(newest or ms, ms), math.min(oldest or ms, ms)
    end
  end
  for i = #last + 1, #entries do
    one.cursor:add(entries[i].id, entries[i].ms)
  end
  if oldest and page.next_page_token and page.next_page_token ~= "" then
    one.cursor.floor = oldest + 1
  end
  self:give(one, last)
  if newest then
    one.cursor:advance(math.min(newest, time.now()))
  end
end

-- The time up to which the log was complete, if events are at most `late` ms late. The events up to
-- `ms` were read after `began`, when the workspace's clock was at `began + ahead`. Without `began`,
-- an earlier process has read them at an unknown time.
local function whole_until(one, ms, began, late)
  if began then
    return math.min(ms, began + one.ahead) - late
  end
  return ms - late - DEEP_SECONDS * 1000
end

-- The sweep under way, or a new one. A sweep that has failed goes on where it was: if it began
-- anew, it might never reach the end.
local function sweep_of(self, one)
  local sweep, cursor = one.sweep, one.cursor
  if sweep then
    sweep.from = sweep.from and math.max(sweep.from, cursor.floor)
    return sweep
  end
  local deep = task.now() >= (one.deep_due or 0)
  local began = deep and one.deep_began or not deep and one.began or nil
  local late = deep and self.overlap or math.min(GLANCE_MS, self.overlap)
  local from = math.max(cursor.floor, cursor.at and whole_until(one, cursor.at, began, late) or 0)
  one.sweep = { began = time.now(), deep = deep, from = from > 0 and from or nil }
  if deep then
    one.deep_due = task.now() + DEEP_SECONDS
  end
  return one.sweep
end

local function end_sweep(one, sweep)
  one.began, one.sweep = sweep.began, nil
  if sweep.deep then
    one.deep_began = sweep.began
  end
end

-- A long sweep may need more ids than can be remembered. True if another deep sweep, which begins
-- at once, makes at least half of them unnecessary. Otherwise the oldest ids are forgotten, and
-- `crowded` is called.
local function must_sweep_again(self, one, ms, needed)
  local at, cursor = one.cursor.at, one.cursor
  if cursor.count <= self.limit or ms < at then
    return false -- the sweep is behind the cursor: it adds no ids
  end
  local from = math.max(needed, cursor.floor)
  if (whole_until(one, at, time.now(), self.overlap) - from) * 2 >= at - from then
    return true
  end
  cursor:trim(needed, self.limit)
  if not one.crowded then
    one.crowded = true
    self.crowded(one.id, at - cursor.floor)
  end
  return false
end

-- All events up to `highest` were handed over: move the cursor. It does not move beyond the current
-- time, since events of a fast clock must not hide later ones. True if a deep sweep must follow at
-- once.
local function advance(self, one, sweep, highest)
  local now = time.now()
  local ms = math.min(highest, now)
  sweep.from = ms
  one.ahead = math.max(one.ahead or ms - now, ms - now)
  one.cursor:advance(ms)
  local began = sweep.deep and sweep.began or one.deep_began
  local needed = whole_until(one, ms, began, self.overlap)
  one.cursor:trim(needed)
  return must_sweep_again(self, one, ms, needed)
end

-- Do one sweep. True if it was broken off because a deep sweep must follow at once.
local function poll(self, one)
  local sweep = sweep_of(self, one)
  local from = sweep.from
  local query = { max_results = events.PAGE, order_by = "timestamp asc",
    extra = from and ("timestamp >= '%s'"):format(time.iso(from)) }
  local before, highest, ordered, again = 0, nil, true, false
  for list in events.pages(self.ws, one.id, query, self.asked, function() return true end) do
    one.pause, one.started = nil, true -- a failure on a later page is a new failure
    for _, event in ipairs(list) do
      local ms = events.at(event) or before
      ordered = ordered and ms >= before
      before, highest = ms, math.max(highest or ms, ms)
    end
    self:give(one, fresh_of(self, one, list, from))
    -- A long log is not held in memory: while events come in order, the cursor moves with them.
    again = highest and ordered and advance(self, one, sweep, highest)
    if again then
      one.deep_due = 0
      break
    end
  end
  if highest and not ordered then
    advance(self, one, sweep, highest)
  end
  end_sweep(one, sweep)
  return again
end

--- Poll once: hand over the new events, and return when they are used.
---@param self tarn.Follower
---@param one tarn.FollowedLog
---@return true
function M.run(self, one)
  local at, floor = one.cursor.at, one.cursor.floor
  if one.unknown then
    if self.since then
      one.cursor.floor = self.since
    else
      begin(self, one)
    end
    one.unknown = nil
    self:moved()
  end
  while poll(self, one) do
    self:moved()
  end
  if one.cursor.at ~= at or one.cursor.floor ~= floor then
    self:moved()
  end
  return true
end

return M
