--- Write generated files into a folder.

local fs = require "native.fs"
local json = require "native.json"

local M = {}

--- Write files below a folder. Missing folders are created, existing files are replaced.
---@param dir string
---@param files table<string, string> path below the folder -> text
---@param dry_run? boolean only return the paths
---@return string[] paths sorted
function M.write(dir, files, dry_run)
  local paths = json.array {}
  for name, text in pairs(files) do
    local path = dir .. "/" .. name
    paths[#paths + 1] = path
    if not dry_run then
      fs.mkdir(path:match "^(.*)/", { parents = true })
      fs.write(path, text)
    end
  end
  table.sort(paths)
  return paths
end

return M
