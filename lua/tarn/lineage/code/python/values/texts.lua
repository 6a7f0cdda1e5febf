--- The methods of Python's strings, on values that are known. Pure.

local containers = require "tarn.lineage.code.python.values.containers"
local values = require "tarn.lineage.code.python.values"

local M = {}

local METHODS = {}

local function trimmed(pattern_start, pattern_end)
  return function(s, chars)
    local class = chars and "[" .. chars:gsub("%W", "%%%0") .. "]" or "%s"
    if pattern_start then
      s = s:gsub("^" .. class .. "+", "")
    end
    if pattern_end then
      s = s:gsub(class .. "+$", "")
    end
    return s
  end
end

METHODS.strip = trimmed(true, true)
METHODS.lstrip = trimmed(true, false)
METHODS.rstrip = trimmed(false, true)

function METHODS.lower(s) return s:lower() end

METHODS.casefold = METHODS.lower

function METHODS.upper(s) return s:upper() end

function METHODS.capitalize(s) return s:sub(1, 1):upper() .. s:sub(2):lower() end

function METHODS.title(s)
  return (s:gsub("(%a)(%a*)", function(a, b) return a:upper() .. b:lower() end))
end

function METHODS.replace(s, old, new)
  return old and new and (s:gsub(old:gsub("%W", "%%%0"), (new:gsub("%%", "%%%%"))))
end

