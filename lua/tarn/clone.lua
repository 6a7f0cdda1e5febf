--- Clone a pipeline, within a workspace or into another one.
--
--     local clone, journal = require "tarn.clone", require "tarn.journal"
--     local dr = tarn.workspace "demo-dr"
--     local plan = clone.plan(ws, dr, { pipeline = "sales_orders_etl", name = "orders_dr" })
--     local op <close> = journal.begin { command = "clone", source = plan.source }
--     local report = clone.apply(plan, op)
--     print(report.status, report.pipeline_id)
--
-- `plan` reads from both workspaces and changes nothing; a plan is plain data. `apply` does what
-- the plan says and writes each step to the journal.

local actions = require "tarn.clone.actions"
local apply = require "tarn.clone.apply"
local check_options = require("base.options").check
local code = require "tarn.clone.code"
local copy = require "tarn.clone.copy"
local dryrun = require "tarn.clone.dryrun"
local fault = require "base.fault"
local hooks = require "tarn.clone.hooks"
local jobs = require "tarn.clone.jobs"
local json = require "native.json"
local mapping = require "tarn.mapping"
local permissions = require "tarn.permissions"
local pipelines = require "tarn.pipelines"
local placeholder = require "tarn.clone.placeholder"
local pool = require "base.pool"
local probe = require "tarn.clone.probe"
local runas = require "tarn.clone.runas"
local secrets = require "base.secrets"
local sources = require "tarn.sources"
local specs = require "tarn.spec"
local targets = require "tarn.clone.target"
local verdicts = require "tarn.clone.verdicts"
local warnings = require "tarn.clone.warnings"

local M = {}

local OP <const> = "tarn clone"

-- ---- data that several clones share ----

---@class tarn.CloneSession
---@field map tarn.Map
---@field source tarn.Probe
---@field target tarn.Probe
---@field names? table<string, string[]> name -> ids of all pipelines of the target, when many
--- are cloned

--- The data that several clones between the same two workspaces share: the map, and the answers
-- of both workspaces.
---@param source tarn.WorkspaceClient
---@param target tarn.WorkspaceClient
---@param options tarn.MapOptions
---@return tarn.CloneSession
function M.session(source, target, options)
  local source_probe = probe.new(source)
  return { map = mapping.new(options), source = source_probe, memo = sources.new_memo(),
    target = target == source and source_probe or probe.new(target) }
end

local function side(identity, pipeline_id, name)
  return { host = identity.host, org_id = identity.org_id, profile = identity.profile,
    user = identity.user, pipeline_id = pipeline_id, name = name }
end

-- ---- pipelines that cannot be cloned ----

local function refuse_unclonable(pipeline)
  local spec = pipeline.spec or {}
  if spec.pipeline_type == "DBSQL" then
    fault.raise { kind = "usage", op = OP, code = "NOT_CLONABLE",
      message = ("'%s' belongs to a materialized view or streaming table of Databricks SQL and has "
        .. "no code of its own"):format(pipeline.name or pipeline.pipeline_id),
      hint = "run the CREATE statement of that view or table in the target instead" }
  end
end

--- The name of the copy: `wanted`, in which `*` stands for the source's name. Without `wanted`, a
-- copy in another workspace has the source's name; in the same workspace a fault of kind `usage`
-- is raised.
---@param wanted? string
---@param source_name string
---@param same_workspace boolean
---@return string
function M.name(wanted, source_name, same_workspace)
  local name = wanted and wanted:gsub("%*", (source_name:gsub("%%", "%%%%")))
  name = name or not same_workspace and source_name
  if not name or name == "" then
    fault.usage(OP, "--name is missing: source and target are the same workspace",
      "--name NEW, or --to another workspace")
  end
  return name
end

-- ---- plan ----

