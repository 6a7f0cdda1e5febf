--- Clone a pipeline, within a workspace or into another: first a plan, then what it says.
--
--     local plan = clone.plan(source, target, { pipeline = "sales", name = "sales_dr" })
--     local report = clone.apply(plan, journal.begin { command = "clone" })
--
-- A plan is data. It has asked both sides; making one changes nothing.

local targets = require "tarn.clone.target"
local apply = require "tarn.clone.apply"
local copy = require "tarn.clone.copy"
local check_options = require("base.options").check
local edit = require "tarn.edit"
local fault = require "base.fault"
local specs = require "tarn.spec"
local hooks = require "tarn.clone.hooks"
local json = require "native.json"
local mapping = require "tarn.mapping"
local permissions = require "tarn.permissions"
local pipelines = require "tarn.pipelines"
local placeholder = require "tarn.clone.placeholder"
local pool = require "base.pool"
local probe = require "tarn.clone.probe"
local secrets = require "base.secrets"
local dryrun = require "tarn.clone.dryrun"
local sources = require "tarn.sources"
local verdicts = require "tarn.clone.verdicts"
local warnings = require "tarn.clone.warnings"

local M = { apply = apply.run, check = apply.check, is_over = apply.is_over }

local OP <const> = "tarn clone"

-- ---- what many clones share ----

---@class tarn.CloneSession
---@field map tarn.Map
---@field source tarn.Probe
---@field target tarn.Probe
---@field names? table<string, string[]> all names of the target, when many are cloned

--- What several clones between the same two workspaces share: the map, and what was asked.
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

-- ---- what cannot be cloned ----

local function refuse_unclonable(pipeline)
  local spec = pipeline.spec or {}
  if spec.pipeline_type == "DBSQL" then
    fault.raise { kind = "usage", op = OP, code = "NOT_CLONABLE",
      message = ("'%s' stands behind a table made in Databricks SQL: it has no code of its own")
        :format(pipeline.name or pipeline.pipeline_id),
      hint = "run the CREATE statement of the materialized view or streaming table there instead" }
  end
end

--- The name of the copy: as asked for, where `*` stands for the source's name; in another
-- workspace the source's name by default.
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

-- ---- the copy that is there already ----

-- True if an earlier run of ours was cut off while it made a copy of that name.
local function was_attempted(plan, pipeline)
  return pipeline.creator_user_name == plan.target.user and copy.was_attempted {
    source = plan.source, target_org_id = plan.target.org_id, name = plan.name }
end

