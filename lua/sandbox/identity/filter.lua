--- Filters of SCIM lists: `attribute op value`, with `and` and `or` between such terms.
--
-- The operators are eq, ne, co, sw, ew and pr. A value may stand in quotes or without them, as the
-- service takes it. Texts are compared without regard to case. Pure: resources in, resources out.

local errors = require "sandbox.http.errors"

local M = {}

local function refuse()
  errors.raise(400, "INVALID_PARAMETER_VALUE", "Given filter operator is not supported.")
end

-- The value at a path of attributes, whose names have no case; of a list its first element.
local function find_value(resource, path)
  local value = resource
  for name in path:gmatch "[^.]+" do
    if type(value) ~= "table" then
      return nil
    end
    value = value[1] or value
    local inner
    for key, field in pairs(type(value) == "table" and value or {}) do
      if type(key) == "string" and key:lower() == name:lower() then
        inner = field
      end
    end
    value = inner
  end
  return value
end

--- The text of an attribute in lower case; "" if the resource does not have it.
---@param resource table
---@param path string
---@return string
function M.text_of(resource, path)
  local value = find_value(resource, path)
  return type(value) ~= "table" and value ~= nil and tostring(value):lower() or ""
end

-- Is one of the texts that the attribute has such that `test` holds? A list has several.
local function any(resource, path, test)
  local head, last = path:match "^(.+)%.([^.]+)$"
  local value = find_value(resource, path)
  local list = head and find_value(resource, head)
  if type(list) == "table" and list[1] then
    for _, element in ipairs(list) do
      if test(M.text_of(element, last)) then
        return true
      end
    end
    return false
  end
  return value ~= nil and type(value) ~= "table" and test(M.text_of(resource, path))
end

local OPERATORS <const> = {
  eq = function(text, value) return text == value end,
  co = function(text, value) return text:find(value, 1, true) ~= nil end,
  sw = function(text, value) return text:sub(1, #value) == value end,
  ew = function(text, value) return value == "" or text:sub(-#value) == value end,
}

-- Words and quoted texts: { text, quoted }.
local function tokens_of(text)
  local tokens, at = {}, 1
  while true do
    at = text:find("%S", at)
    if not at then
      return tokens
    end
    if text:sub(at, at) == '"' then
      local stop = at
      repeat
        stop = text:find('"', stop + 1, true) or refuse()
      until text:sub(stop - 1, stop - 1) ~= "\\"
      tokens[#tokens + 1] = { text = text:sub(at + 1, stop - 1):gsub("\\(.)", "%1"), quoted = true }
      at = stop + 1
    else
      local _, stop = text:find('^[^%s"]+', at)
      tokens[#tokens + 1] = { text = text:sub(at, stop) }
      at = stop + 1
    end
  end
end

-- A term as a function of a resource, and the position after it.
local function parse_term(tokens, at)
  local path, op, value = tokens[at], tokens[at + 1], tokens[at + 2]
  if not path or path.quoted or not path.text:find "^[%a][%w.]*$" or not op or op.quoted then
    refuse()
  end
  local name = op.text:lower()
  if name == "pr" then
    return function(resource)
      return find_value(resource, path.text) ~= nil
    end, at + 2
  end
  local negated = name == "ne"
  local compare = OPERATORS[negated and "eq" or name]
  if not compare or not value then
    refuse()
  end
  local wanted = value.text:lower()
  return function(resource)
    return any(resource, path.text, function(text)
      return compare(text, wanted)
    end) ~= negated
  end, at + 3
end

-- `or` binds less than `and`: a filter is a list of lists of terms.
local function parse(text)
  local tokens = tokens_of(text)
  local groups, at = { {} }, 1
  while true do
    local group = groups[#groups]
    group[#group + 1], at = parse_term(tokens, at)
    local word = tokens[at] and not tokens[at].quoted and tokens[at].text:lower()
    if not tokens[at] then
      return groups
    elseif word == "or" then
      groups[#groups + 1] = {}
    elseif word ~= "and" then
      refuse()
    end
    at = at + 1
  end
end

local function holds(groups, resource)
  for _, group in ipairs(groups) do
    local all = true
    for _, term in ipairs(group) do
      all = all and term(resource)
    end
    if all then
      return true
    end
  end
  return false
end

--- The resources for which the filter holds; all without a filter. 400 for a filter of another
-- form.
---@param list table[]
---@param text string?
---@return table[]
function M.apply(list, text)
  if not text or text == "" then
    return list
  end
  local groups, found = parse(text), {}
  for _, resource in ipairs(list) do
    if holds(groups, resource) then
      found[#found + 1] = resource
    end
  end
  return found
end

return M
