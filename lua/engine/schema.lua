--- The schemas of the data that commands return: a short form, which a header's `returns` is
-- written in, and the JSON Schema that is made from it.
--
-- A short schema is the name of a type ("string", "integer", "number", "boolean", "object",
-- "array", "any"), with "|null" if the value may be null; or a table of fields; or a list with one
-- schema, that of its items; or { any = { schema, schema } } for alternatives. A field whose name
-- ends in "?" may be missing, one whose name ends in "~" may be null. Objects may always have
-- further fields.

local json = require "native.json"

local M = {}

local TYPES <const> = { string = true, integer = true, number = true, boolean = true,
  object = true, array = true, any = true }

--- True for a schema with alternatives.
---@param short table
---@return boolean
function M.is_choice(short)
  return type(short.any) == "table" and next(short, "any") == nil and next(short) == "any"
    and short.any[1] ~= nil and short.any[2] ~= nil
end

--- The error in a short schema, or nil.
---@param short any
---@param where? string the name of the schema in messages; default "returns"
---@return string?
function M.find_problem(short, where)
  where = where or "returns"
  if type(short) == "string" then
    local name = short:match "^(%a+)$" or short:match "^(%a+)|null$"
    return not TYPES[name] and ("%s: '%s' is not a type"):format(where, short) or nil
  elseif type(short) ~= "table" then
    return where .. " is neither a type, nor a table of fields, nor a list with one schema"
  end
  if M.is_choice(short) then
    for i, inner in ipairs(short.any) do
      local problem = M.find_problem(inner, ("%s.any[%d]"):format(where, i))
      if problem then
        return problem
      end
    end
    return nil
  end
  for key, inner in pairs(short) do
    if type(key) ~= "string" and (key ~= 1 or next(short, key)) then
      return where .. " is a list with more than one schema, or has items and fields"
    end
    local problem = M.find_problem(inner, ("%s.%s"):format(where, key))
    if problem then
      return problem
    end
  end
end

local function of_text(text)
  local name, null = text:match "^(%a+)(.*)$"
  if name == "any" then
    return {}
  elseif null ~= "" then
    return { type = json.array { name, "null" } }
  end
  return { type = name }
end

local function or_null(schema)
  if schema.type then
    schema.type = json.array { schema.type, "null" }
  end
  return schema
end

--- The JSON Schema for a short schema; for nil one that allows any value.
---@param short? any
---@return table
function M.expand(short)
  if short == nil then
    return {}
  elseif type(short) == "string" then
    return of_text(short)
  elseif M.is_choice(short) then
    local list = json.array {}
    for i, inner in ipairs(short.any) do
      list[i] = M.expand(inner)
    end
    return { anyOf = list }
  elseif short[1] then
    return { type = "array", items = M.expand(short[1]) }
  end
  local properties, required = {}, json.array {}
  for key, inner in pairs(short) do
    local name, marks = key:match "^([%w_]+)([?~]*)$"
    local schema = M.expand(inner)
    properties[name] = marks:find "~" and or_null(schema) or schema
    if not marks:find "?" then
      required[#required + 1] = name
    end
  end
  table.sort(required)
  return { type = "object", properties = properties,
    required = #required > 0 and required or nil }
end

return M
