--- The methods of Python's lists, sets and dictionaries. Pure.

local builtins = require "tarn.lineage.code.python.values.builtins"
local containers = require "tarn.lineage.code.python.values.containers"
local values = require "tarn.lineage.code.python.values"

local M = {}

local LIST = {}

local function mutates(self, value)
  if not value then
    self.open = true
  end
end

function LIST.append(self, args)
  self.items[#self.items + 1] = args[1]
end

LIST.add = LIST.append

function LIST.insert(self, args)
  local at = args[1] and args[1].v
  if args[2] then
    local fits = math.type(at) == "integer" and at >= 0 and at <= #self.items
    table.insert(self.items, fits and at + 1 or #self.items + 1, args[2])
  end
end

function LIST.extend(self, args)
  local list = args[1] and containers.items(args[1])
  mutates(self, list)
  for _, item in ipairs(list or {}) do
    self.items[#self.items + 1] = item
  end
end

LIST.update = LIST.extend

function LIST.copy(self)
  return values.list(table.move(self.items, 1, #self.items, 1, {}), self.kind, self.open)
end

function LIST.clear(self)
  self.items = {}
end

function LIST.pop(self)
  return table.remove(self.items)
end

function LIST.union(self, args)
  local result = LIST.copy(self)
  LIST.extend(result, args)
  return result
end

function LIST.sort() end

local DICT = {}

function DICT.get(self, args)
  local found = args[1] and containers.get(self, args[1])
  if found or not args[1] then
    return found
  elseif self.open or not values.key(args[1]) then
    return values.unknown "the key is not known"
  end
  return args[2] or values.NONE
end

function DICT.items(self)
  local list = {}
  for i, entry in ipairs(self.entries) do
    list[i] = values.list({ entry[1], entry[2] }, "tuple")
  end
  return values.list(list, "list", self.open)
end

function DICT.keys(self)
  local list = {}
  for i, entry in ipairs(self.entries) do
    list[i] = entry[1]
  end
  return values.list(list, "list", self.open)
end

function DICT.values(self)
  local list = {}
  for i, entry in ipairs(self.entries) do
    list[i] = entry[2]
  end
  return values.list(list, "list", self.open)
end

function DICT.update(self, args, named)
  local from = builtins.dict(args, named)
  self.open = self.open or from.open
  for _, entry in ipairs(from.entries) do
    containers.put(self, entry[1], entry[2])
  end
end

function DICT.setdefault(self, args)
  local found = args[1] and containers.get(self, args[1])
  if not found and args[2] then
    containers.put(self, args[1], args[2])
  end
  return found or args[2]
end

function DICT.copy(self)
  return builtins.dict({ self }, {})
end

--- Call a method of a list or a dictionary.
---@param self table
---@param method string
---@param args table[]
---@param named table<string, table>
---@return table value
function M.call(self, method, args, named)
  local f = (self.k == "list" and LIST or DICT)[method]
  if not f then
    return values.unknown(("what `%s` returns is not known"):format(method))
  end
  return f(self, args, named) or values.NONE
end

return M
