--- Read a folder that `tarn export --format json` has written.

local export = require "tarn.export"
local fault = require "base.fault"
local fs = require "native.fs"

local own = export.own

local M = {}

local OP <const> = "tarn export"

--- Read the pipeline in a folder. Raises a fault if the folder is no export.
---@param dir string
---@return tarn.ExportItem
function M.read(dir)
  local path = (dir:gsub("(.)/+$", "%1")) .. "/" .. own.FILE
  local folder <close> = fs.find_stat(dir) and fs.folder(dir) or nil
  local text = folder and folder:find_read(own.FILE)
  if not text then
    fault.not_found(OP, ("%s does not exist"):format(path),
      "`tarn export PIPELINE --dir DIR` writes such a folder (--format json)")
  end
  return own.read(text, path)
end

--- True if the path is a folder in Tarn's own format.
---@param dir string
---@return boolean
function M.is_export(dir)
  return fs.find_stat(dir .. "/" .. own.FILE) ~= nil
end

--- The folder with the sources in an exported folder, or nil if sources were not exported.
---@param dir string
---@return string?
function M.find_sources(dir)
  local path = (dir:gsub("(.)/+$", "%1")) .. "/" .. export.SOURCES
  export.check_sources_folder(dir, OP)
  return fs.find_stat(path) and path or nil
end

return M
