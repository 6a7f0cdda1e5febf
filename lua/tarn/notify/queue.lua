--- Messages on their way to one target, oldest first: a few at once, the others wait their turn.
--
-- A message that cannot be delivered comes again later; meanwhile others are. Where many of one
-- rule wait, as at the first look at a large workspace, they go as one: a digest. So that they can
-- be gathered, the first of a burst is held back a moment.

local digest = require "tarn.notify.digest"
local fault = require "base.fault"
local task = require "native.task"

local M = {}

local IN_FLIGHT <const> = 4   -- messages that are on their way at once
local PAUSE <const>, MAX_PAUSE <const> = 1, 300 -- seconds after a failure
local GATHER <const> = 2      -- seconds in which others may join the first
local MANY <const> = 20       -- so many of one rule are still told one by one
local MOST <const> = 1000     -- in one digest

---@class tarn.NotifyItem what waits; its text is in the ledger
---@field key string
---@field group? string those of one group may go together
---@field pause? number seconds since its last failure
---@field due? number

---@class tarn.NotifyQueue
---@field open integer messages that were given and are not told
local Queue = {}
Queue.__index = Queue

---@param target tarn.NotifyTarget
---@param ledger tarn.NotifyLedger
---@param opts { warn: fun(text: string), changed: fun() } `changed`: `open` is another number
---@return tarn.NotifyQueue
function M.new(target, ledger, opts)
  return setmetatable({ target = target, ledger = ledger, warn = opts.warn, open = 0,
    changed = opts.changed, ready = {}, later = {}, counts = {}, flying = 0, tasks = {},
    gathered = 0, not_before = 0 }, Queue)
end

function Queue:spawn(f, ...)
  local args, me = table.pack(...), nil
  me = task.spawn(function()
    f(self, table.unpack(args))
    self.tasks[me] = nil
  end)
  self.tasks[me] = true
  return me
end

-- ---- who waits ----

function Queue:make_ready(item)
  self.ready[#self.ready + 1] = item
  if item.group then
    self.counts[item.group] = (self.counts[item.group] or 0) + 1
  end
end

-- Those whose pause is over; returns when the next one's is.
function Queue:ripen()
  local still, soonest, now = {}, nil, task.now()
  for _, item in ipairs(self.later) do
    if item.due <= now then
      self:make_ready(item)
    else
      still[#still + 1] = item
      soonest = math.min(soonest or item.due, item.due)
    end
  end
  self.later = still
  return soonest
end

-- The first, or if many of its group wait, those.
function Queue:take()
  local group = self.ready[1].group
  local most = group and self.counts[group] > MANY and MOST or 1
  local batch, rest = {}, {}
  if most == 1 then
    batch[1] = table.remove(self.ready, 1)
  else
    for _, item in ipairs(self.ready) do
      local list = item.group == group and #batch < most and batch or rest
      list[#list + 1] = item
    end
    self.ready = rest
  end
  if group then
    self.counts[group] = self.counts[group] - #batch
  end
  if #batch > 1 and #batch < MOST then
    self.gathered = task.now() + GATHER -- others may be on their way still
  end
  return batch
end

-- ---- delivery ----

-- What to tell of these; nil if the file has nothing of them.
function Queue:note_of(batch)
  local notes = {}
  for _, item in ipairs(batch) do
    notes[#notes + 1] = self.ledger:find_body(item.key, self.target.name)
  end
  return #notes > 1 and digest.of(notes) or notes[1]
end

local function is_worth_a_try(e)
  return e.retryable or e.kind == "network" or e.kind == "timeout"
end

function Queue:postpone(batch, seconds)
  for _, item in ipairs(batch) do
    item.pause, item.due = seconds, task.now() + seconds
    self.later[#self.later + 1] = item
  end
end

function Queue:failed(batch, note, e)
  local told = ("%s was not told of %s: %s"):format(self.target.name, note.subject, e.message)
  if not is_worth_a_try(e) then
    self.open = self.open - #batch
    self.warn(told)
    return
  end
  local pause = batch[1].pause and batch[1].pause * 2 or PAUSE
  local wait = math.min(MAX_PAUSE, math.max(pause, e.wait or 0))
  if e.wait then
    self.not_before = math.max(self.not_before, task.now() + wait) -- it asks for that of all
  end
  self:postpone(batch, wait)
  self.warn(("%s; trying again in %g s"):format(told, wait))
end

-- One attempt.
function Queue:fly(batch)
  local note
  local ok, e = fault.call(function()
    note = self:note_of(batch)
    if note then
      self.target.send(note)
    end
    for _, item in ipairs(batch) do
      self.ledger:done(item.key, self.target.name)
    end
  end)
  self.flying = self.flying - 1
  if ok then
    self.open = self.open - #batch
  elseif e.kind == "cancelled" then
    return
  else
    self:failed(batch, note or { subject = batch[1].key }, e)
  end
  self:start()
  self.changed()
end

-- Let them go, as many at once as may, until none waits.
function Queue:dispatch()
  while true do
    local soonest, now = self:ripen(), task.now()
    local from = math.max(self.not_before, self.gathered)
    if #self.ready == 0 and not soonest then
      self.dispatcher = nil
      return
    elseif #self.ready == 0 then
      task.park(soonest - now)
    elseif self.flying >= IN_FLIGHT then
      task.park()
    elseif now < from then
      task.park(from - now)
    else
      self.flying = self.flying + 1
      self:spawn(self.fly, self:take())
    end
  end
end

function Queue:start()
  if self.dispatcher then
    task.wake(self.dispatcher)
  elseif #self.ready + #self.later > 0 then
    self.dispatcher = self:spawn(self.dispatch)
  end
end

--- Have this told.
---@param item tarn.NotifyItem
function Queue:push(item)
  if self.open == 0 then
    self.gathered = task.now() + GATHER
  end
  self.open = self.open + 1
  self:make_ready(item)
  self:start()
end

--- Nothing more will come: what waits for company goes.
function Queue:hurry()
  self.gathered = 0
  self:start()
end

--- End; what is under way is broken off.
function Queue:close()
  for one in pairs(self.tasks) do
    task.cancel(one)
  end
end

return M
