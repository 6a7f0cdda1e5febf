--- Find and copy the code of a pipeline: notebooks, files and folders.
--
--     local sources = require "tarn.sources"
--     local found = ws:pipeline "sales_orders_etl"
--     for _, item in ipairs(sources.closure(ws, found.spec)) do
--       print(item.kind, item.path, item.verdict or "", item.reason or "")
--     end
--
-- A spec names notebooks, files, folders, a root folder, requirements files and init scripts.
-- `closure` finds all of them, `plan` decides what a copy of each would do, `copy` copies them;
-- `export` and `import` do the same with a local folder.
--
-- Paths are without the prefix /Workspace here. A `path_map` gets such paths and may return paths
-- with the prefix.

local closure = require "tarn.sources.closure"
local copy = require "tarn.sources.copy"
local exported = require "tarn.sources.exported"
local folder = require "tarn.sources.folder"
local memo = require "tarn.sources.memo"
local objects = require "tarn.objects"
local path = require("tarn.objects").path
local plan = require "tarn.sources.plan"

local M = {}

-- `edit` changes the bytes of an item before anything is done with them.
local function reader(ws, edit)
  return function(item)
    local bytes = objects.read(ws, item)
    return edit and edit(item, bytes) or bytes
  end
end

-- True if two connections are to the same workspace.
local function is_same_workspace(a, b)
  if a == b or a.native == b.native then
    return true
  end
  local one, other = a.native:info(), b.native:info()
  return one.host == other.host and one.org_id ~= nil and one.org_id == other.org_id
end

--- All objects that a spec needs, folders before their content. Missing objects, and those that
-- cannot be copied, have a verdict and a reason.
---@param ws tarn.WorkspaceClient
---@param spec table
---@param opts? { jobs?: integer, memo?: tarn.Memo } `memo`: shares answers between pipelines
---@return tarn.SourceItem[] items
---@return string[] warnings
function M.closure(ws, spec, opts)
  return closure.of(ws, spec, opts)
end

--- A memo for one command, to be passed to all plans and copies.
---@return tarn.Memo
function M.new_memo()
  return memo.new()
end

--- The short form of an absolute path; nil if the value is not an absolute path.
---@param at any
---@return string?
function M.find_normal(at)
  return path.find_normal(at)
end

--- Set the rates of imports and exports for a connection, in place of the published ones.
---@param ws tarn.WorkspaceClient
---@param rates { import: integer|false, export: integer|false } calls per second; false: no limit
function M.set_rates(ws, rates)
  objects.set_rates(ws, rates)
end

--- The bytes of an item of a closure, a notebook in its own format.
---@param ws tarn.WorkspaceClient
---@param item tarn.SourceItem
---@return string
function M.read(ws, item)
  return objects.read(ws, item)
end

--- Plan a copy of a spec's sources to another workspace. Each item has a verdict: "copy", "same"
-- (the target has it), or why it is not copied: "newer" (the target's was changed later; use
-- `overwrite`), "too_large", "odd", "missing".
---@param source_ws tarn.WorkspaceClient
---@param target_ws tarn.WorkspaceClient
---@param spec table
---@param opts? { path_map?: (fun(path: string): string), overwrite?: boolean, jobs?: integer,
---  memo?: tarn.Memo, edit?: fun(item: tarn.SourceItem, bytes: string): string } edit: changes the
---  code on its way
---@return tarn.SourcePlan
function M.plan(source_ws, target_ws, spec, opts)
  local items, warnings = closure.of(source_ws, spec,
    { jobs = opts and opts.jobs, memo = opts and opts.memo })
  local edit = opts and opts.edit
  local source = { read = reader(source_ws, edit), edits = edit ~= nil,
    same_workspace = is_same_workspace(source_ws, target_ws) }
  local made = plan.of(source, target_ws, items, opts)
  table.move(warnings, 1, #warnings, #made.warnings + 1, made.warnings)
  made.edit = edit
  return made
end

--- Do what a plan says. Each change is a step of `op`.
---@param source_ws tarn.WorkspaceClient
---@param target_ws tarn.WorkspaceClient
---@param made tarn.SourcePlan
---@param op? tarn.Operation
---@param opts? { progress?: function, jobs?: integer, memo?: tarn.Memo }
---@return tarn.SourceReport
function M.copy(source_ws, target_ws, made, op, opts)
  return copy.run({ read = reader(source_ws, made.edit) }, target_ws, made, op, opts)
end

--- Write all sources of a spec into a local folder, with an index. Existing files are not replaced
-- or removed; with `force`, unchanged files of an earlier export are. Links are not followed.
---@param ws tarn.WorkspaceClient
---@param spec table
---@param dir string
---@param opts? tarn.SourceExportOptions
---@return tarn.SourceIndex index
---@return string[] warnings
---@return integer written files; the others had this content already
function M.export(ws, spec, dir, opts)
  return folder.export(ws, spec, dir, opts)
end

--- Remove the files that `export` has written into a folder, except those that were changed since,
-- and then empty folders. A folder without an index stays as it is.
---@param dir string
---@return string[] kept the changed files
function M.remove_export(dir)
  return folder.remove(dir)
end

--- The objects in a folder that `export` has written, and files that were added to it since.
---@param dir string
---@return tarn.SourceItem[] items each with `file`
---@return tarn.SourceIndex index
function M.folder_items(dir)
  return exported.items(dir)
end

--- The bytes of an item of a folder.
---@param dir string
---@param item tarn.SourceItem of `folder_items`
---@return string
function M.read_file(dir, item)
  return exported.read(dir, item)
end

--- Plan an import from a folder that `export` has written. A file does not say whether it is newer,
-- so objects that differ in the workspace are replaced only with `overwrite`.
---@param dir string
---@param target_ws tarn.WorkspaceClient
---@param opts? table as for `plan`
---@return tarn.SourcePlan
function M.plan_import(dir, target_ws, opts)
  local source = { read = function(item) return exported.read(dir, item) end }
  return plan.of(source, target_ws, exported.items(dir), opts)
end

--- Do what a plan of `plan_import` says. Each change is a step of `op`.
---@param dir string
---@param target_ws tarn.WorkspaceClient
---@param made tarn.SourcePlan
---@param op? tarn.Operation
---@param opts? table as for `copy`
---@return tarn.SourceReport
function M.import(dir, target_ws, made, op, opts)
  local source = { read = function(item) return exported.read(dir, item) end }
  return copy.run(source, target_ws, made, op, opts)
end

return M
