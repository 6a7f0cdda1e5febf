--- Run many calls at once: `map`, `each`, `stream`, `first`, `begin`, `timeout`.
--
-- Each call runs in a task of its own, at most `limit` at a time. At the first error the other
-- tasks are cancelled; the error is raised when their <close> variables have run. No task outlives
-- its function, except the one that `begin` starts.

local fault = require "base.fault"
local options = require "base.options"
local task = require "native.task"

local M = {}

local LIMIT <const> = 32

-- A group of tasks, and the task that waits for them: its owner.
local Group = {}
Group.__index = Group

local function new_group()
  return setmetatable({ owner = task.current(), tasks = {}, alive = 0 }, Group)
end

-- Start `f(...)`. Only the first error is kept, in `group.failed`; errors of tasks that the group
-- has cancelled are dropped.
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

-- A cancelled owner cannot wait any more, but its tasks are cancelled too.
Group.__close = Group.cancel

-- Wait until `is_over()` is true, a task fails, or the time `due` comes. False if `due` came.
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

-- Cancel all tasks that still run, wait until they have ended, and raise the error if one failed.
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

-- A function that returns the next `item, index` of a list or an iterator, and nil at the end. An
-- iterator may wait; it is not called again before it has returned: workers queue up for it.
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

-- Call `f(item, index)` for all items, and `deliver(index, result)` after each.
local function run(from, f, limit, deliver)
  local group <close> = new_group()
  local source = new_source(from)
  local function work()
    for item, index in source do
      deliver(index, f(item, index))
    end
  end
  -- Ten items need ten workers, not 32.
  local n = type(from) == "table" and not (getmetatable(from) or {}).__call
    and math.min(limit, #from) or limit
  for _ = 1, n do
    group:start(work)
  end
  group:wait(function() return group.alive == 0 end)
  group:finish()
end

--- Call `f` for each item of a list, many at once. Returns the results in the order of the items.
-- At most `limit` calls run at once, so an iterator in place of the list is never more than `limit`
-- items ahead of the results.
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

--- Like `map`, without results.
---@param list any[]|fun(): any
---@param f fun(item: any, index: integer)
---@param opts? { limit?: integer }
function M.each(list, f, opts)
  run(list, f, check_limit(opts), function() end)
end

--- Like `map`; returns an iterator over the results. They come in the order of the items, and at
-- most `limit` of them are held or in work. Leaving the loop cancels the calls that still run.
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

--- Call functions at once, and take what the first returns. It returns the results of the function
-- that ends first, or raises its error; the other functions are cancelled.
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

--- Start `f(...)` and go on. Returns a function that waits for the end of the call and returns its
-- results or raises its error. If that function is never called, the results are dropped.
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

--- Call `f(...)` for at most `seconds`. Returns its results. When the time is over, the call is
-- cancelled and a fault of kind `timeout` is raised.
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
      message = ("the call took more than %s seconds"):format(seconds) }
  end
  return table.unpack(results, 1, results.n)
end

return M
