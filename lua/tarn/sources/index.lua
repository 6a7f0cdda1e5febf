--- The index of exported sources.
--
-- It says for each file in the folder its path, kind, language and format in the workspace, which a
-- file's name and first line do not always show. The index changes only if the sources do.

local fault = require "base.fault"
local json = require "native.json"

local M = {}

local OP <const> = "sources.folder"

--- The name of the index in the folder.
M.FILE = "sources.json"

M.VERSION = 1

---@class tarn.SourceIndex
---@field version integer
---@field objects table[]  { path, file, kind, language?, format?, roles, via, headed?, digest? }
---@field left_out table[] { path, verdict, reason }

--- The index in an open folder; nil if there is none. Raises a fault for a wrong index.
---@param dir tarn.Folder
---@param dir_path string for faults
---@return tarn.SourceIndex?
function M.find(dir, dir_path)
  local text = dir:find_read(M.FILE)
  if not text then
    return nil
  end
  local ok, index = pcall(json.decode, text)
  if not ok or type(index) ~= "table" or type(index.objects) ~= "table" then
    fault.raise { kind = "parse", op = OP,
      message = ("%s/%s is not an index of sources"):format(dir_path, M.FILE),
      hint = "export into a new folder" }
  elseif index.version ~= M.VERSION then
    fault.raise { kind = "parse", op = OP,
      message = ("%s/%s has version %s; this program reads version %d"):format(dir_path, M.FILE,
        tostring(index.version), M.VERSION) }
  end
  return index
end

return M
