--- Lists whose rows come when they are asked for.
--
--     local rows = list.new(next_row)
--     print(rows[1].name, #rows)
--     for i, row in ipairs(rows) do print(i, row.name) end
--     for row in rows do print(row.name) end
--
-- A list reads only as far as it is asked: `rows[1]` needs one row, `#rows` all of them. What it
-- has read it keeps, so it can be walked again. A list that is called from the beginning, as by
-- `for row in rows`, hands out each row once and keeps none, so that a million rows need no memory.

local fault = require "base.fault"
local task = require "native.task"

local M = {}

---@class tarn.List a list whose rows are read as they are needed: `#rows`, `rows[i]`, `ipairs`,
-- `for row in rows`
---@field columns? any[] the names of the columns, where the source knows them
---@field all fun(self: tarn.List): tarn.List reads all rows
---@field close fun(self: tarn.List) gives up the rows that were not read
---@operator call: any

local function gone(first, last)
  return ("rows %d to %d were handed out by `for row in rows`, which keeps none: write `rows = "
    .. "tarn.all(rows)` before the loop"):format(first, last)
end

local USED_UP <const> = "the rows were used up by an earlier `for row in rows`, which keeps none: "
  .. "write `rows = tarn.all(rows)` before the first loop"

-- A message handler: a plain error gets the traceback of the place where it happened.
local function traced(e)
  if type(e) ~= "string" then
    return e
  end
  return fault.handler(e) -- a tail call, which leaves no level of its own
end

-- Tasks that wait for a task that reads.
local function new_queue()
  local waiting = {}
  local function wait()
    waiting[#waiting + 1] = task.current()
    task.park()
  end
  local function wake()
    local list = waiting
    waiting = {}
    for _, one in ipairs(list) do
      task.wake(one)
    end
  end
  return wait, wake
end

-- Fill the metatable of a list that is read with `next_row`.
local function set_reading(mt, next_row, fields)
  local read, dropped, given = 0, 0, 0 -- rows: read, of these not kept, handed out by calls
  local over, keeping, busy, failed = false, false, false, nil
  local wait, wake -- a queue, once there are two tasks

  -- From here on the list is a plain table with all its rows.
  local function complete()
    over = true
    if dropped == 0 then
      mt.__index, mt.__len, mt.__pairs, mt.__newindex, mt.__whole = fields, nil, nil, nil, nil
    end
  end

  -- Let the task that reads finish.
  local function wait_for_other()
    if not wait then
      wait, wake = new_queue()
    end
    wait()
  end

  -- Read and keep the next row, or wait for the task that does. An error is raised again at each
  -- call, so that a list never looks complete if it is not.
  local function read_one(rows)
    if busy then
      return wait_for_other()
    elseif failed ~= nil then
      error(failed, 0)
    end
    busy = true
    local ok, row = xpcall(next_row, traced)
    busy = false
    if wake then
      wake()
    end
    if not ok then
      failed = not fault.is(row, "cancelled") and row or nil
      error(row, 0)
    elseif row == nil then
      return complete()
    end
    read = read + 1
    rawset(rows, read, row)
  end

  -- Read and keep rows, until there are `n`.
  local function read_to(rows, n)
    keeping = true
    while read < n and not over do
      read_one(rows)
    end
  end

  local function next_item(rows, i)
    i = i + 1
    while i > read and not over do
      keeping = true
      read_one(rows)
    end
    local row = rows[i]
    if row ~= nil then
      return i, row
    end
  end

  function mt.__index(rows, key)
    local i = math.tointeger(key)
    if not i then
      return fields[key]
    elseif i < 1 then
      return nil
    elseif i <= dropped then
      error(gone(1, dropped), 2)
    end
    read_to(rows, i)
    return rawget(rows, i)
  end

  function mt.__len(rows)
    read_to(rows, math.huge)
    return read
  end

  function mt.__newindex(rows, key, value)
    mt.__whole(rows)
    rawset(rows, key, value)
  end

  function mt.__pairs(rows)
    return next_item, rows, 0
  end

  function mt.__whole(rows)
    if dropped > 0 then
      error(gone(1, dropped), 3)
    end
    read_to(rows, math.huge)
  end

  -- The next row of `for row in rows`. `...` are the values of a generic `for`: two, of which the
  -- second is nil at the beginning of a loop; or none, for rows().
  function mt.__call(rows, ...)
    local _, before = ...
    if before == nil and select("#", ...) > 1 then
      if dropped == 0 then
        given = 0
      elseif over and given >= read then
        error(USED_UP, 2)
      end
    end
    if keeping then
      local row = rows[given + 1]
      given = row ~= nil and given + 1 or given
      return row
    elseif over then
      return nil
    end
    local row = next_row()
    if row == nil then
      complete()
      return nil
    end
    read = read + 1
    dropped, given = read, read
    return row
  end
end

--- A list of the rows that `next_row` returns, one at each call; nil is the end.
---@param next_row fun(): any
---@param opts? { fields?: table, close?: fun() } `fields`: what else the list has, by names
---@return tarn.List
function M.new(next_row, opts)
  local close = opts and opts.close or function() end
  local fields = { all = M.all, close = function() close() end }
  for name, value in pairs(opts and opts.fields or {}) do
    fields[name] = value
  end
  local mt = { __name = "tarn.List", __list = true, __close = fields.close }
  set_reading(mt, next_row, fields)
  return setmetatable({}, mt)
end

--- True if the value is a list made by `new`.
---@param value any
---@return boolean
function M.is(value)
  local mt = getmetatable(value)
  return type(mt) == "table" and rawget(mt, "__list") == true
end

-- An iterator over the items of a table that is a list already.
local function items_of(list)
  local i = 0
  return function()
    i = i + 1
    return list[i]
  end
end

--- A list of what a command or a function has returned: of an iterator, or of a table that is a
-- list. A list is returned as it is.
---@param data any[]|fun(): any the values of a generic `for`, with the iterator first
---@return tarn.List
function M.of(data, state, first, closing)
  if M.is(data) then
    return data
  elseif type(data) == "table" and not (getmetatable(data) or {}).__call then
    return M.all(M.new(items_of(data)))
  end
  local next_row = data
  if state ~= nil or first ~= nil then
    local value = first
    next_row = function()
      value = data(state, value)
      return value
    end
  end
  local fields = type(data) == "table" and { columns = data.columns } or nil
  return M.new(next_row, { fields = fields, close = closing ~= nil and function()
    local _ <close> = closing
  end or nil })
end

--- Read all rows, and return them as a list: of a list that still reads, an iterator, or a table
-- that is a list already, which is returned as it is.
--
--     local rows = tarn.all(ws:events("orders", { max = 5000 }))
--     table.sort(rows, function(a, b) return a.timestamp < b.timestamp end)
---@param rows any[]|fun(): any a list, or the values of a generic `for`
---@return any[]
function M.all(rows, ...)
  if type(rows) == "table" and not (getmetatable(rows) or {}).__call then
    return rows
  elseif type(rows) ~= "table" and type(rows) ~= "function" then
    error(("bad argument #1 to 'all' (a list or an iterator expected, got %s)"):format(
      require("native.json").null == rows and "null" or type(rows)), 2)
  end
  local list <close> = M.of(rows, ...)
  local whole = getmetatable(list).__whole
  if whole then
    whole(list)
  end
  return list
end

-- Read the lists in a table.
local function fill(value, seen)
  if M.is(value) then
    M.all(value)
  elseif not seen[value] then
    seen[value] = true
    for _, item in next, value do
      if type(item) == "table" then
        fill(item, seen)
      end
    end
  end
end

--- Read all lists that are fields of a value, at any depth.
---@param value any
---@return any value
function M.fill(value)
  if type(value) == "table" and not (getmetatable(value) or {}).__call then
    fill(value, {})
  end
  return value
end

return M
