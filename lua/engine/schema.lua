--- The shape of data that a command returns: what a header's `returns` says, as JSON Schema.
--
-- A shape is the name of a type ("string", "integer", "number", "boolean", "object", "array",
-- "any"), with "|null" where it may be null; a table of fields; a list of one shape, for a list of
-- those; or { any = { shape, shape } }, for one of several. A field whose name ends in "?" may be
-- missing, one in "~" may be null.
-- More fields than are named may always be there.

local json = require "native.json"

local M = {}

local TYPES <const> = { string = true, integer = true, number = true, boolean = true,
  object = true, array = true, any = true }

--- True for one of several shapes.
---@param shape table
---@return boolean
function M.is_choice(shape)
  return type(shape.any) == "table" and next(shape, "any") == nil and next(shape) == "any"
    and shape.any[1] ~= nil and shape.any[2] ~= nil
end

--- What is wrong with a shape, or nil.
---@param shape any
---@param where? string
---@return string?
function M.find_problem(shape, where)
  where = where or "returns"
  if type(shape) == "string" then
    local name = shape:match "^(%a+)$" or shape:match "^(%a+)|null$"
    return not TYPES[name] and ("%s: '%s' is no type"):format(where, shape) or nil
  elseif type(shape) ~= "table" then
    return where .. " is neither a type, nor fields, nor a list of one shape"
  end
  if M.is_choice(shape) then
    for i, inner in ipairs(shape.any) do
      local problem = M.find_problem(inner, ("%s.any[%d]"):format(where, i))
      if problem then
        return problem
      end
    end
    return nil
  end
  for key, inner in pairs(shape) do
    if type(key) ~= "string" and (key ~= 1 or next(shape, key)) then
      return where .. " is a list of more than one shape, or mixed with fields"
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

--- The schema of a shape; without one anything fits.
---@param shape? any
---@return table
function M.schema(shape)
  if shape == nil then
    return {}
  elseif type(shape) == "string" then
    return of_text(shape)
  elseif M.is_choice(shape) then
    local list = json.array {}
    for i, inner in ipairs(shape.any) do
      list[i] = M.schema(inner)
    end
    return { anyOf = list }
  elseif shape[1] then
    return { type = "array", items = M.schema(shape[1]) }
  end
  local properties, required = {}, json.array {}
  for key, inner in pairs(shape) do
    local name, marks = key:match "^([%w_]+)([?~]*)$"
    local schema = M.schema(inner)
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
