--- New events of pipelines as they come: each once, none left out.
--
-- Of each pipeline a cursor is kept: the time up to which its log was read, and the ids of the
-- events that were given from some time before that on. A poll asks again from before the
-- cursor, oldest first, and leaves out what is known: so events of the same millisecond, and
-- such as come late, are neither lost nor doubled. Most polls look back a little; now and then
-- one looks back over the whole overlap, and over the time since the one before it began: while
-- that one was read, more may have come behind its back. What comes later than that, or below
-- the oldest id that is remembered, is not seen.
--
-- An event counts as given when the next one is asked for. So a saved cursor is never ahead of
-- what was used; a program that is killed gives the events since its last save once more.

local cursors = require "tarn.follow.cursor"
local events = require "tarn.events"
local fault = require "tarn.fault"
local json = require "native.json"
local task = require "native.task"
local time = require "tarn.time"

local M = { cursor = cursors.new, load = cursors.load, save = cursors.save }

local PAGE <const> = 250
local GLANCE_MS <const> = 20000  -- how far most polls look back
local DEEP_SECONDS <const> = 60  -- so often one looks back over the whole overlap
local IDS <const> = 100000       -- ids that are remembered, of all pipelines together
local LEAST_IDS <const> = 1000   -- of each pipeline, however many there are
local PAUSE <const>, MAX_PAUSE <const> = 1, 60 -- seconds to wait after a failure
local SAVE_EVERY <const> = 5000  -- events, where they come without a rest
local UNDATED <const> = 253402300799000 -- an event without a time is kept there

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
---@field settled? fun(saved: fun(): table<string, table>) what was given has been used: the
--   place to have it written and the cursors saved

local Follower = {}
Follower.__index = Follower

local function key_of(event)
  return type(event.id) == "string" and event.id or json.encode(event)
end

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

-- What was read without anything to give is worth keeping too.
function Follower:moved()
  self.unsettled = true
  if self.consumer then
    task.wake(self.consumer)
  end
end

-- So far back goes a sweep that misses nothing which comes at most `late` ms after its time,
-- where the one before it began at `began`.
local function span_since(began, late)
  local since = began and task.now() - began or DEEP_SECONDS
  return late + math.tointeger(since * 1000 // 1)
end

local function deep_span(self, one)
  return span_since(one.deep_began, self.overlap)
end

-- A sweep reads the log from some time on to its end. One that a failure broke off goes on
-- where it was: beginning anew it might never come to an end.
local function sweep_of(self, one)
  local sweep = one.sweep
  if not sweep then
    local now = task.now()
    local deep = not one.deep_began or now - one.deep_began >= DEEP_SECONDS
    local span = deep and deep_span(self, one)
      or span_since(one.began, math.min(GLANCE_MS, self.overlap))
    sweep = { began = now, deep = deep, from = one.cursor:from(span) }
    one.sweep = sweep
  elseif sweep.from then
    sweep.from = math.max(sweep.from, one.cursor.floor)
  end
  return sweep
end

local function end_sweep(one, sweep)
  one.began, one.sweep = sweep.began, nil
  if sweep.deep then
    one.deep_began = sweep.began
  end
end

-- Everything up to here was given. A clock at the other end that is ahead of ours must not move
-- the cursor past events that are yet to come.
local function advance(self, one, highest)
  local ms = math.min(highest, time.now())
  one.cursor:advance(ms)
  one.cursor:trim(deep_span(self, one), self.limit)
  return ms
end

-- Ask once for what is new.
local function poll(self, one)
  local sweep = sweep_of(self, one)
  local from = sweep.from
  local query = { max_results = PAGE, order_by = "timestamp asc",
    extra = from and ("timestamp >= '%s'"):format(time.iso(from)) }
  local before, highest, ordered = 0, nil, true
  for list in events.pages(self.ws, one.id, query, self.asked, function() return true end) do
    one.pause, one.started = nil, true -- it answers: a failure on a later page is a new one
    for _, event in ipairs(list) do
      local ms = events.at(event) or before
      ordered = ordered and ms >= before
      before, highest = ms, math.max(highest or ms, ms)
    end
    self:give(one, fresh_of(self, one, list, from))
    -- A long log is not held in memory: while it comes in order, what was given is done with.
    if highest and ordered then
      sweep.from = advance(self, one, highest)
    end
  end
  if highest then
    advance(self, one, highest)
  end
  end_sweep(one, sweep)
end

local function look(self, one)
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
  poll(self, one)
  if one.cursor.at ~= at or one.cursor.floor ~= floor then
    self:moved()
  end
  return true
end

-- What another try will not mend: when the first look fails so, somebody should know at once.
local function is_refusal(e)
  local status = e.status or 0
  return e.kind == "auth" or e.kind == "usage"
    or not e.retryable and status >= 400 and status < 500 and status ~= 429
end

-- One look, whose failure is survived; returns how long to wait, or nil if that was the end.
local function look_safely(self, one)
  local seen, e = fault.try(look, self, one)
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
  require("tarn.args").check(opts, { "criteria", "since", "last", "cursors", "interval",
    "overlap", "once", "problem", "settled", "observe" })
  local self = setmetatable({
    ws = ws, criteria = opts.criteria or events.criteria("tarn events", {}),
    since = opts.since, last = opts.last or 10, cursors = opts.cursors or {},
    interval = opts.interval or 5, overlap = math.tointeger((opts.overlap or 300) * 1000 // 1),
    once = opts.once, problem = opts.problem or nothing, settled = opts.settled or nothing,
    limit = math.max(LEAST_IDS, IDS // math.max(1, #ids)),
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
