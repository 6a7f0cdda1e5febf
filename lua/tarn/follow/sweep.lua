--- One look at the log of a pipeline: what is new in it, page by page.
--
-- A look is a sweep of the log from some time on to its end. What comes late comes behind the
-- reader's back, so each sweep begins before the end of the one before: there where all was read
-- long enough after it happened. How long after is known from the times of the events themselves:
-- none that was read may be later than the clock of the workspace, whatever ours says.

local events = require "tarn.events"
local json = require "native.json"
local task = require "native.task"
local time = require "base.time"

local M = {}

local PAGE <const> = 250
local GLANCE_MS <const> = 20000  -- how far most sweeps look back
local DEEP_SECONDS <const> = 60  -- so often one looks back over the whole overlap
local UNDATED <const> = 253402300799000 -- an event without a time is kept there

---@class tarn.FollowedLog a pipeline, and how far its log was read
---@field id string
---@field cursor tarn.EventCursor
---@field unknown boolean    nothing of it was seen yet
---@field started? boolean   it has answered
---@field pause? number      seconds since the last failure
---@field began? integer     ms: when the last sweep began
---@field deep_began? integer ms: when the last sweep over the whole overlap began
---@field deep_due? number   when the next one is due, by the clock of tasks
---@field sweep? table       the one under way
---@field ahead? integer     ms: the clock of its workspace is ahead of ours by this at least
---@field crowded? boolean   it was said that more came than can be remembered

local function key_of(event)
  return type(event.id) == "string" and event.id or json.encode(event)
end

-- Show the observer these entries in the order of time, and keep those that are wanted: the
-- others are known from now on. With `update`: only events of that update are shown.
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

-- The events of a page that are not known; all of them if there is an observer.
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

-- Those of them that are to be given.
local function fresh_of(self, one, list, from)
  local entries = unknown_of(self, one, list, from)
  return self.observe and observed(self, one, entries) or entries
end

-- The same for the newest page. What older updates did is no news to an observer.
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

-- Nothing was seen of this log yet: its newest events, oldest first.
local function begin(self, one)
  local page = events.first_page(self.ws, one.id, { max_results = PAGE,
    order_by = "timestamp desc" }, self.asked)
  local list = page.events or {}
  local entries = newest_of(self, one, list)
  local last = {}
  for i = math.min(#entries, self.last), 1, -1 do
    last[#last + 1] = entries[i]
  end
  -- What is not shown is known all the same. Below the page nothing is remembered.
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

-- Up to this time the log is known as it will be, when nothing comes more than `late` ms after
-- its time: all up to `ms` was read since `began`, and then it was `began + ahead` there. Of what
-- an earlier program read nobody knows when.
local function whole_until(one, ms, began, late)
  if began then
    return math.min(ms, began + one.ahead) - late
  end
  return ms - late - DEEP_SECONDS * 1000
end

-- The sweep under way. One that a failure broke off goes on where it was: beginning anew it
-- might never come to an end.
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

-- A sweep may take long, and what came before it fell behind is still to be looked for: another
-- one from there on, before its ids are forgotten. True if that gets rid of half of them; without
-- that they are forgotten, and somebody should know.
local function must_look_again(self, one, ms, needed)
  local at, cursor = one.cursor.at, one.cursor
  if cursor.count <= self.limit or ms < at then
    return false -- below the cursor all is known, and there will be fewer
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

-- Everything up to here was given; true if it is time to look again at what lies before. A clock
-- at the other end that is ahead of ours must not move the cursor past what is yet to come.
local function advance(self, one, sweep, highest)
  local now = time.now()
  local ms = math.min(highest, now)
  sweep.from = ms
  one.ahead = math.max(one.ahead or ms - now, ms - now)
  one.cursor:advance(ms)
  local began = sweep.deep and sweep.began or one.deep_began
  local needed = whole_until(one, ms, began, self.overlap)
  one.cursor:trim(needed)
  return must_look_again(self, one, ms, needed)
end

-- Ask once for what is new. True if it broke off, to look again at once.
local function poll(self, one)
  local sweep = sweep_of(self, one)
  local from = sweep.from
  local query = { max_results = PAGE, order_by = "timestamp asc",
    extra = from and ("timestamp >= '%s'"):format(time.iso(from)) }
  local before, highest, ordered, again = 0, nil, true, false
  for list in events.pages(self.ws, one.id, query, self.asked, function() return true end) do
    one.pause, one.started = nil, true -- it answers: a failure on a later page is a new one
    for _, event in ipairs(list) do
      local ms = events.at(event) or before
      ordered = ordered and ms >= before
      before, highest = ms, math.max(highest or ms, ms)
    end
    self:give(one, fresh_of(self, one, list, from))
    -- A long log is not held in memory: while it comes in order, what was given is done with.
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

--- Look once: gives what is new, and returns when it was used.
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