function METHODS.startswith(s, prefix) return prefix and s:sub(1, #prefix) == prefix end

function METHODS.endswith(s, suffix)
  return suffix and (suffix == "" or s:sub(-#suffix) == suffix)
end

function METHODS.removeprefix(s, prefix)
  return prefix and (s:sub(1, #prefix) == prefix and s:sub(#prefix + 1) or s)
end

function METHODS.removesuffix(s, suffix)
  return suffix and (suffix ~= "" and s:sub(-#suffix) == suffix and s:sub(1, -#suffix - 1) or s)
end

function METHODS.isupper(s) return s:find "%u" ~= nil and not s:find "%l" end

function METHODS.islower(s) return s:find "%l" ~= nil and not s:find "%u" end

function METHODS.isdigit(s) return s:find "^%d+$" ~= nil end

-- ---- methods that make lists ----

local function split(s, separator, limit)
  local list, at = {}, 1
  if separator == nil then
    for word in s:gmatch "%S+" do
      list[#list + 1] = values.text(word)
    end
    return values.list(list)
  end
  while #list ~= limit do
    local from, to = s:find(separator, at, true)
    if not from or separator == "" then
      break
    end
    list[#list + 1] = values.text(s:sub(at, from - 1))
    at = to + 1
  end
  list[#list + 1] = values.text(s:sub(at))
  return values.list(list)
end

local function rsplit(s, separator, limit)
  local all = split(s, separator)
  while limit and #all.items > limit + 1 do
    local first = values.string(table.remove(all.items, 1))
    all.items[1] = values.text(first .. separator .. values.string(all.items[1]))
  end
  return all
end

local function join(separator, list)
  local items = list and containers.items(list)
  if not items then
    return nil
  end
  local result = values.text ""
  for i, item in ipairs(items) do
    result = values.concat(i > 1 and values.concat(result, separator) or result,
      values.to_text(item))
  end
  return result
end

-- ---- formats ----

-- The value of "0", "name", "a[b]" or "a.b" among the arguments.
local function field(path, args, named)
  local head, rest = path:match "^([%w_]*)(.*)$"
  local value
  if head:find "^%d+$" then
    value = args[tonumber(head) + 1]
  else
    value = named[head]
  end
  for key in rest:gmatch "[%[.]([%w_]+)%]?" do
    local entry = value and value.k == "dict" and containers.get(value, values.text(key))
    value = entry or value and value.attributes and value.attributes[key]
  end
  return value or values.unknown "an argument of `format` is not known"
end

--- `"...".format(...)`.
---@param s string
---@param args table[]
---@param named table<string, table>
---@return table text
function M.format(s, args, named)
  local result, at, n = values.text "", 1, 0
  while true do
    local from, to = s:find("[{}]+", at)
    if not from then
      return values.concat(result, values.text(s:sub(at)))
    end
    result = values.concat(result, values.text(s:sub(at, from - 1)))
    local two = s:sub(from, from + 1)
    if two == "{{" or two == "}}" then
      result, at = values.concat(result, values.text(two:sub(1, 1))), from + 2
    else
      local inner = s:match("^{([^{}]*)}", from)
      local path, spec = (inner or ""):match "^([^:!]*)[^:]*:?(.*)$"
      if path == "" then
        path, n = tostring(n), n + 1
      end
      result = values.concat(result, values.to_text(field(path, args, named), spec))
      at = inner and from + #inner + 2 or to + 1
    end
  end
end

--- `"..." % ...`.
---@param s string
---@param value table
---@return table text
function M.percent(s, value)
  local args = value.k == "list" and value.kind == "tuple" and value.items or { value }
  local result, at, n = values.text "", 1, 0
  while true do
    local from = s:find("%", at, true)
    local name = from and s:match("^%(([^)]*)%)", from + 1)
    local to, spec = select(2, s:find("^[-+ #0]*[%d.]*([%a%%])", from and from + 1
      + (name and #name + 2 or 0) or at))
    if not from or not to then
      return values.concat(result, values.text(s:sub(at)))
    end
    result = values.concat(result, values.text(s:sub(at, from - 1)))
    if spec == "%" then
      result = values.concat(result, values.text "%")
    else
      n = n + 1
      local arg = name and value.k == "dict" and containers.get(value, values.text(name))
        or not name and args[n]
      result = values.concat(result, values.to_text(arg
        or values.unknown "an argument of `%` is not known"))
    end
    at = to + 1
  end
end

-- ---- calls ----

local function plain_of(value)
  if value == nil or value.k == "none" then
    return nil, true
  elseif value.k == "number" or value.k == "bool" then
    return value.v, true
  end
  local text = values.string(value)
  return text, text ~= nil
end

-- One argument may be a tuple: `startswith(("a", "b"))`.
local function one_of(method, s, list)
  for _, item in ipairs(list.items) do
    local text = values.string(item)
    if not text then
      return nil
    elseif METHODS[method](s, text) then
      return true
    end
  end
  return false
end

--- Call a method of a text. What is not known makes the result unknown.
---@param self table text
---@param method string
---@param args table[]
---@param named table<string, table>
---@return table value
function M.call(self, method, args, named)
  local s = values.string(self)
  local unknown = values.unknown(("what `%s` returns is not known"):format(method))
  if method == "join" then
    return join(self, args[1]) or unknown
  elseif not s then
    return values.unknown(values.why(self))
  elseif method == "format" then
    return M.format(s, args, named)
  elseif method == "format_map" and args[1] and args[1].k == "dict" then
    local map = {}
    for _, entry in ipairs(args[1].entries) do
      map[values.string(entry[1]) or ""] = entry[2]
    end
    return M.format(s, {}, map)
  elseif (method == "startswith" or method == "endswith") and args[1] and args[1].k == "list" then
    local found = one_of(method, s, args[1])
    return found == nil and unknown or values.plain(found)
  end
  local a, known_a = plain_of(args[1])
  local b, known_b = plain_of(args[2] or named.maxsplit)
  if not known_a or not known_b then
    return unknown
  elseif method == "split" then
    return split(s, a, b)
  elseif method == "rsplit" and a then
    return rsplit(s, a, b)
  elseif method == "splitlines" then
    return split(s, "\n")
  end
  local f = METHODS[method]
  local result = f and f(s, a, b)
  return result == nil and unknown or values.plain(result)
end

return M
