--- Files of an earlier export that no pipeline has any more: the pipeline is gone, or has another
-- name. They are told, and removed only on request; a file that was changed by hand stays.

local digest = require("native.server").digest
local fault = require "base.fault"
local strings = require "base.strings"

local M = {}

--- The files in the manifest that a pipeline does not have now.
---@param entry tarn.ExportedPipeline
---@param files table<string, any> path -> anything: those that it has
---@return string[] paths sorted
function M.paths(entry, files)
  local list = {}
  for path in pairs(entry.files) do
    if files[path] == nil then
      list[#list + 1] = path
    end
  end
  table.sort(list)
  return list
end

-- Remove the folders above a file that are empty.
local function remove_empty_above(folder, path)
  local above = path:match "^(.*)/[^/]*$"
  while above do
    local names = fault.try(folder.list, folder, above)
    if not names or #names > 0 then
      return
    end
    folder:remove(above)
    above = above:match "^(.*)/[^/]*$"
  end
end

--- Remove files of an entry, and its sources if they lie in a folder of their own.
---@param folder tarn.Folder
---@param dir string
---@param entry tarn.ExportedPipeline
---@param paths string[] result of `paths`
---@param present table<string, true> what must stay, folded: a file system may not tell it apart
---@param sources? string the folder of the sources
---@return string[] removed
---@return string[] kept because they were changed
function M.remove(folder, dir, entry, paths, present, sources)
  local removed, kept = {}, {}
  local stat = sources and fault.try(folder.find_stat, folder, sources) -- nil if a link leads there
  if stat and stat.type == "directory" then
    for _, path in ipairs(require("tarn.sources").remove_export(dir .. "/" .. sources)) do
      kept[#kept + 1] = ("%s/%s"):format(sources, path)
    end
    remove_empty_above(folder, sources .. "/.")
  end
  for _, path in ipairs(paths) do
    local text = not present[strings.fold(path)] and fault.try(folder.find_read, folder, path)
    if text and digest(text) == entry.files[path] then
      folder:remove(path)
      removed[#removed + 1] = path
      remove_empty_above(folder, path)
    elseif text then
      kept[#kept + 1] = path
    else
      removed[#removed + 1] = path -- somebody has removed it
    end
  end
  return removed, kept
end

return M
