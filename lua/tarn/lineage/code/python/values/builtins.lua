--- Python's own functions, on values that are known. Pure.

local collections = require "base.collections"
local containers = require "tarn.lineage.code.python.values.containers"
local values = require "tarn.lineage.code.python.values"

local M = {}

local BUILTINS = {}

local MOST_ITEMS <const> = 2000

-- The items of a value; nil if they are not known.
local function items(value)
  return value and containers.items(value)
end

local function tuple(...)
  return values.list({ ... }, "tuple")
end

local function copy_as(kind)
  return function(_, args)
    if not args[1] then
      return values.list({}, kind)
    end
    local list = items(args[1])
    return list and values.list(table.move(list, 1, #list, 1, {}), kind)
      or values.list({}, kind, true)
  end
end

BUILTINS.list = copy_as "list"
BUILTINS.tuple = copy_as "tuple"
BUILTINS.set = copy_as "set"
BUILTINS.frozenset = BUILTINS.set
BUILTINS.iter = BUILTINS.list

function BUILTINS.str(_, args)
  return args[1] and values.to_text(args[1]) or values.text ""
end

function BUILTINS.int(_, args)
  local value = args[1]
  local text = value and values.string(value)
  local number = text and tonumber(text) or value and value.k == "number" and value.v
  number = number and math.tointeger(number >= 0 and math.floor(number) or math.ceil(number))
  return number and values.plain(number)
end

function BUILTINS.bool(_, args)
  local truth = args[1] and values.truth(args[1])
  return truth ~= nil and values.plain(truth) or nil
end

function BUILTINS.dict(_, args, named)
  local dict = { k = "dict", entries = {} }
  local from = args[1]
  if from and from.k == "dict" then
    dict.open = from.open
    for _, entry in ipairs(from.entries) do
      containers.put(dict, entry[1], entry[2])
    end
  elseif from then
    dict.open = items(from) == nil
    for _, pair in ipairs(items(from) or {}) do
      local two = items(pair) or {}
      containers.put(dict, two[1] or values.unknown "", two[2] or values.NONE)
    end
  end
  local names = collections.keys(named)
  for _, name in ipairs(names) do
    containers.put(dict, values.text(name), named[name])
  end
  return dict
end

function BUILTINS.len(_, args)
  local list = items(args[1])
  return list and values.plain(#list)
end

function BUILTINS.range(_, args)
  local from, to, step = 0, args[1], 1
  if args[2] then
    from, to, step = args[1].v, args[2], args[3] and args[3].v or 1
  end
  to = to and to.v
  if math.type(from) ~= "integer" or math.type(to) ~= "integer"
    or math.type(step) ~= "integer" or step == 0 or (to - from) // step > MOST_ITEMS then
    return nil
  end
  local list = {}
  for i = from, to - (step > 0 and 1 or -1), step do
    list[#list + 1] = values.plain(i)
  end
  return values.list(list)
end

function BUILTINS.enumerate(_, args, named)
  local list, result = items(args[1]), {}
  local start = args[2] or named.start
  start = start and start.v or 0
  if not list or math.type(start) ~= "integer" then
    return nil
  end
  for i, item in ipairs(list) do
    result[i] = tuple(values.plain(start + i - 1), item)
  end
  return values.list(result)
end

function BUILTINS.zip(_, args)
  local lists, shortest = {}, math.huge
  for i, arg in ipairs(args) do
    lists[i] = items(arg)
    if not lists[i] then
      return nil
    end
    shortest = math.min(shortest, #lists[i])
  end
  local result = {}
  for i = 1, #lists > 0 and shortest or 0 do
    local row = {}
    for k, list in ipairs(lists) do
      row[k] = list[i]
    end
    result[i] = values.list(row, "tuple")
  end
  return values.list(result)
end

-- Known texts or numbers in their order; others stay in that of the code, which does not matter
-- for what is read.
function BUILTINS.sorted(_, args)
  local list = items(args[1])
  if not list then
    return nil
  end
  local sorted, comparable = table.move(list, 1, #list, 1, {}), #list > 0
  for _, item in ipairs(list) do
    comparable = comparable and values.string(item) ~= nil
  end
  if comparable then
    table.sort(sorted, function(a, b) return values.string(a) < values.string(b) end)
  end
  return values.list(sorted)
end

function BUILTINS.reversed(_, args)
  local list, result = items(args[1]), {}
  for i = #(list or {}), 1, -1 do
    result[#result + 1] = list[i]
  end
  return list and values.list(result)
end

function BUILTINS.map(run, args, _, line)
  local list, result = items(args[2]), {}
  for i, item in ipairs(list or { values.unknown "the list is not known" }) do
    result[i] = run:call(args[1], { item }, {}, line)
  end
  return values.list(result, "list", list == nil)
end

function BUILTINS.filter(run, args, _, line)
  local list, result, open = items(args[2]), {}, false
  for _, item in ipairs(list or {}) do
    local truth = values.truth(args[1].k == "none" and item
      or run:call(args[1], { item }, {}, line))
    if truth ~= false then
      result[#result + 1] = item
    end
    open = open or truth == nil
  end
  return values.list(result, "list", open or list == nil)
end

function BUILTINS.getattr(run, args, _, line)
  local name = args[2] and values.string(args[2])
  return name and run:attribute(args[1], name, line) or nil
end

function BUILTINS.setattr(run, args)
  local name = args[2] and values.string(args[2])
  if name and args[3] then
    run:set_attribute(args[1], name, args[3])
  end
  return values.NONE
end

function BUILTINS.print()
  return values.NONE
end

local TYPES <const> = { str = "text", dict = "dict", bool = "bool" }

-- Whether a value has a type, as far as that is known.
local function is_instance(value, type)
  if type.k == "list" then
    for _, one in ipairs(type.items) do
      local is = is_instance(value, one)
      if is ~= false then
        return is
      end
    end
    return false
  elseif type.k ~= "builtin" or value.k == "unknown" or value.k == "import" then
    return nil
  elseif TYPES[type.name] then
    return value.k == TYPES[type.name]
  elseif type.name == "int" or type.name == "float" then
    return value.k == "number" and (math.type(value.v) == "integer") == (type.name == "int")
  end
  return value.k == "list" and value.kind == type.name
end

function BUILTINS.isinstance(_, args)
  local is = args[2] and is_instance(args[1], args[2])
  return is ~= nil and values.plain(is) or nil
end

-- Functions whose results are not followed.
for name in ("float min max sum any all abs round repr next type hasattr callable open input id "
  .. "hash vars locals globals super eval exec object bytes divmod ord chr hex slice"):gmatch "%a+"
do
  BUILTINS[name] = function() end
end

--- The function of a name; nil if Python has none that is known here.
---@param name string
---@return table? value
function M.find(name)
  return BUILTINS[name] and { k = "builtin", name = name } or nil
end

--- Call a function of Python.
---@param run tarn.PythonRun
---@param name string
---@param args table[]
---@param named table<string, table>
---@param line integer
---@return table value
function M.call(run, name, args, named, line)
  local first = args[1]
  if first and first.k == "any" and name ~= "list" and name ~= "print" then
    return values.each({ first }, function(option)
      local copy = table.move(args, 1, #args, 1, {})
      copy[1] = option
      return M.call(run, name, copy, named, line)
    end)
  end
  local needs_two = name == "map" or name == "filter" or name == "getattr" or name == "setattr"
  if needs_two and not args[2] then
    return values.unknown "an argument is missing"
  end
  return BUILTINS[name](run, args, named, line)
    or values.unknown(first and not values.is_known(first) and first.k ~= "list"
      and values.why(first) or ("what `%s` returns is not known"):format(name))
end

--- The function `dict`, which methods use too.
---@param args table[]
---@param named table<string, table>
---@return table dict
function M.dict(args, named)
  return BUILTINS.dict(nil, args, named)
end

return M
