--- The format of Tarn's own: one JSON file that holds a pipeline exactly, field by field.
-- `tarn import` reads it.

local export = require "tarn.export"
local fault = require "base.fault"
local json = require "native.json"

local M = {}

--- What the file says it is. A number behind the slash that is not known is refused.
local FORMAT <const> = "tarn-pipeline/1"

--- The name of the file in its folder.
M.FILE = "pipeline.json"

--- The files of an export: name -> text.
---@param item tarn.ExportItem
---@return table<string, string> files
---@return table[] dropped
function M.files(item)
  local permissions
  if item.permissions then
    permissions = json.array {}
    for i, grant in ipairs(item.permissions) do
      permissions[i] = { [grant.kind] = grant.name, permission_level = grant.level }
    end
  end
  local text = json.encode({
    format = FORMAT, name = item.name, spec = item.spec, run_as = item.run_as,
    parameters = item.parameters, permissions = permissions,
    source = { host = item.host, org_id = item.org_id, pipeline_id = item.pipeline_id,
      last_modified = item.last_modified },
  }, { indent = 2 })
  return { [M.FILE] = text .. "\n" }, {}
end

--- The pipeline of a file's text. `place` names the file in messages.
---@param text string
---@param place string
---@return tarn.ExportItem
function M.read(text, place)
  local function wrong(message, hint)
    fault.raise { kind = "parse", op = "export.read", message = place .. ": " .. message,
      hint = hint }
  end
  local ok, value = fault.call(json.decode, text)
  if not ok then
    wrong(value.message)
  elseif type(value) ~= "table" or type(value.format) ~= "string"
    or not value.format:find "^tarn%-pipeline/" then
    wrong("this is not an exported pipeline", "`tarn export` writes them")
  elseif value.format ~= FORMAT then
    wrong(("its format is %s, and this program reads %s"):format(value.format, FORMAT))
  elseif type(value.spec) ~= "table" then
    wrong "it has no spec"
  end
  local source = type(value.source) == "table" and value.source or {}
  return { name = value.name or value.spec.name, spec = value.spec,
    run_as = export.has(value.run_as) and value.run_as or nil,
    parameters = export.has(value.parameters) and value.parameters or nil,
    pipeline_id = source.pipeline_id or value.spec.id, host = source.host,
    org_id = source.org_id, last_modified = source.last_modified, warnings = {} }
end

return M
