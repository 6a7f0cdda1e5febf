--- The manifest of an export of many pipelines: which files in the folder are those of which
-- pipeline, and what Tarn has written into them.
--
-- It tells the files of a pipeline that is gone from those that somebody has added, and a file that
-- was changed by hand from one that was not. It changes only if the export does.

local fault = require "base.fault"
local json = require "native.json"

local M = {}

local OP <const> = "tarn export"
local VERSION <const> = "tarn-export/1"

--- The name of the manifest in the folder.
M.FILE = ".tarn-export.json"

---@class tarn.ExportManifest
---@field export string            the version of this format
---@field format string            "json", "bundle" or "terraform"
---@field org_id? string           of the workspace
---@field bundle? string           the name of the bundle
---@field pipelines table<string, tarn.ExportedPipeline> by id

---@class tarn.ExportedPipeline
---@field name string
---@field files table<string, string> path in the folder -> digest of its content

--- An empty manifest.
---@param format string
---@param org_id? string
---@return tarn.ExportManifest
function M.new(format, org_id)
  return { export = VERSION, format = format, org_id = org_id, pipelines = {} }
end

-- True for a path inside of the folder.
local function is_safe(path)
  return type(path) == "string" and path ~= "" and path:sub(1, 1) ~= "/"
    and not path:find("\0", 1, true) and not ("/" .. path .. "/"):find("/../", 1, true)
end

local function is_entry(entry)
  if type(entry) ~= "table" or type(entry.name) ~= "string" or type(entry.files) ~= "table" then
    return false
  end
  for path, digest in pairs(entry.files) do
    if not is_safe(path) or type(digest) ~= "string" then
      return false
    end
  end
  return true
end

local function is_manifest(value)
  if type(value) ~= "table" or value.export ~= VERSION or type(value.format) ~= "string"
    or type(value.pipelines) ~= "table" or json.is_array(value.pipelines) and #value.pipelines > 0
    or value.bundle ~= nil and type(value.bundle) ~= "string" then
    return false
  end
  for id, entry in pairs(value.pipelines) do
    if type(id) ~= "string" or not is_entry(entry) then
      return false
    end
  end
  return true
end

--- The manifest in an open folder; nil if there is none. Raises a fault for a wrong one.
---@param folder? tarn.Folder
---@param dir string for faults
---@return tarn.ExportManifest?
function M.find(folder, dir)
  local text = folder and folder:find_read(M.FILE)
  if not text then
    return nil
  end
  local ok, value = fault.call(json.decode, text)
  if not ok or not is_manifest(value) then
    fault.raise { kind = "parse", op = OP,
      message = ("%s/%s is not the manifest of an export, or of another version"):format(dir,
        M.FILE), hint = "export into a new folder" }
  end
  return value
end

--- Refuse to export into a folder that holds something else.
---@param manifest tarn.ExportManifest
---@param dir string
---@param format string
---@param org_id? string
function M.check(manifest, dir, format, org_id)
  if manifest.format ~= format then
    fault.raise { kind = "conflict", op = OP, code = "ALREADY_EXISTS",
      message = ("%s holds an export with --format %s"):format(dir, manifest.format),
      hint = "choose another --dir for another format" }
  elseif manifest.org_id and org_id and manifest.org_id ~= org_id then
    fault.raise { kind = "conflict", op = OP, code = "ALREADY_EXISTS",
      message = ("%s holds an export of another workspace (%s)"):format(dir, manifest.org_id),
      hint = "choose another --dir for each workspace" }
  end
end

--- The text of a manifest.
---@param manifest tarn.ExportManifest
---@return string
function M.text(manifest)
  return json.encode(manifest, { indent = 2 }) .. "\n"
end

return M
