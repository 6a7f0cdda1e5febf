--- Create a pipeline from a folder that `tarn export` has written.
--
--     local import = require "tarn.import"
--     local plan = import.plan(ws, "/home/me/exported/sales_orders_etl", { name = "orders_copy" })
--     for _, field in ipairs(plan.fields) do print(field.verdict, field.path, field.reason) end
--     local report = import.apply(ws, plan)
--     print(report.pipeline_id, report.op)

local create = require "tarn.create"
local folder = require "tarn.import.folder"
local hooks = require "engine.hooks"
local pipelines = require "tarn.pipelines"
local spec = require "tarn.spec"

local M = {}

local OP <const> = "tarn import"

---@class tarn.ImportPlan : tarn.CreatePlan
---@field dir string
---@field sources? tarn.SourcePlan

--- Plan an import. Reads from the workspace, calls the hooks `before_import`, and changes nothing.
---@param ws tarn.WorkspaceClient
---@param dir string
---@param opts { name?: string, continuous?: boolean, run_as?: boolean, sources?: boolean,
---  overwrite?: boolean }
---@return tarn.ImportPlan
function M.plan(ws, dir, opts)
  local item = folder.read(dir)
  local plan = create.plan(ws, item, { op = OP, name = opts.name, from = "a file",
    continuous = opts.continuous or false, run_as = opts.run_as or false })
  plan.dir = dir
  local sources_dir = opts.sources and folder.find_sources(dir)
  if sources_dir then
    plan.sources_dir = sources_dir
    plan.sources = require("tarn.sources").plan_import(sources_dir, ws,
      { overwrite = opts.overwrite })
    table.move(plan.sources.warnings, 1, #plan.sources.warnings, #plan.warnings + 1, plan.warnings)
  end
  hooks.call("before_import", { name = plan.name, dir = dir, spec = spec.copy(plan.body) },
    { op = OP, workspace = ws })
  return plan
end

--- Ask the server for a dry run of the plan. Raises the fault that the create would raise.
---@param ws tarn.WorkspaceClient
---@param plan tarn.ImportPlan
---@return table? effective_settings
function M.try(ws, plan)
  return pipelines.dry_run(ws, plan.body, OP)
end

local function side_of(ws, name)
  local info = ws.native:info()
  return { host = info.host, org_id = info.org_id, profile = ws.profile, name = name }
end

---@class tarn.ImportReport
---@field pipeline_id string
---@field name string
---@field op string         id of the operation in the journal
---@field fields table[]
---@field warnings string[]
---@field sources? table

--- Apply a plan, as an operation of the journal.
---@param ws tarn.WorkspaceClient
---@param plan tarn.ImportPlan
---@param opts? { arg?: table, progress?: function }
---@return tarn.ImportReport
function M.apply(ws, plan, opts)
  opts = opts or {}
  create.check_name(ws, plan, OP)
  local journal = require "tarn.journal"
  local op <close> = journal.begin { command = "import", arg = opts.arg,
    target = side_of(ws, plan.name) }
  local copied
  if plan.sources then
    copied = require("tarn.sources").import(plan.sources_dir, ws, plan.sources, op,
      { progress = opts.progress })
  end
  local id = create.send(ws, plan, op)
  local report = { pipeline_id = id, name = plan.name, status = "created",
    op = op.id, fields = plan.fields, warnings = plan.warnings, sources = copied }
  op:finish("done", { pipeline_id = id, name = plan.name })
  return report
end

-- Parts that other subjects use.
return require("base.lazy").fields(M, {
  find_sources = "tarn.import.folder:find_sources",
  is_export = "tarn.import.folder:is_export",
  read = "tarn.import.folder:read",
})
