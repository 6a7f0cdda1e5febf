--- Python's operators on values that are known. Pure.

local containers = require "tarn.lineage.code.python.values.containers"
local frames = require "tarn.lineage.code.python.frames"
local texts = require "tarn.lineage.code.python.values.texts"
local values = require "tarn.lineage.code.python.values"

local M = {}

local MOST_REPEATS <const> = 1000
local MOST_ITEMS <const> = 10000

local ARITHMETIC <const> = {
  ["+"] = function(a, b) return a + b end,
  ["-"] = function(a, b) return a - b end,
  ["*"] = function(a, b) return a * b end,
  ["/"] = function(a, b) return b ~= 0 and a / b or nil end,
  ["//"] = function(a, b) return b ~= 0 and a // b or nil end,
  ["%"] = function(a, b) return b ~= 0 and a % b or nil end,
}

local function repeated(value, times)
  local result = value.k == "text" and values.text "" or values.list({}, value.kind, value.open)
  for _ = 1, times do
    if value.k == "text" then
      result = values.concat(result, value)
    elseif #result.items + #value.items > MOST_ITEMS then
      result.open = true
      break
    else
      table.move(value.items, 1, #value.items, #result.items + 1, result.items)
    end
  end
  return result
end

local function merged(a, b)
  local dict = { k = "dict", entries = {}, open = a.open or b.open }
  for _, from in ipairs { a, b } do
    for _, entry in ipairs(from.entries) do
      containers.put(dict, entry[1], entry[2])
    end
  end
  return dict
end

local function joined(a, b)
  if #a.items + #b.items > MOST_ITEMS then
    return values.list({}, a.kind, true)
  end
  local items = table.move(a.items, 1, #a.items, 1, {})
  table.move(b.items, 1, #b.items, #items + 1, items)
  return values.list(items, a.kind, a.open or b.open)
end

local function not_known(a, b)
  if values.is_known(a) or a.k == "list" or a.k == "dict" then
    return values.unknown(values.why(b))
  end
  return values.unknown(values.why(a))
end

--- `a op b`.
---@param op string
---@param a table
---@param b table
---@return table value
function M.binary(op, a, b)
  if op == "+" and (a.k == "text" or b.k == "text") then
    if a.k == "text" and b.k == "text" then
      return values.concat(a, b)
    elseif a.k == "unknown" or b.k == "unknown" or a.k == "import" or b.k == "import" then
      return values.concat(values.to_text(a), values.to_text(b))
    end
  elseif op == "%" and a.k == "text" and values.string(a) then
    return texts.percent(values.string(a), b)
  elseif op == "*" and (a.k == "text" or a.k == "list") and math.type(b.v) == "integer"
    and b.v <= MOST_REPEATS then
    return repeated(a, b.v)
  elseif (op == "+" or op == "|") and a.k == "list" and b.k == "list" then
    return joined(a, b)
  elseif op == "|" and a.k == "dict" and b.k == "dict" then
    return merged(a, b)
  elseif a.k == "number" and b.k == "number" and ARITHMETIC[op] then
    local result = ARITHMETIC[op](a.v, b.v)
    return result and values.plain(result) or values.unknown "a number is not known"
  end
  return frames.join { a, b } or not_known(a, b)
end

--- `op a`.
---@param op string
---@param a table
---@return table value
function M.unary(op, a)
  if op == "not" then
    local truth = values.truth(a)
    return truth == nil and values.unknown(values.why(a)) or values.plain(not truth)
  elseif a.k == "number" and op ~= "~" then
    return values.plain(op == "-" and -a.v or a.v)
  end
  return values.unknown(values.why(a))
end

local function contains(list, a)
  local wanted = values.key(a)
  if list.k == "text" then
    local text, part = values.string(list), values.string(a)
    return text and part and text:find(part, 1, true) ~= nil
  elseif not wanted or list.k ~= "list" and list.k ~= "dict" then
    return nil
  end
  local known = not list.open
  for _, item in ipairs(list.items or list.entries) do
    local key = values.key(list.k == "dict" and item[1] or item)
    if key == wanted then
      return true
    end
    known = known and key ~= nil
  end
  if known then
    return false
  end
end

local ORDER <const> = {
  ["<"] = function(a, b) return a < b end,
  [">"] = function(a, b) return a > b end,
  ["<="] = function(a, b) return a <= b end,
  [">="] = function(a, b) return a >= b end,
}

local function compare(op, a, b)
  local key_a, key_b = values.key(a), values.key(b)
  if op == "==" or op == "is" then
    if key_a and key_b then
      return key_a == key_b
    end
    local known_a = a.k ~= "unknown" and a.k ~= "import" and a.k ~= "text"
    local known_b = b.k ~= "unknown" and b.k ~= "import" and b.k ~= "text"
    if known_a and known_b and (a.k == "none" or b.k == "none") then
      return false
    end
  elseif op == "in" then
    return contains(b, a)
  elseif ORDER[op] then
    local x, y = a.v or values.string(a), b.v or values.string(b)
    if type(x) == type(y) and (type(x) == "number" or type(x) == "string") then
      return ORDER[op](x, y)
    end
  end
end

--- `a op b` of a comparison.
---@param op string
---@param a table
---@param b table
---@return table value
function M.compare(op, a, b)
  local negated = op == "!=" and "==" or op == "is not" and "is" or op == "not in" and "in"
  local result = compare(negated or op, a, b)
  if result == nil then
    return not_known(a, b)
  elseif negated then
    result = not result
  end
  return values.plain(result)
end

--- `of[key]`.
---@param of table
---@param key table
---@return table value
function M.index(of, key)
  if of.k == "dict" then
    return containers.get(of, key)
      or values.unknown(values.key(key) and not of.open and "the dictionary has no such key"
        or "the key is not known")
  elseif of.k == "frame" then
    return of
  end
  local items = containers.items(of)
  local at = math.type(key.v) == "integer" and key.v
  if items and at then
    return items[at < 0 and #items + at + 1 or at + 1] or values.unknown "the list is shorter"
  elseif of.k == "list" or of.k == "text" then
    return values.unknown(values.why(at and of or key))
  end
  return values.unknown(values.why(of))
end

--- `of[from:to]`.
---@param of table
---@param bounds table<integer, table> from, to, step
---@return table value
function M.slice(of, bounds)
  local items = containers.items(of)
  local from, to = bounds[1] and bounds[1].v or 0, bounds[2] and bounds[2].v
  if not items or bounds[3] or math.type(from) ~= "integer" or bounds[2] and not to then
    return of.k == "frame" and of or values.unknown(values.why(of))
  end
  to = to or #items
  from = from < 0 and math.max(#items + from, 0) or from
  to = to < 0 and #items + to or math.min(to, #items)
  local result = {}
  for i = from + 1, to do
    result[#result + 1] = items[i]
  end
  if of.k == "text" then
    local text = values.text ""
    for _, item in ipairs(result) do
      text = values.concat(text, item)
    end
    return text
  end
  return values.list(result, of.kind)
end

return M
