--- Many calls at once: `map`, `each`, `stream`, `first`, `begin`, `timeout`.
--
-- Each call runs in a task of its own, at most `limit` at a time. The first error ends the
-- whole: the other tasks are cancelled, and it is raised when their <close> variables have
-- run. Nothing but what `begin` began is left running behind the caller's back.

local fault = require "base.fault"
local options = require "base.options"
local task = require "native.task"

local M = {}

local LIMIT <const> = 32

-- Tasks with one owner, who waits for them.
local Group = {}
Group.__index = Group

local function new_group()
  return setmetatable({ owner = task.current(), tasks = {}, alive = 0 }, Group)
end

-- Start `f(...)`. An error is kept in `group.failed`, the first one only. Of an error that
-- comes because the others were cancelled nobody hears.
function Group:start(f, ...)
  local function body(...)
    local ok, e = fault.call(f, ...)
    if not ok and not self.failed and not self.stopping then
      self.failed = { error = e }
    end
    self.alive = self.alive - 1
    self.tasks[task.current()] = nil
    task.wake(self.owner)
  end
  self.alive = self.alive + 1
  local started = task.spawn(body, ...)
  self.tasks[started] = true
end

function Group:cancel()
  self.stopping = true
  for one in pairs(self.tasks) do
    task.cancel(one)
  end
end

-- When the owner itself is cancelled it cannot wait: the tasks are asked to stop all the same.
Group.__close = Group.cancel

-- Wait until `is_over()`, an error, or `due`. False if the time went by.
function Group:wait(is_over, due)
  while not self.failed and not is_over() do
    local left = due and due - task.now()
    if left and left <= 0 then
      return false
    end
    task.park(left)
  end
  return true
end

-- End all tasks that still run and wait for their ends; raise what failed.
function Group:finish()
  if self.alive > 0 then
    self:cancel()
    while self.alive > 0 do
      task.park()
    end
  end
  if self.failed then
    error(self.failed.error, 0)
  end
end

-- A source gives `item, index` for each call, and nil at its end. It may wait, and is never
-- called again before it has answered: workers queue up for it.
local function new_source(from)
  local at, over, busy = 0, false, false
  local queue, head, tail = {}, 1, 0
  local is_list = type(from) == "table" and not (getmetatable(from) or {}).__call

  local function pull()
    if over then
      return nil
    end
    local item
    if is_list then
      item = from[at + 1]
    else
      item = from()
    end
    over = item == nil
    at = at + 1
    return item
  end

  local function hand_over()
    busy = false
    local waiting = queue[head]
    if waiting then
      queue[head] = nil
      head = head + 1
      task.wake(waiting)
    end
  end
  local lock = setmetatable({}, { __close = hand_over })

  return function()
    while busy do
      tail = tail + 1
      queue[tail] = task.current()
      task.park()
    end
    busy = true
    local _ <close> = lock
    local item = pull()
    return item, at
  end
end

local function check_limit(opts)
  options.check(opts, { "limit" })
  local limit = opts and opts.limit or LIMIT
  if math.type(limit) ~= "integer" or limit < 1 then
    error("limit is not a positive integer", 3)
  end
  return limit
end

-- Call `f(item, index)` for all items; `deliver(index, result)` after each.
local function run(from, f, limit, deliver)
  local group <close> = new_group()
  local source = new_source(from)
  local function work()
    for item, index in source do
      deliver(index, f(item, index))
    end
  end
  -- A worker more for each item seen, up to the limit: ten items start ten tasks, not 32.
  local n = type(from) == "table" and not (getmetatable(from) or {}).__call
    and math.min(limit, #from) or limit
  for _ = 1, n do
    group:start(work)
  end
  group:wait(function() return group.alive == 0 end)
  group:finish()
end

--- Call `f(item, index)` for each item of a list, or of an iterator (a function that gives nil
-- at its end), many at once. Returns the results in the order of the items. No more than
-- `limit` items are taken from an iterator before their results are there.
---@param list any[]|fun(): any
---@param f fun(item: any, index: integer): any
---@param opts? { limit?: integer } default 32
---@return any[]
function M.map(list, f, opts)
  local results = {}
  run(list, f, check_limit(opts), function(index, result)
    results[index] = result
  end)
  return results
end

--- As `map`, for what `f` does and not for what it returns: nothing is kept.
---@param list any[]|fun(): any
---@param f fun(item: any, index: integer)
---@param opts? { limit?: integer }
function M.each(list, f, opts)
  run(list, f, check_limit(opts), function() end)
end

--- As `map`, as an iterator over the results, in order: never more than `limit` of them are
-- held or in work. For a generic `for`, whose end also ends the calls still running.
---@param list any[]|fun(): any
---@param f fun(item: any, index: integer): any
---@param opts? { limit?: integer }
---@return fun(): any next, nil, nil, table closing
function M.stream(list, f, opts)
  local limit = check_limit(opts)
  local group = new_group()
  local source = new_source(list)
  local results, given, taken, over = {}, 0, 0, false

  local function work()
    local item, index = source()
    if item == nil then
      over = true
      return
    end
    results[index] = table.pack(f(item, index))
  end

  local function fill()
    while not over and taken - given < limit do
      taken = taken + 1
      group:start(work)
    end
  end

  local function next_result()
    group.owner = task.current()
    fill()
    group:wait(function() return results[given + 1] or group.alive == 0 end)
    if group.failed or not results[given + 1] then
      group:finish()
      return nil
    end
    given = given + 1
    local result = results[given]
    results[given] = nil
    return result[1]
  end
  return next_result, nil, nil, group
end

--- Call all these functions at once; returns what the first to end returns, or raises what it
-- raises. The others are cancelled.
---@param ... function
---@return any ...
function M.first(...)
  local group <close> = new_group()
  local results
  for _, f in ipairs { ... } do
    group:start(function()
      local mine = table.pack(f())
      results = results or mine
    end)
  end
  group:wait(function() return results or group.alive == 0 end)
  if results then
    group.failed = nil
  end
  group:finish()
  return table.unpack(results or {}, 1, results and results.n or 0)
end

--- Start `f(...)` now, and get what it returns, or raises, later: by calling what this returns.
-- Who never calls it leaves a call behind that nobody waits for, and nothing else.
---@param f function
---@return fun(): any ...
function M.begin(f, ...)
  local results, waiting
  task.spawn(function(...)
    results = table.pack(fault.call(f, ...))
    if waiting then
      task.wake(waiting)
    end
  end, ...)
  return function()
    waiting = task.current()
    while not results do
      task.park()
    end
    if not results[1] then
      error(results[2], 0)
    end
    return table.unpack(results, 2, results.n)
  end
end

--- Call `f(...)` and return what it returns; after `seconds` it is cancelled and a fault
-- `timeout` is raised.
---@param seconds number
---@param f function
---@return any ...
function M.timeout(seconds, f, ...)
  local group <close> = new_group()
  local results
  group:start(function(...)
    results = table.pack(f(...))
  end, ...)
  local in_time = group:wait(function() return results end, task.now() + seconds)
  group:finish()
  if not results and not in_time then
    fault.raise { kind = "timeout", op = "tarn.timeout",
      message = ("it took more than %s seconds"):format(seconds) }
  end
  return table.unpack(results, 1, results.n)
end

return M
