--- Read the settings of a pipeline from a text in JSON or YAML.

local export = require "tarn.export"
local fault = require "base.fault"
local json = require "native.json"
local specs = require "tarn.spec"
local yaml = require "native.yaml"

local M = {}

local OP <const> = "tarn create"

local function is_object(value)
  return type(value) == "table" and not json.is_array(value)
end

local function wrong(where, message, hint)
  fault.raise { kind = "parse", op = OP, message = ("%s: %s"):format(where, message), hint = hint }
end

local function decode(text, where)
  local read = text:find "^%s*{" and json.decode or yaml.decode
  local ok, value = fault.call(read, text)
  if not ok and value.kind ~= "parse" then
    error(value, 0)
  elseif not ok then
    wrong(where, value.message)
  end
  return value
end

-- The one pipeline of a bundle's file.
local function of_bundle(value, where)
  local found
  for name, resource in pairs(value.resources.pipelines) do
    if found then
      wrong(where, "the bundle has more than one pipeline",
        "`databricks bundle deploy` deploys a bundle; `tarn create` takes one pipeline")
    end
    found = is_object(resource) and resource or wrong(where, name .. " is not an object")
  end
  specs.each(found or {}, function(keys, item)
    if type(item) == "string" and item:find("${", 1, true) then
      wrong(where, ("%s refers to something else in the bundle: %s"):format(specs.path(keys), item),
        "`databricks bundle deploy` resolves references")
    end
  end)
  return found or wrong(where, "the bundle has no pipeline")
end

local function find_object(value)
  return is_object(value) and export.has(value) and value or nil
end

--- The settings in a decoded text: a spec alone, an answer of `tarn get` or of the API, an export
-- in Tarn's own format, or a bundle with one pipeline.
---@param value any
---@param where string the file, for messages
---@return { name?: string, spec: table, run_as?: table, parameters?: table }
function M.item(value, where)
  if not is_object(value) then
    wrong(where, "this is not the spec of a pipeline",
      "`tarn get PIPELINE -o json` shows one: its part `spec` is enough")
  end
  local resources = value.resources
  if is_object(resources) and is_object(resources.pipelines) then
    value = of_bundle(value, where)
  end
  local spec = specs.copy(is_object(value.spec) and value.spec or value)
  local item = { spec = spec, name = spec.name or value.name,
    -- Tarn 0.3 wrote the name under run_as, and the setting beside it
    run_as = find_object(value.run_as) or find_object(value.run_as_setting),
    parameters = find_object(value.parameters) }
  spec.run_as, spec.parameters = nil, nil
  return item
end

--- Read a file, or standard input for "-".
---@param path string
---@return table item
function M.read(path)
  local where = path == "-" and "standard input" or path
  local text = path == "-" and io.read "a" or path ~= "-" and require("native.fs").find_read(path)
  if not text then
    fault.not_found(OP, ("%s does not exist"):format(where))
  end
  return M.item(decode(text, where), where)
end

return M
