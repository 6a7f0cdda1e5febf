--- The fields that another tool knows of a pipeline, for formats that need to know each one.
--
-- Pure. The lists beside this file are written by `./dev models` from what the tools publish. In
-- them a name alone is a scalar, `x:T` an object of type T, `x:map` a map of strings; brackets mean
-- a list of these, and `x/y` that the tool calls the field `y`.

local json = require "native.json"

local M = {}

---@class tarn.FieldSchema
---@field kind "value"|"map"|"object"
---@field list boolean
---@field type? string name of the object's type
---@field block? string the tool's own name of the field

local function schema_of(word)
  local name, block, kind = word:match "^([%w_]+)/?([%w_]*):?(.*)$"
  local inner = kind:match "^%[(.*)%]$"
  local plain = inner or kind
  local schema = { list = inner ~= nil, kind = "object", type = plain,
    block = block ~= "" and block or nil }
  if plain == "" or plain == "value" then
    schema.kind, schema.type = "value", nil
  elseif plain == "map" then
    schema.kind, schema.type = "map", nil
  end
  return name, schema
end

local function read_types(text)
  local types = {}
  for name, body in text:gmatch "(%w+)%s+{(.-)}" do
    local fields = {}
    for word in body:gmatch "%S+" do
      local field, schema = schema_of(word)
      fields[field] = schema
    end
    types[name] = fields
  end
  return types
end

---@class tarn.Model
---@field from string  the tool and its version
---@field date string  the day on which the list was written
---@field root string  the type of the pipeline itself
local Model = {}
Model.__index = Model

--- The fields of a type.
---@param name? string the `type` of a field; default: that of the pipeline
---@return table<string, tarn.FieldSchema>
function Model:fields(name)
  return self.types[name or self.root]
end

local prune

local function prune_value(model, value, schema, keys, drop)
  if type(value) ~= "table" or schema.kind ~= "object" then
    return value
  elseif not schema.list then
    return prune(model, value, schema.type, keys, drop)
  elseif not json.is_array(value) then
    return value
  end
  local copy = json.array {}
  for i, item in ipairs(value) do
    keys[#keys + 1] = i
    copy[i] = type(item) == "table" and prune(model, item, schema.type, keys, drop) or item
    keys[#keys] = nil
  end
  return copy
end

function prune(model, value, type_name, keys, drop)
  local fields, copy = model:fields(type_name), {}
  for key, item in pairs(value) do
    keys[#keys + 1] = key
    if not fields[key] then
      drop(keys, item)
    else
      copy[key] = prune_value(model, item, fields[key], keys, drop)
    end
    keys[#keys] = nil
  end
  return copy
end

--- A copy of a pipeline's settings without the fields that the tool does not know.
---@param settings table
---@param drop fun(keys: (string|integer)[], value: any) gets each of these fields; `keys` changes
--- afterwards
---@return table
function Model:prune(settings, drop)
  return prune(self, settings, self.root, {}, drop)
end

--- A model, from one of the lists.
---@param list { from: string, date: string, root: string, types: string }
---@return tarn.Model
function M.new(list)
  return setmetatable({ from = list.from, date = list.date, root = list.root,
    types = read_types(list.types) }, Model)
end

return M
