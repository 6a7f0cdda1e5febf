--- The sources of an export of many pipelines.
--
-- In Tarn's own format each pipeline has its own, so that `tarn import` can read its folder alone.
-- A bundle and a Terraform module have each object once, below `src/` with its whole path:
-- pipelines share folders, and two resources must not stand for one object.

local collections = require "base.collections"
local export = require "tarn.export"
local json = require "native.json"
local many = require "tarn.many"
local sources = require "tarn.sources"

local M = {}

-- The rows of the pipelines that are exported.
local function rows_of(self)
  local list = {}
  for _, row in ipairs(self.rows) do
    list[#list + 1] = self.set.items[row.pipeline_id] and row or nil
  end
  return list
end

local function say(row, index, warnings, written)
  row.sources = { objects = #index.objects, left_out = index.left_out, written = written }
  table.move(warnings, 1, #warnings, #row.warnings + 1, row.warnings)
  if written > 0 and row.status == "unchanged" then
    row.status = "replaced"
  end
end

local function export_each(self, rows, memo)
  local ws, at = self.ctx.workspace, 0
  for result in many.read(self.ctx, rows, function(row)
    local dir = ("%s/%s"):format(self.dir, self.set.names[row.pipeline_id])
    export.check_sources_folder(dir, "tarn export")
    local index, warnings, written = sources.export(ws, self.set.items[row.pipeline_id].spec,
      dir .. "/" .. export.SOURCES, { force = self.force, memo = memo })
    return { index = index, warnings = warnings, written = written }
  end) do
    at = at + 1
    if result.error then
      rows[at].status, rows[at].error = "failed", result.error
    else
      say(rows[at], result.index, result.warnings, result.written)
    end
  end
end

-- Add the items of a pipeline to those of all.
local function add_items(all, by_path, items)
  for _, item in ipairs(items) do
    local known = by_path[item.path]
    if not known then
      by_path[item.path], all[#all + 1] = item, item
    elseif known ~= item then
      for _, name in ipairs { "roles", "via" } do
        for _, word in ipairs(item[name]) do
          collections.add_once(known[name], word)
        end
      end
    end
  end
end

-- Say in a row how many of the shared sources are those of the pipeline, and which are left out.
local function count(row, index, paths)
  local found = { objects = 0, left_out = json.array {} }
  for _, entry in ipairs(index.objects) do
    found.objects = found.objects + (paths[entry.path] and 1 or 0)
  end
  for _, one in ipairs(index.left_out) do
    found.left_out[#found.left_out + 1] = paths[one.path] and one or nil
  end
  row.sources = found
end

-- Sources of pipelines that are not exported now, or cannot be read, stay.
local function export_shared(self, rows, memo)
  local ws, all, by_path, paths = self.ctx.workspace, {}, {}, {}
  local at, has_failed = 0, self:has_others()
  for result in many.read(self.ctx, rows, function(row)
    local items, warnings = sources.closure(ws, self.set.items[row.pipeline_id].spec,
      { memo = memo })
    return { items = items, warnings = warnings }
  end) do
    at = at + 1
    local row, needed = rows[at], {}
    if result.error then
      row.status, row.error = "failed", result.error
    else
      add_items(all, by_path, result.items)
      for _, item in ipairs(result.items) do
        needed[item.path] = true
      end
      local known = self.set.items[row.pipeline_id].warnings
      table.move(result.warnings, 1, #result.warnings, #known + 1, known)
    end
    has_failed = has_failed or result.error ~= nil
    paths[row.pipeline_id] = needed
  end
  table.sort(all, function(a, b) return a.path < b.path end)
  self.set.paths = paths
  self.set.index = sources.export(ws, nil, self.dir, { items = all, force = self.force,
    keep = has_failed, progress = self.ctx.progress,
    place = function(folder) return folder == "/" and "src" or nil end })
  for _, row in ipairs(rows) do
    count(row, self.set.index, paths[row.pipeline_id])
  end
end

--- Write the sources of all pipelines. A pipeline whose sources cannot be read gets an error.
---@param self table the export
function M.run(self)
  local rows, memo = rows_of(self), sources.new_memo()
  if self.format == "json" then
    return export_each(self, rows, memo)
  end
  export_shared(self, rows, memo)
  self:render()
  self:compare()
end

return M