---@class tarn.ClonePlan
---@field source tarn.Side
---@field target tarn.Side      pipeline_id: of the copy, if the copy exists
---@field name string           of the copy
---@field same_workspace boolean
---@field spec table            the settings of the copy, with run_as and parameters
---@field fields tarn.FieldRow[]
---@field action "create"|"update"|"unchanged"
---@field changes? table[]      changes to an existing copy: { path, from, to }
---@field steps { kind: string, what: string, request: string }[]
---@field warnings string[]
---@field refusals tarn.Fault[] the reasons why the plan cannot be applied
---@field hooks? table[]        { point, file } of the user's hooks that were called
---@field effective? table      the settings as the workspace would complete them

local OPTIONS <const> = { "pipeline", "name", "map", "catalog", "schema", "set", "drop",
  "path_map", "with_sources", "overwrite", "permissions", "production", "continuous",
  "placeholder", "start", "update", "session", "command", "with_jobs",
  "rewrite_code" }

---@class tarn.CloneOptions : tarn.MapOptions
---@field pipeline string        id or name of the source
---@field name? string           of the copy; `*` is the source's name
---@field with_sources? boolean  copy notebooks, files and folders too
---@field overwrite? boolean     replace sources that are newer in the target
---@field permissions? boolean   copy the access list
---@field production? boolean    not in development mode
---@field continuous? boolean    keep the continuous mode of the source
---@field placeholder? "auto"|"never" a notebook for a source without code; default "auto"
---@field start? boolean         start an update of the copy
---@field update? boolean        a pipeline that has the copy's name is the copy, whoever created it
---@field session? tarn.CloneSession
---@field rewrite_code? boolean  with `with_sources`: change names of catalogs in the code
---@field with_jobs? "report"|"copy"   the jobs that run the source: list them, or copy them, paused
---@field command? string        the command line, for the commands that an admin must repeat

local function ask_both(source, session, options)
  local get = pool.begin(pipelines.find, source, options.pipeline)
  local there = pool.begin(session.target.identity, session.target)
  local here = session.source:identity()
  return get(), here, there()
end

local function same_metastore(session)
  local other = pool.begin(session.target.metastore, session.target)
  local mine = session.source:metastore()
  local theirs = other()
  if not mine or not theirs then
    return nil
  end
  return mine == theirs
end

-- The settings of the source that say where it publishes. The journal keeps them, so that lineage
-- can relate tables of the copy to tables of the source.
local function published(spec)
  local ingestion = type(spec.ingestion_definition) == "table" and spec.ingestion_definition
  return secrets.masked { catalog = spec.catalog, schema = spec.schema, target = spec.target,
    ingestion_definition = ingestion and { objects = ingestion.objects } or nil }
end

local function new_plan(pipeline, here, there, options)
  local same = here.org_id == there.org_id
  local plan = {
    same_workspace = same, name = M.name(options.name, pipeline.name or "", same),
    source = side(here, pipeline.pipeline_id, pipeline.name), warnings = json.array {},
    admin = json.array {}, refusals = {}, command = options.command or "tarn clone",
    publishes = published(pipeline.spec or {}),
  }
  plan.target = side(there, nil, plan.name)
  plan.target.is_admin = there.is_admin
  return plan
end

local function run_together(...)
  pool.each({ ... }, function(job) job() end)
end

-- Check what the copy needs in the target. Returns the pipelines that have the copy's name.
local function check_target(plan, source, target, session, options, pipeline, decided)
  if options.with_sources then
    code.plan(plan, source, target, pipeline.spec or {}, session, options)
  end
  local found = {}
  run_together(function()
    if not plan.copy then
      found = copy.by_name(target, plan.name, session.names)
    end
  end, function()
    pool.each(decided.pending, function(item) targets.judge(item, plan, session, options) end)
  end, function()
    if plan.placeholder then
      placeholder.check(plan.placeholder, session.target)
    end
  end)
  return found
end

