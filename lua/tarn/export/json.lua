--- Tarn's own format of an export: one JSON file with all fields, which `tarn import` reads.

local export = require "tarn.export"
local fault = require "base.fault"
local json = require "native.json"

local M = {}

--- The format and its version. A file with another version is refused.
local FORMAT <const> = "tarn-pipeline/1"

--- The name of the file in its folder.
M.FILE = "pipeline.json"

--- The files of an export.
---@param item tarn.ExportItem
---@return table<string, string> files name -> text
---@return table[] dropped always empty
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
    source = { host = item.origin or item.host, org_id = item.org_id,
      pipeline_id = item.pipeline_id, last_modified = item.last_modified },
  }, { indent = 2 })
  return { [M.FILE] = text .. "\n" }, {}
end

--- Parse the text of an exported file. Raises a fault of kind `parse` if the text is not an export.
---@param text string
---@param path string of the file, for messages
---@return tarn.ExportItem
function M.read(text, path)
  local function wrong(message, hint)
    fault.raise { kind = "parse", op = "export.read", message = path .. ": " .. message,
      hint = hint }
  end
  local ok, value = fault.call(json.decode, text)
  if not ok then
    wrong(value.message)
  elseif type(value) ~= "table" or type(value.format) ~= "string"
    or not value.format:find "^tarn%-pipeline/" then
    wrong("this is not an exported pipeline", "`tarn export` writes such files")
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
