--- Find fields of a pipeline's settings that no published model of a pipeline has.

local json = require "native.json"
local model = require "tarn.export.model"
local specs = require "tarn.spec"
local suggestion = require "base.suggestion"

local M = {}

-- Fields of a bundle's resource that the tool keeps for itself.
local OF_THE_TOOL <const> = { cascade_on_destroy = true, lifecycle = true, permissions = true }
local OF_ANSWERS <const> = { pipeline_type = true, data_sampling = true }

-- The types of a settings' root, one for each model.
local function roots()
  local types = {}
  for i, name in ipairs { "bundle", "terraform" } do
    types[i] = { model = model.new(require("tarn.export.model." .. name)) }
  end
  return types
end

-- The fields that one of the types has: name -> the types of its value.
local function fields_of(types)
  local fields = {}
  for _, place in ipairs(types) do
    for name, schema in pairs(place.model:fields(place.type) or {}) do
      fields[name] = fields[name] or {}
      if schema.kind == "object" then
        table.insert(fields[name], { model = place.model, type = schema.type })
      end
    end
  end
  return fields
end

local check

local function check_value(value, types, keys, report)
  if type(value) ~= "table" or #types == 0 then
    return
  elseif not json.is_array(value) then
    return check(value, fields_of(types), keys, report)
  end
  for i, item in ipairs(value) do
    keys[#keys + 1] = i
    check_value(item, types, keys, report)
    keys[#keys] = nil
  end
end

function check(value, fields, keys, report)
  local names = specs.sorted_keys(fields)
  for _, key in ipairs(specs.sorted_keys(value, #keys == 0)) do
    keys[#keys + 1] = key
    if fields[key] then
      check_value(value[key], fields[key], keys, report)
    else
      report(specs.path(keys), suggestion.hint(tostring(key), names))
    end
    keys[#keys] = nil
  end
end

-- The fields of the settings themselves -> the types of their values.
local function top()
  local fields = fields_of(roots())
  for name in pairs(OF_THE_TOOL) do
    fields[name] = nil
  end
  for name in pairs(OF_ANSWERS) do
    fields[name] = {}
  end
  return fields
end

--- The names of the fields of a pipeline's settings, in the order in which fields are shown.
---@return string[]
function M.names()
  return specs.sorted_keys(top(), true)
end

-- The schemas of the fields that one of the types has; one of objects comes first.
local function schemas_of(types)
  local schemas = {}
  for _, place in ipairs(types) do
    for name, schema in pairs(place.model:fields(place.type) or {}) do
      if not schemas[name] or schemas[name].kind == "value" then
        schemas[name] = schema
      end
    end
  end
  return schemas
end

--- The fields below a path: name -> its schema. Empty below a map, a value and an unknown field.
---@param keys (string|integer)[]
---@return table<string, tarn.FieldSchema>
function M.below(keys)
  local types = roots()
  for _, key in ipairs(keys) do
    if type(key) == "string" then
      types = fields_of(types)[key] or {}
    end
  end
  local schemas = schemas_of(types)
  for name in pairs(#keys == 0 and OF_THE_TOOL or {}) do
    schemas[name] = nil
  end
  return schemas
end

--- The fields that neither bundles nor Terraform know, in the order in which fields are shown.
---@param settings table
---@return { path: string, hint?: string }[]
function M.unknown(settings)
  local list = {}
  check(settings, top(), {}, function(path, hint)
    list[#list + 1] = { path = path, hint = hint }
  end)
  return list
end

return M