-- Of those that have the name, the one that is the copy: what the journal knows, what is
-- already as planned, what an earlier run was cut off at, or what --update says.
local function settle_copy(plan, body, found, options)
  if plan.copy then
    return
  end
  for _, pipeline in ipairs(found) do
    local is_source = plan.same_workspace and pipeline.pipeline_id == plan.source.pipeline_id
    if not is_source and (options.update or #edit.changes(pipeline, body) == 0
      or was_attempted(plan, pipeline)) then
      plan.copy, plan.adopted = pipeline, true
      return
    end
  end
  if found[1] then
    plan.refusals[#plan.refusals + 1] = copy.name_is_taken(plan, found[1])
  end
end

local function settle_action(plan, body)
  if not plan.copy then
    plan.action = "create"
    return
  end
  plan.target.pipeline_id = plan.copy.pipeline_id
  plan.changes = json.array {}
  for i, change in ipairs(edit.changes(plan.copy, body)) do
    local name = change.path:match '%["(.-)"%]$' or change.path:match "[%w_-]+$"
    plan.changes[i] = { path = change.path, from = secrets.mask(name, change.from),
      to = secrets.mask(name, change.to) }
  end
  plan.action = #plan.changes > 0 and "update" or "unchanged"
end

-- ---- sources ----

local function plan_sources(plan, source, target, spec, session, options)
  local map = session.map
  plan.sources = sources.plan(source, target, spec, {
    path_map = function(path) return map:path(path) end, overwrite = options.overwrite,
    memo = session.memo })
  local covered = {}
  for _, item in ipairs(plan.sources.items) do
    if item.verdict == "copy" or item.verdict == "same" or item.verdict == "newer" then
      covered[item.target] = true
    end
  end
  for _, text in ipairs(plan.sources.warnings or {}) do
    warnings.add(plan, "%s", text)
  end
  function plan.sources_cover(path)
    path = path:gsub("^/Workspace/", "/"):gsub("/%*%*$", ""):gsub("/+$", "")
    if covered[path] or covered["/Workspace" .. path] then
      return true
    end
    for known in pairs(covered) do
      if known:gsub("^/Workspace/", "/"):sub(1, #path + 1) == path .. "/" then
        return true
      end
    end
    return false
  end
end

-- ---- steps ----

local function settle_steps(plan, options)
  local steps = json.array {}
  local function add(kind, what, request)
    steps[#steps + 1] = { kind = kind, what = what, request = request }
  end
  if plan.placeholder and plan.action == "create" and not plan.placeholder.exists then
    if not plan.placeholder.has_folder then
      add("workspace.mkdirs", plan.placeholder.folder, "POST /api/2.0/workspace/mkdirs")
    end
    add("workspace.import", plan.placeholder.path, "POST /api/2.0/workspace/import")
  end
  local to_copy = plan.sources and plan.sources.counts.copy or 0
  if to_copy > 0 then
    add("sources.copy", ("%d of %d objects"):format(to_copy, #plan.sources.items),
      "POST /api/2.0/workspace/import")
  end
  if plan.action == "create" then
    add("pipeline.create", plan.name, "POST /api/2.0/pipelines")
  elseif plan.action == "update" then
    add("pipeline.edit", ("%s (%d fields)"):format(plan.copy.pipeline_id, #plan.changes),
      "PUT /api/2.0/pipelines/" .. plan.copy.pipeline_id)
  end
  if plan.permissions and not permissions.is_settled(plan.permissions) then
    add("permissions.set", ("%d entries"):format(#plan.permissions.entries),
      ("PUT /api/2.0/permissions/pipelines/%s"):format(plan.target.pipeline_id or "{new}"))
  end
  plan.start = options.start and not plan.body.continuous
    and (plan.action ~= "unchanged" or #(plan.copy.latest_updates or {}) == 0)
  if plan.start then
    add("update.start", plan.name, ("POST /api/2.0/pipelines/%s/updates"):format(
      plan.target.pipeline_id or "{new}"))
  end
  if plan.action == "unchanged" and #steps > 0 then
    plan.action = "update"
  end
  plan.steps = steps
end

-- ---- plan ----

---@class tarn.ClonePlan
---@field source tarn.Side
---@field target tarn.Side      pipeline_id: of the copy, once it is known
---@field name string           of the copy
---@field same_workspace boolean
---@field spec table            the body of the create, run_as and parameters in it
---@field fields tarn.FieldRow[]
---@field action "create"|"update"|"unchanged"
---@field changes? table[]      what an update changes: { path, from, to }
---@field steps { kind: string, what: string, request: string }[]
---@field warnings string[]
---@field refusals tarn.Fault[] what stands in the way
---@field hooks? table[]        { point, file } of the user's hooks that were called
---@field effective? table      what the workspace would make of it

local OPTIONS <const> = { "pipeline", "name", "map", "catalog", "schema", "set", "drop",
  "path_map", "with_sources", "overwrite", "permissions", "production", "continuous",
  "placeholder", "start", "update", "session", "command" }

---@class tarn.CloneOptions : tarn.MapOptions
---@field pipeline string        id or name of the source
---@field name? string           of the copy; `*` is the source's name
---@field with_sources? boolean
---@field overwrite? boolean     sources that are newer at the target
---@field permissions? boolean
---@field production? boolean
---@field continuous? boolean
---@field placeholder? "auto"|"never"
---@field start? boolean
---@field update? boolean        a pipeline of that name is the copy, whoever made it
---@field session? tarn.CloneSession
---@field command? string        the command line, for what an admin must repeat

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

-- What of the source's settings says where it publishes: with it, lineage finds the way back.
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

local function together(...)
  pool.each({ ... }, function(job) job() end)
end

-- What the target has of what the copy needs, and who has the copy's name.
local function look_around(plan, source, target, session, options, pipeline, decided)
  if options.with_sources then
    plan_sources(plan, source, target, pipeline.spec or {}, session, options)
  end
  local found = {}
  together(function()
    if not plan.copy then
      found = copy.by_name(target, plan.name, session.names)
    end
  end, function()
    pool.each(decided.pending, function(item) targets.judge(item, plan, session, options) end)
  end, function()
    if plan.placeholder then
      placeholder.look(plan.placeholder, session.target)
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

--- Plan a clone. Asks both sides, and changes nothing.
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
  local found = look_around(plan, source, target, session, options, pipeline, decided)
  targets.settle_run_as(plan, body)
  targets.tell_run_as(plan, pipeline, body)
  body = hooks.map_spec(plan, body, source, target)
  settle_copy(plan, body, found, options)
  together(function() dryrun.ask(plan, target, body) end, function()
    if options.permissions then
      plan_permissions(plan, source, session)
    end
  end)
  if plan.name_taken and not plan.copy and #plan.refusals == 0 then
    -- taken since we looked, perhaps by another run of the same clone
    settle_copy(plan, body, copy.by_name(target, plan.name), options)
    if not plan.copy and #plan.refusals == 0 then
      plan.refusals[1] = copy.name_is_taken(plan)
    end
  end
  settle_action(plan, body)
  warnings.add_all(plan, specs.settings(pipeline), body)
  settle_steps(plan, options)
  plan.source_ws, plan.target_ws, plan.memo = source, target, session.memo
  hooks.before(plan, source, target)
  return plan
end

--- The commands that only an admin can run, with the copy's id where it is known.
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
