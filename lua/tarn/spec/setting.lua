--- PATH=VALUE: one setting as text, as the option --set takes it.

local fault = require "base.fault"
local json = require "native.json"
local spec = require "tarn.spec"

local M = {}

-- Fields whose values are always texts. Elsewhere `true`, `3` and `[...]` are parsed as JSON.
local TEXT_ONLY <const> = { configuration = true, tags = true, parameters = true, run_as = true,
  catalog = true, schema = true, target = true, name = true, storage = true, root_path = true,
  parent_path = true }
local MAPS_OF_TEXTS <const> = { spark_conf = true, spark_env_vars = true, custom_tags = true }

local function value_of(keys, text)
  if TEXT_ONLY[keys[1]] and not (#keys == 1 and text:find "^%s*[{%[]")
    or MAPS_OF_TEXTS[keys[#keys - 1]] then
    return text
  end
  local ok, value = pcall(json.decode, text)
  if ok then
    return value
  end
  return text
end

--- The two sides of a text LEFT=RIGHT; a quoted name on the left may hold "=". Nil if it is no such
-- text.
---@param text string
---@return string? left
---@return string? right
function M.split(text)
  local left, right = text:match '^([^="]*%[".-"%][^=]*)=(.*)$'
  if not left then
    left, right = text:match "^([^=]*)=(.*)$"
  end
  if left ~= "" then
    return left, right
  end
end

--- The path and the value of a text PATH=VALUE. Raises a fault of kind `usage` if the text has
-- another form.
---@param text string
---@param op string the command, for the fault
---@return (string|integer)[] keys
---@return any value
---@return string path as it was given
function M.parse(text, op)
  local path, value = M.split(text)
  if not path then
    fault.usage(op, ("'%s' is not PATH=VALUE"):format(text),
      "for example: photon=true, tags.team=data, clusters[0].num_workers=2")
  end
  local keys = spec.parse(path)
  return keys, value_of(keys, value), path
end

return M
