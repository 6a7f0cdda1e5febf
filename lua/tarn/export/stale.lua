--- Files of an earlier export that no pipeline has any more: the pipeline is gone, or has another
-- name. They are told, and removed only on request; a file that was changed by hand stays.

local digest = require("native.server").digest
local export = require "tarn.export"
local fault = require "base.fault"
local fs = require "native.fs"
local json = require "native.json"
local strings = require "base.strings"

local M = {}

-- The files in the manifest that a pipeline does not have now, sorted. `files`: those that it has,
-- as keys.
local function paths_of(entry, files)
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

-- Remove the sources beside a pipeline's file. Returns those that were changed by hand.
local function remove_sources(folder, dir, path)
  local home = path:match("^(.*)/" .. export.own.FILE:gsub("%p", "%%%0") .. "$")
  local name = home and home .. "/" .. export.SOURCES
  local stat = name and fault.try(folder.find_stat, folder, name) -- nil if a link leads there
  local kept = {}
  if stat and stat.type == "directory" then
    for i, file in ipairs(require("tarn.sources").remove_export(dir .. "/" .. name)) do
      kept[i] = name .. "/" .. file
    end
    remove_empty_above(folder, name .. "/.")
  end
  return kept
end

-- Remove files of an entry, each with the sources beside it. `present`: what must stay, folded, as
-- a file system may not tell it apart. Returns those that are removed, and those that are kept
-- because they were changed.
local function remove(folder, dir, entry, paths, present)
  local removed, kept = {}, {}
  for _, path in ipairs(paths) do
    local text = fault.try(folder.find_read, folder, path)
    if present[strings.fold(path)] then
      removed[#removed + 1] = path -- it is the file of another pipeline now
    elseif text and digest(text) ~= entry.files[path] then
      kept[#kept + 1] = path
    else
      folder:remove(path)
      removed[#removed + 1] = path
      local changed = remove_sources(folder, dir, path)
      table.move(changed, 1, #changed, #kept + 1, kept)
      remove_empty_above(folder, path)
    end
  end
  return removed, kept
end

-- Note what a pipeline has in the folder. Files that it had before, and has not now, stay noted
-- until they are removed.
local function note(self, row, part, left)
  local entry = { name = row.name, files = {} }
  local before = self.manifest.pipelines[row.pipeline_id]
  for _, path in ipairs(left) do
    entry.files[path] = before.files[path]
  end
  for path, text in pairs(part.files) do
    entry.files[path] = digest(text)
  end
  self.manifest.pipelines[row.pipeline_id] = entry
end

-- Remove the stale files of a pipeline, if that is wanted. Returns those that are left.
local function remove_stale(self, row, entry, paths)
  if #paths == 0 or self.dry_run or not self.prune then
    row.stale = #paths > 0 and json.array(paths) or nil
    return paths
  end
  local folder <close> = fs.folder(self.dir)
  local removed, kept = remove(folder, self.dir, entry, paths, self.present)
  row.removed = #removed > 0 and json.array(removed) or nil
  row.stale = #kept > 0 and json.array(kept) or nil
  row.reason = #kept > 0 and "changed since the export, and kept" or row.reason
  return kept
end

local function settle_row(self, row)
  local part = not row.error and self.parts[row.pipeline_id]
  if not part then
    return
  end
  local entry, left = self.manifest.pipelines[row.pipeline_id], {}
  if entry then
    left = remove_stale(self, row, entry, paths_of(entry, part.files))
  end
  note(self, row, part, left)
end

local function settle_gone(self, id, entry)
  local row = { pipeline_id = id, name = entry.name, status = "gone",
    reason = "the workspace lists no such pipeline" }
  local left = {}
  for _, path in ipairs(remove_stale(self, row, entry, paths_of(entry, {}))) do
    left[path] = entry.files[path]
  end
  entry.files = left
  if next(left) == nil then
    row.status = "removed"
    self.manifest.pipelines[id] = nil
  end
  return row
end

--- Say in the rows which files of earlier exports are left over, or remove them with --prune; note
-- in the manifest what each pipeline has in the folder; add a row for each pipeline that is gone.
---@param self table the export
function M.settle(self)
  self.present = {}
  for _, part in pairs(self.parts) do
    for path in pairs(part.files) do
      self.present[strings.fold(path)] = true
    end
  end
  for _, row in ipairs(self.rows) do
    settle_row(self, row)
  end
  local gone = {}
  for id, entry in pairs(self.manifest.pipelines) do
    gone[#gone + 1] = not self.alive[id] and { id, entry } or nil
  end
  table.sort(gone, function(a, b)
    if a[2].name ~= b[2].name then
      return a[2].name < b[2].name
    end
    return a[1] < b[1]
  end)
  for _, one in ipairs(gone) do
    table.insert(self.rows, settle_gone(self, one[1], one[2]))
  end
end

return M
