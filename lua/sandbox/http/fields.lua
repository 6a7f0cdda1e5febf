--- The fields of requests: their types, and the refusal of values of another type.
--
-- A form describes a body: the name of a type ("string", "integer", "number", "boolean", "object",
-- "map" for an object of strings, "any"), a list with the form of its elements, `{ "string" }`, or
-- a table from names of fields to their forms. Fields that a form does not name are not looked at.
-- null is the same as absent, and an integer may be written as a string, as in proto3's JSON.

local json = require "native.json"
local errors = require "sandbox.http.errors"

local M = {}

local function is_object(value)
  return type(value) == "table" and not json.is_array(value)
end

local function is_list(value)
  return type(value) == "table" and json.is_array(value)
end

local function is_map(value)
  if not is_object(value) then
    return false
  end
  for _, element in pairs(value) do
    if type(element) ~= "string" then
      return false
    end
  end
  return true
end

-- An integer of 64 bits from its decimal text, or nil.
local function find_integer(text)
  return type(text) == "string" and text:find "^%-?%d+$" and math.tointeger(tonumber(text)) or nil
end

local TYPES <const> = {
  string = { "String", function(v) return type(v) == "string" end },
  integer = { "Integer", function(v) return (math.tointeger(v) or find_integer(v)) ~= nil end },
  number = { "Number", function(v) return type(v) == "number" end },
  boolean = { "Boolean", function(v) return type(v) == "boolean" end },
  object = { "Object", is_object },
  map = { "String map", is_map },
  any = { "Any", function() return true end },
}

local function refuse(kind, path)
  if path == "" then
    errors.malformed("Expected an %s.", kind:lower())
  end
  errors.malformed("Expected %s value for field '%s'.", kind, path)
end

local check

-- The value as handlers read it: an integer that was written as a string is a number.
local function check_type(value, form, path)
  local rule = TYPES[form] or error("there is no form " .. form)
  if not rule[2](value) then
    refuse(rule[1], path)
  end
  return form == "integer" and (math.tointeger(value) or find_integer(value)) or value
end

local function check_list(value, form, path)
  if not is_list(value) then
    refuse("Array", path)
  end
  for i, element in ipairs(value) do
    value[i] = check(element, form[1], ("%s[%d]"):format(path, i - 1))
  end
  return value
end

local function check_fields(value, form, path)
  if not is_object(value) then
    refuse("Object", path)
  end
  for name, inner in pairs(form) do
    local field = value[name]
    if field == json.null then
      value[name] = nil
    elseif field ~= nil then
      value[name] = check(field, inner, path == "" and name or path .. "." .. name)
    end
  end
  return value
end

function check(value, form, path)
  if type(form) == "string" then
    return check_type(value, form, path)
  elseif form[1] then
    return check_list(value, form, path)
  end
  return check_fields(value, form, path)
end

--- Refuse a body that does not have the form: 400 MALFORMED_REQUEST. Removes nulls of the form's
-- fields, and makes its integers numbers.
---@param body any the decoded body
---@param form table
---@return table body
function M.check(body, form)
  return check(body, form, "")
end

--- The values of a body or a query as text for a message; "" for none.
local function shown(value)
  return type(value) == "string" and value or value == nil and "" or tostring(value)
end

--- A field that must be a text that is not empty; 400 without it.
---@param from table body or query
---@param name string
---@return string
function M.required(from, name)
  local value = from[name]
  if value == nil or value == "" or value == json.null then
    errors.invalid("Missing required field: %s", name)
  elseif type(value) ~= "string" then
    errors.malformed("Expected String value for field '%s'.", name)
  end
  return value
end

--- An integer of a query; `default` if it is absent or empty, 400 outside of `low` to `high`.
---@param query table
---@param name string
---@param default integer?
---@param low integer
---@param high? integer
---@return integer?
function M.integer(query, name, default, low, high)
  local value = query[name]
  if value == nil or value == "" or value == json.null then
    return default
  end
  local n = math.tointeger(value) or find_integer(value)
  if not n then
    errors.invalid("%s must be an integer, but is '%s'", name, shown(value))
  elseif n < low or high and n > high then
    errors.invalid(high and "%s must be between %d and %d, but is %d"
      or "%s must be at least %d, but is %d", name, low, high or n, n)
  end
  return n
end

--- A boolean of a query or a body, nil if it is absent; 400 for another value.
---@param query table
---@param name string
---@return boolean?
function M.flag(query, name)
  local value = query[name]
  if value == nil or value == "" or value == json.null then
    return nil
  elseif value ~= true and value ~= false and value ~= "true" and value ~= "false" then
    errors.invalid("%s must be true or false, but is '%s'", name, shown(value))
  end
  return value == true or value == "true"
end

--- The elements of a list of a request as a set; nil without a list.
---@param list? any[]
---@return table<any, true>?
function M.set(list)
  local set = {}
  for _, value in ipairs(list or {}) do
    set[value] = true
  end
  return list and set
end

return M
