--- The code of a pipeline: what belongs to it, and how it gets elsewhere exactly as it is.
--
-- A spec names notebooks, files, folders, a project root, requirements files and init scripts in
-- the workspace's tree. `closure` finds them all, `plan` says for each what copying would do,
-- `copy` does it; `export` and `import` do the same with a folder of files.
--
-- Paths are in the short form here, without the prefix /Workspace, which names the same objects.
-- A map of paths is called with that form; what it returns may have the prefix.

local closure = require "tarn.sources.closure"
local copy = require "tarn.sources.copy"
local folder = require "tarn.sources.folder"
local memo = require "tarn.sources.memo"
local objects = require "tarn.objects"
local path = require("tarn.objects").path
local plan = require "tarn.sources.plan"

local M = {
  closure = closure.of,
  find_normal = path.find_normal,
  set_rates = objects.set_rates,
  new_memo = memo.new,
  export = folder.export,
  folder_items = folder.items,
  read_file = folder.read,
}

local function reader(ws)
  return function(item)
    return objects.read(ws, item)
  end
end

-- Two connections to one workspace: the same host, and the same id where it is known.
local function is_same_place(a, b)
  if a == b or a.native == b.native then
    return true
  end
  local one, other = a.native:info(), b.native:info()
  return one.host == other.host and one.org_id ~= nil and one.org_id == other.org_id
end

--- The bytes of an item of a closure: a notebook in its own format, a file as it is.
---@param ws tarn.WorkspaceClient
---@param item tarn.SourceItem
---@return string
function M.read(ws, item)
  return objects.read(ws, item)
end

--- What a copy of a spec's sources to `target_ws` would do. Items have a verdict: "copy", "same"
-- (nothing to do), or a reason why not: "newer" (the target was changed later; `overwrite`),
-- "too_large", "odd", "missing".
---@param source_ws tarn.WorkspaceClient
---@param target_ws tarn.WorkspaceClient
---@param spec table
---@param opts? { path_map?: (fun(path: string): string), overwrite?: boolean, jobs?: integer,
---  memo?: tarn.Memo }
---@return tarn.SourcePlan
function M.plan(source_ws, target_ws, spec, opts)
  local items, warnings = closure.of(source_ws, spec,
    { jobs = opts and opts.jobs, memo = opts and opts.memo })
  local source = { read = reader(source_ws), same_place = is_same_place(source_ws, target_ws) }
  local made = plan.of(source, target_ws, items, opts)
  table.move(warnings, 1, #warnings, #made.warnings + 1, made.warnings)
  return made
end

--- Do what a plan says, each change a step of `op`.
---@param source_ws tarn.WorkspaceClient
---@param target_ws tarn.WorkspaceClient
---@param made tarn.SourcePlan
---@param op? tarn.Operation
---@param opts? { progress?: function, jobs?: integer, memo?: tarn.Memo }
---@return tarn.SourceReport
function M.copy(source_ws, target_ws, made, op, opts)
  return copy.run({ read = reader(source_ws) }, target_ws, made, op, opts)
end

--- As `plan`, from a folder that `export` wrote. A file does not tell which side is newer: what
-- differs in the workspace is replaced only with `overwrite`.
---@param dir string
---@param target_ws tarn.WorkspaceClient
---@param opts? table as for `plan`
---@return tarn.SourcePlan
function M.plan_import(dir, target_ws, opts)
  local source = { read = function(item) return folder.read(dir, item) end }
  return plan.of(source, target_ws, folder.items(dir), opts)
end

--- Do what a plan of `plan_import` says, each change a step of `op`.
---@param dir string
---@param target_ws tarn.WorkspaceClient
---@param made tarn.SourcePlan
---@param op? tarn.Operation
---@param opts? table as for `copy`
---@return tarn.SourceReport
function M.import(dir, target_ws, made, op, opts)
  local source = { read = function(item) return folder.read(dir, item) end }
  return copy.run(source, target_ws, made, op, opts)
end

return M