local function plan_permissions(plan, source, session)
  local refusal
  plan.permissions, refusal = permissions.plan(source, plan.source.pipeline_id, {
    map = session.map, probe = session.target, same_workspace = plan.same_workspace,
    me = session.target:identity(), copy_id = plan.copy and plan.copy.pipeline_id })
  if refusal then
    warnings.add(plan, "the permissions of the source cannot be read, and are not copied: %s",
      refusal.message)
    return
  end
  table.move(plan.permissions.rows, 1, #plan.permissions.rows, #plan.fields + 1, plan.fields)
  if plan.permissions.new_owner then
    plan.admin[#plan.admin + 1] = {
      why = ("make %s the owner of the copy, after its first update"):format(
        plan.permissions.new_owner.name) }
  end
end

--- Plan a clone. Reads from both workspaces and changes nothing.
---@param source tarn.WorkspaceClient
---@param target tarn.WorkspaceClient
---@param options tarn.CloneOptions
---@return tarn.ClonePlan
function M.plan(source, target, options)
  check_options(options, OPTIONS)
  local session = options.session or M.session(source, target, options)
  local pipeline, here, there = ask_both(source, session, options)
  refuse_unclonable(pipeline)
  local plan = new_plan(pipeline, here, there, options)
  plan.same_metastore = plan.same_workspace or same_metastore(session)
  if plan.same_workspace then
    plan.same_metastore = true
  end
  local decided = verdicts.decide(pipeline, { map = session.map, name = plan.name,
    production = options.production, continuous = options.continuous,
    same_workspace = plan.same_workspace, same_metastore = plan.same_metastore })
  local body = decided.body
  plan.fields, plan.suggestions = json.array(decided.rows), decided.suggestions
  plan.spec, plan.body = body, body
  plan.placeholder = placeholder.plan(plan, body, options.placeholder or "auto")
  plan.copy = copy.find_known(target, { source = plan.source,
    target_org_id = plan.target.org_id, name = plan.name })
  local found = check_target(plan, source, target, session, options, pipeline, decided)
  runas.check(plan, body, targets.is_absent)
  runas.show(plan, pipeline, body)
  body = hooks.map_spec(plan, body, source, target)
  actions.settle_copy(plan, body, found, options)
  run_together(function() dryrun.ask(plan, target, body) end, function()
    if options.permissions then
      plan_permissions(plan, source, session)
    end
  end)
  if plan.name_taken and not plan.copy and #plan.refusals == 0 then
    -- the name was taken after the check, perhaps by another run of the same clone
    actions.settle_copy(plan, body, copy.by_name(target, plan.name), options)
    if not plan.copy and #plan.refusals == 0 then
      plan.refusals[1] = copy.name_is_taken(plan)
    end
  end
  actions.settle(plan, body)
  warnings.add_all(plan, specs.settings(pipeline), body)
  actions.set_steps(plan, options)
  jobs.plan(plan, source, target, options)
  plan.source_ws, plan.target_ws, plan.memo = source, target, session.memo
  hooks.before(plan, source, target)
  return plan
end

--- Raise the first refusal of a plan, if it has one.
---@param plan tarn.ClonePlan
function M.check(plan)
  apply.check(plan)
end

--- True if there is nothing to apply. A plan without steps is still applied if the journal does not
-- know its copy yet.
---@param plan tarn.ClonePlan
---@return boolean
function M.is_over(plan)
  return apply.is_over(plan)
end

--- Do what a plan says, and write each step to the journal. Raises a fault if the copy itself
-- cannot be made; faults of later steps (permissions, start) are in `problems` of the report.
---@param plan tarn.ClonePlan
---@param op tarn.Operation
---@param options? { progress?: function }
---@return table report { pipeline_id, status = "created"|"updated"|"unchanged", update_id?,
--- sources?, problems }
function M.apply(plan, op, options)
  return apply.run(plan, op, options)
end

--- The commands of a plan that only an admin can run.
---@param plan tarn.ClonePlan
---@return { why: string, command: string }[]
function M.admin_commands(plan)
  local list = json.array {}
  for i, item in ipairs(plan.admin) do
    list[i] = { why = item.why, command = item.command or permissions.owner_command(
      plan.permissions, plan.target.pipeline_id or "PIPELINE_ID", plan.target.profile) }
  end
  return list
end

return M
