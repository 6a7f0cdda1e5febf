--- The queue of messages for one target, oldest first.
--
-- A failed message is repeated later and does not delay the others. If many messages of one rule
-- wait, as after the first poll of a large workspace, they are sent as one, a digest. The first
-- message of a burst is held back for a short time, so that others can join it.

local digest = require "tarn.notify.digest"
local fault = require "base.fault"
local task = require "native.task"

local M = {}

local IN_FLIGHT <const> = 4   -- messages that are sent at once
local PAUSE <const>, MAX_PAUSE <const> = 1, 300 -- seconds after a failure
local GATHER <const> = 2      -- seconds in which others may join the first message
local MANY <const> = 20       -- messages of one rule that are still sent one by one
local MOST <const> = 1000     -- messages in a digest

---@class tarn.NotifyItem a waiting message, whose text is in the ledger
---@field key string
---@field group? string items of one group may be combined
---@field pause? number seconds of its last pause after a failure
---@field due? number

---@class tarn.NotifyQueue
---@field open integer number of messages that are not delivered
local Queue = {}
Queue.__index = Queue

--- A queue without messages.
---@param target tarn.NotifyTarget
---@param ledger tarn.NotifyLedger
---@param opts { warn: fun(text: string), changed: fun() } `changed`: `open` has changed
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

-- ---- waiting messages ----

function Queue:make_ready(item)
  self.ready[#self.ready + 1] = item
  if item.group then
    self.counts[item.group] = (self.counts[item.group] or 0) + 1
  end
end

-- Make the items ready whose pause is over. Returns the time when the next pause is over.
function Queue:end_pauses()
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

-- Take the first item, or all of its group if many of them wait.
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
    self.gathered = task.now() + GATHER -- more of them may come
  end
  return batch
end

-- ---- delivery ----

-- The message for these items; nil if the ledger has none of them.
function Queue:note_of(batch)
  local notes = {}
  for _, item in ipairs(batch) do
    notes[#notes + 1] = self.ledger:find_body(item.key, self.target.name)
  end
  return #notes > 1 and digest.of(notes) or notes[1]
end

local function is_retryable(e)
  return e.retryable or e.kind == "network" or e.kind == "timeout"
end

function Queue:postpone(batch, seconds)
  for _, item in ipairs(batch) do
    item.pause, item.due = seconds, task.now() + seconds
    self.later[#self.later + 1] = item
  end
end

function Queue:failed(batch, note, e)
  local text = ("%s was not notified of %s: %s"):format(self.target.name, note.subject, e.message)
  if not is_retryable(e) then
    self.open = self.open - #batch
    self.warn(text)
    return
  end
  local pause = batch[1].pause and batch[1].pause * 2 or PAUSE
  local wait = math.min(MAX_PAUSE, math.max(pause, e.wait or 0))
  if e.wait then
    self.not_before = math.max(self.not_before, task.now() + wait) -- Retry-After is for all
  end
  self:postpone(batch, wait)
  self.warn(("%s; trying again in %g s"):format(text, wait))
end

-- Try once to send the items.
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

-- Send items until none waits.
function Queue:dispatch()
  while true do
    local soonest, now = self:end_pauses(), task.now()
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

--- Add a message.
---@param item tarn.NotifyItem
function Queue:push(item)
  if self.open == 0 then
    self.gathered = task.now() + GATHER
  end
  self.open = self.open + 1
  self:make_ready(item)
  self:start()
end

--- Send waiting messages at once: no more messages will come.
function Queue:hurry()
  self.gathered = 0
  self:start()
end

--- Close the queue, and cancel messages that are being sent.
function Queue:close()
  for one in pairs(self.tasks) do
    task.cancel(one)
  end
end

return M
