--- Create a pipeline from a folder that `tarn export` has written.
--
--     local import = require "tarn.import"
--     local plan = import.plan(ws, "/home/me/exported/sales_orders_etl", { name = "orders_copy" })
--     for _, field in ipairs(plan.fields) do print(field.verdict, field.path, field.reason) end
--     local report = import.apply(ws, plan)
--     print(report.pipeline_id, report.op)

local export = require "tarn.export"
local fault = require "base.fault"
local folder = require "tarn.import.folder"
local hooks = require "engine.hooks"
local json = require "native.json"
local pipelines = require "tarn.pipelines"
local spec = require "tarn.spec"

local M = {}

local OP <const> = "tarn import"

---@class tarn.ImportPlan
---@field dir string
---@field name string
---@field body table      the settings of the new pipeline
---@field fields { path: string, verdict: "set"|"dropped", from?: any, to?: any, reason: string }[]
---@field warnings string[]
---@field name_taken boolean
---@field sources? tarn.SourcePlan

-- Fields of the spec that a new pipeline cannot have, with the reason.
local DROPPED <const> = {
  { "id", "the new pipeline gets its own" },
  { "deployment", "the bundle of the exported pipeline does not manage the new one" },
}

local function drop_outputs(body, note)
  for _, rule in ipairs(DROPPED) do
    if body[rule[1]] ~= nil then
      note { path = rule[1], verdict = "dropped", from = body[rule[1]], reason = rule[2] }
      body[rule[1]] = nil
    end
  end
  if export.is_default_storage(body.storage) then
    note { path = "storage", verdict = "dropped", from = body.storage,
      reason = "it is the default location, which contains the exported pipeline's id" }
    body.storage = nil
  end
  local ingestion = body.ingestion_definition
  if type(ingestion) == "table" and ingestion.source_type ~= nil then
    note { path = "ingestion_definition.source_type", verdict = "dropped",
      from = ingestion.source_type, reason = "the server sets it" }
    ingestion.source_type = nil
  end
end

local function set(body, name, value, reason, note)
  if body[name] ~= value then
    note { path = name, verdict = "set", from = body[name], to = value, reason = reason }
    body[name] = value
  end
end

local function is_taken(ws, name)
  local filter = ("name LIKE '%s'"):format((name:gsub("'", "''")))
  for item in pipelines.states(ws, { filter = filter }) do
    if item.name == name then
      return true
    end
  end
  return false
end

--- Plan an import. Reads from the workspace, calls the hooks `before_import`, and changes nothing.
---@param ws tarn.WorkspaceClient
---@param dir string
---@param opts { name?: string, continuous?: boolean, run_as?: boolean, sources?: boolean,
---  overwrite?: boolean }
---@return tarn.ImportPlan
function M.plan(ws, dir, opts)
  local item = folder.read(dir)
  local obstacle = export.find_obstacle(item.spec)
  if obstacle then
    fault.raise { kind = "conflict", op = OP,
      message = ("'%s' cannot be created from a file: %s"):format(item.name, obstacle) }
  end
  local plan = { dir = dir, fields = json.array {}, warnings = json.array {} }
  local function note(entry)
    plan.fields[#plan.fields + 1] = entry
  end
  local body = spec.copy(item.spec)
  drop_outputs(body, note)
  set(body, "name", opts.name or item.name, "--name", note)
  if body.continuous == true and not opts.continuous then
    set(body, "continuous", false, "--no-continuous", note)
  elseif body.continuous == true then
    plan.warnings[#plan.warnings + 1] = "the pipeline is continuous: it starts as soon as it is "
      .. "created (--no-continuous makes it triggered)"
  end
  body.parameters = item.parameters
  if opts.run_as then
    body.run_as = item.run_as
  elseif item.run_as then
    note { path = "run_as", verdict = "dropped", from = item.run_as, reason = "--no-run-as" }
  end
  plan.name, plan.body = body.name, body
  plan.name_taken = is_taken(ws, body.name)
  local sources_dir = opts.sources and folder.find_sources(dir)
  if sources_dir then
    plan.sources_dir = sources_dir
    plan.sources = require("tarn.sources").plan_import(sources_dir, ws,
      { overwrite = opts.overwrite })
    table.move(plan.sources.warnings, 1, #plan.sources.warnings, #plan.warnings + 1, plan.warnings)
  end
  hooks.call("before_import", { name = plan.name, dir = dir, spec = spec.copy(body) },
    { op = OP, workspace = ws })
  return plan
end

--- Ask the server for a dry run of the plan. Raises the fault that the create would raise.
---@param ws tarn.WorkspaceClient
---@param plan tarn.ImportPlan
---@return table? effective_settings
function M.try(ws, plan)
  return require("tarn.pipelines").dry_run(ws, plan.body, OP)
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
  if plan.name_taken then
    fault.raise { kind = "conflict", op = OP, code = "RESOURCE_ALREADY_EXISTS",
      message = ("%s already has a pipeline named '%s'"):format(ws:host(), plan.name),
      hint = "--name gives the new pipeline another name" }
  end
  local journal = require "tarn.journal"
  local op <close> = journal.begin { command = "import", arg = opts.arg,
    target = side_of(ws, plan.name) }
  local copied
  if plan.sources then
    copied = require("tarn.sources").import(plan.sources_dir, ws, plan.sources, op,
      { progress = opts.progress })
  end
  local made = op:perform({ kind = "pipeline.create", request = "POST /api/2.0/pipelines",
    what = { name = plan.name, spec = plan.body } }, pipelines.create, ws, plan.body)
  local report = { pipeline_id = made.pipeline_id, name = plan.name, status = "created",
    op = op.id, fields = plan.fields, warnings = plan.warnings, sources = copied }
  op:finish("done", { pipeline_id = made.pipeline_id, name = plan.name })
  return report
end

-- Parts that other subjects use.
return require("base.lazy").fields(M, {
  find_sources = "tarn.import.folder:find_sources",
  is_export = "tarn.import.folder:is_export",
  read = "tarn.import.folder:read",
})
