--- Clone a pipeline, within a workspace or into another: first a plan, then what it says.
--
--     local plan = clone.plan(source, target, { pipeline = "sales", name = "sales_dr" })
--     local report = clone.apply(plan, journal.begin { command = "clone" })
--
-- A plan is data. It has asked both sides; making one changes nothing.

local args = require "tarn.args"
local copies = require "tarn.clone.copy"
local fault = require "tarn.fault"
local fields = require "tarn.fields"
local json = require "native.json"
local mapping = require "tarn.mapping"
local permissions = require "tarn.permissions"
local pipelines = require "tarn.pipelines"
local placeholder = require "tarn.clone.placeholder"
local pool = require "tarn.pool"
local probes = require "tarn.probe"
local secrets = require "tarn.secrets"
local sources = require "tarn.sources"
local verdicts = require "tarn.clone.verdicts"

local M = {}

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
  local source_probe = probes.new(source)
  return { map = mapping.new(options), source = source_probe, memo = sources.new_memo(),
    target = target == source and source_probe or probes.new(target) }
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

-- ---- asking the target ----

local NOUNS <const> = { node_type = "node type", instance_profile = "instance profile",
  budget_policy = "budget policy", event_log = "event log", service_account = "service account",
  connection_id = "connection", serverless_compute = "serverless compute", secret = "secret",
  path = "file, notebook or folder" }

local function noun(kind)
  return NOUNS[kind] or kind
end

local UNKNOWABLE <const> = {
  address = "the same people get the copy's mails", zone = "zones differ between regions",
  location = "whether the copy may read and write there cannot be asked",
  event_log = false, -- a table of that name is made by the copy's first update
}

local function needs_attention(row, reason, kind, value)
  row.verdict, row.reason = "attention", reason
  row.rule = row.rule and ("%s; %s"):format(row.rule, mapping.hint(kind, value))
    or mapping.hint(kind, value)
end

local function judge(item, plan, session, options)
  local row, kind = item.row, item.kind
  if plan.same_workspace and not item.mapped then
    return
  elseif kind == "path" and options.with_sources and plan.sources_cover(item.value) then
    row.reason = "--with-sources copies it"
    return
  end
  local answer, detail = session.target:has(kind, item.value, { catalog = item.catalog,
    principal = kind == "principal" and item.keys[#item.keys] or nil })
  if answer == "yes" then
    row.reason = "it is there"
  elseif answer == "no" and kind == "schema" then
    row.reason = "it is not there yet: the first update makes it, if it may"
  elseif answer == "no" then
    needs_attention(row, ("there is no %s '%s' there"):format(noun(kind),
      kind == "secret" and detail or item.value), kind, item.value)
  elseif not item.mapped and UNKNOWABLE[kind] ~= false and kind ~= "schema" then
    needs_attention(row, UNKNOWABLE[kind] or ("whether this %s is there could not be asked")
      :format(noun(kind)), kind, item.value)
  end
end

-- A user who may not let others' identities be used gets a copy that runs as themselves.
local function settle_run_as(plan, body)
  local run_as = body.run_as
  if not run_as then
    return
  end
  local name = run_as.user_name or run_as.service_principal_name
  local me = plan.target.user
  for _, row in ipairs(plan.fields) do
    if row.path:find "^run_as%." then
      local absent = row.verdict == "attention" and row.reason:find "^there is no"
      local denied = run_as.user_name and name ~= me and not plan.target.is_admin
      if denied and not absent then
        row.verdict, row.reason = "attention",
          ("only an admin may let it run as %s: it runs as %s"):format(name, me)
        row.rule = "--map: principals, or an admin runs the same command"
        plan.admin[#plan.admin + 1] = { why = ("let the copy run as %s"):format(name),
          command = plan.command .. " --update" }
      end
      if absent or denied then
        row.to, body.run_as = nil, nil
      end
    end
  end
end

local function tell_run_as(plan, pipeline, body)
  if body.run_as == nil then
    local row = { path = "run_as_user_name", from = pipeline.run_as_user_name,
      to = plan.target.user, verdict = "kept" }
    if row.from ~= row.to then
      row.verdict, row.reason = "set", "a copy runs as the one who creates it, unless run_as is set"
      row.rule = "--set run_as.user_name=NAME"
    end
    plan.fields[#plan.fields + 1] = row
  end
end

-- ---- warnings ----

local function warn(plan, text, ...)
  plan.warnings[#plan.warnings + 1] = text:format(...)
end

local function publishes_to(body)
  return (body.catalog or "hive_metastore"):lower(), body.schema or body.target
end

local function warn_of_tables(plan, original, body)
  local old_catalog, old_schema = publishes_to(original)
  local catalog, schema = publishes_to(body)
  local shared = plan.same_workspace or catalog ~= "hive_metastore" and plan.same_metastore ~= false
  if shared and schema and catalog == old_catalog and schema == old_schema then
    warn(plan, "source and copy would both own the tables of %s.%s: %sthe copy's first update "
      .. "fails unless --catalog or --schema is changed", catalog, schema,
      plan.same_metastore == nil and "if both workspaces share a metastore, " or "")
  end
  if body.storage and plan.same_workspace and body.storage == original.storage then
    warn(plan, "source and copy would share the storage %s: --drop storage gives the copy its own",
      body.storage)
  end
end

local function warn_of_secrets(plan, body)
  fields.each(body, function(keys, value)
    local name = keys[#keys]
    if type(name) == "number" then
      name = keys[#keys - 1]
    end
    if secrets.is_secret(name, value) then
      warn(plan, "%s looks like a secret in plain text: it is copied as it is; a reference "
        .. "{{secrets/SCOPE/KEY}} is safer", fields.path(keys))
    end
  end)
end

local function warn_of_kind(plan, spec)
  if type(spec.deployment) == "table" then
    warn(plan, "a bundle manages the source: what it deploys next does not reach the copy")
  end
  if spec.gateway_definition then
    warn(plan, "the copy of an ingestion gateway reads from the same database: mind its load")
  end
end

-- ---- the server's own dry run ----

local function as_server_sees(plan, body)
  local sent = fields.copy(body)
  sent.dry_run = true
  if plan.copy then
    sent.allow_duplicate_names = true -- the name is the copy's own
  end
  return sent
end

local function compare_effective(plan, body, effective)
  local list = json.array {}
  fields.each(body, function(keys, value)
    local theirs = fields.find(effective, keys)
    local beside = keys[1] == "run_as" or keys[1] == "parameters"
    local same = theirs ~= nil and fields.is_leaf(theirs)
      and json.encode(theirs):lower() == json.encode(value):lower()
    if not same and not beside and keys[#keys] ~= "apply_policy_default_values"
      and value ~= json.null then
      local name = keys[#keys]
      list[#list + 1] = { path = fields.path(keys), ours = secrets.mask(name, value),
        theirs = secrets.mask(name, fields.is_leaf(theirs) and theirs or nil) }
    end
  end)
  plan.effective_differences = list
  for _, difference in ipairs(list) do
    warn(plan, "the workspace would make %s of %s, not %s", json.encode(difference.theirs
      or json.null), difference.path, json.encode(difference.ours))
  end
end

local function ask_server(plan, target, body)
  local answer, e = fault.try(target.request, target, "POST", "/api/2.0/pipelines",
    { body = as_server_sees(plan, body), idempotent = true })
  if answer and answer.pipeline_id and not answer.effective_settings then
    fault.raise { kind = "http", op = OP, code = "DRY_RUN_IGNORED",
      message = ("the workspace took a dry run for a create, and made pipeline %s")
        :format(answer.pipeline_id),
      hint = "delete it; the workspace is too old for `tarn clone`" }
  elseif answer then
    plan.effective = secrets.masked(answer.effective_settings)
    compare_effective(plan, body, answer.effective_settings)
  elseif e.kind == "cancelled" then
    fault.raise(e)
  elseif e.code == "RESOURCE_CONFLICT" then
    plan.name_taken = true
  else
    plan.refusals[#plan.refusals + 1] = e
  end
end

-- ---- the copy that is there already ----

local function name_is_taken(plan, pipeline)
  return fault.new { kind = "conflict", op = OP, code = "RESOURCE_CONFLICT",
    message = ("'%s' already has a pipeline named '%s'%s"):format(
      plan.target.profile or plan.target.host, plan.name,
      pipeline and (" (%s)"):format(pipeline.pipeline_id) or ""),
    hint = "--name gives the copy another name; --update says that it is the copy" }
end

-- True if an earlier run of ours was cut off while it made a copy of that name.
local function was_attempted(plan, pipeline)
  return pipeline.creator_user_name == plan.target.user and copies.was_attempted {
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
    if not is_source and (options.update or #copies.changes(pipeline, body) == 0
      or was_attempted(plan, pipeline)) then
      plan.copy, plan.adopted = pipeline, true
      return
    end
  end
  if found[1] then
    plan.refusals[#plan.refusals + 1] = name_is_taken(plan, found[1])
  end
end

local function settle_action(plan, body)
  if not plan.copy then
    plan.action = "create"
    return
  end
  plan.target.pipeline_id = plan.copy.pipeline_id
  plan.changes = json.array {}
  for i, change in ipairs(copies.changes(plan.copy, body)) do
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
    warn(plan, "%s", text)
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

local function changed_sources(plan)
  local n = 0
  for _, item in ipairs(plan.sources and plan.sources.items or {}) do
    n = n + (item.verdict == "copy" and 1 or 0)
  end
  return n
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
  if changed_sources(plan) > 0 then
    add("sources.copy", ("%d of %d objects"):format(changed_sources(plan), #plan.sources.items),
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

local function new_plan(pipeline, here, there, options)
  local same = here.org_id == there.org_id
  local plan = {
    same_workspace = same, name = M.name(options.name, pipeline.name or "", same),
    source = side(here, pipeline.pipeline_id, pipeline.name), warnings = json.array {},
    admin = json.array {}, refusals = {}, command = options.command or "tarn clone",
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
      found = copies.by_name(target, plan.name, session.names)
    end
  end, function()
    pool.each(decided.pending, function(item) judge(item, plan, session, options) end)
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
    warn(plan, "the permissions of the source cannot be read, and are not copied: %s",
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
  args.check(options, OPTIONS)
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
  plan.fields, plan.body, plan.suggestions = json.array(decided.rows), body, decided.suggestions
  plan.placeholder = placeholder.plan(plan, body, options.placeholder or "auto")
  plan.copy = copies.find_known(target, { source = plan.source,
    target_org_id = plan.target.org_id, name = plan.name })
  local found = look_around(plan, source, target, session, options, pipeline, decided)
  settle_run_as(plan, body)
  tell_run_as(plan, pipeline, body)
  settle_copy(plan, body, found, options)
  together(function() ask_server(plan, target, body) end, function()
    if options.permissions then
      plan_permissions(plan, source, session)
    end
  end)
  if plan.name_taken and not plan.copy and #plan.refusals == 0 then
    plan.refusals[1] = name_is_taken(plan)
  end
  settle_action(plan, body)
  warn_of_tables(plan, verdicts.settings(pipeline), body)
  warn_of_secrets(plan, body)
  warn_of_kind(plan, pipeline.spec or {})
  settle_steps(plan, options)
  plan.source_ws, plan.target_ws, plan.memo = source, target, session.memo
  return plan
end

-- ---- apply ----

local function edit(plan, op)
  local ws, id, before = plan.target_ws, plan.copy.pipeline_id, plan.copy
  local body = copies.edit_body(before, plan.body)
  local function send()
    local _, e = fault.try(ws.native.pipeline_edit, ws.native, id, body)
    if not e then
      return { pipeline_id = id }
    end
    -- An edit whose answer was lost is sent again by the client, and may meet itself.
    if e.status == 409 or e.ambiguous then
      local now = ws.native:pipeline_get(id)
      if #copies.changes(now, plan.body) == 0 then
        return { pipeline_id = id, last_modified = now.last_modified, resolved = true }
      end
    end
    fault.raise(e)
  end
  return op:perform({
    kind = "pipeline.edit", request = "PUT /api/2.0/pipelines/" .. id,
    what = { pipeline_id = id, name = plan.name, spec = secrets.masked(plan.body) },
    before = { spec = before.spec, run_as = before.run_as, parameters = before.parameters,
      last_modified = before.last_modified },
  }, send)
end

local function create(plan, op)
  return op:perform({
    kind = "pipeline.create", request = "POST /api/2.0/pipelines",
    what = { name = plan.name, spec = secrets.masked(plan.body) },
  }, pipelines.create, plan.target_ws, plan.body)
end

-- A name that was free a moment ago may have been taken by another run of the same clone.
local function create_or_find(plan, op)
  local made, e = fault.try(create, plan, op)
  if made then
    return made.pipeline_id, "created"
  elseif e.code == "RESOURCE_CONFLICT" or e.code == "RESOURCE_ALREADY_EXISTS" then
    for _, pipeline in ipairs(copies.by_name(plan.target_ws, plan.name)) do
      if #copies.changes(pipeline, plan.body) == 0 then
        op:target { pipeline_id = pipeline.pipeline_id }
        return pipeline.pipeline_id, "unchanged"
      end
    end
    local taken = name_is_taken(plan)
    taken.cause = e
    fault.raise(taken)
  end
  fault.raise(e)
end

local function settle_pipeline(plan, op)
  if plan.action == "create" then
    return create_or_find(plan, op)
  elseif #plan.changes > 0 then
    edit(plan, op)
    return plan.copy.pipeline_id, "updated"
  end
  return plan.copy.pipeline_id, plan.action == "update" and "updated" or "unchanged"
end

local function copy_sources(plan, op, options)
  if plan.sources and changed_sources(plan) > 0 then
    return sources.copy(plan.source_ws, plan.target_ws, plan.sources, op,
      { progress = options.progress, memo = plan.memo })
  end
end

local function start(plan, id, op)
  return op:perform({
    kind = "update.start", request = ("POST /api/2.0/pipelines/%s/updates"):format(id),
    what = { pipeline_id = id },
  }, pipelines.start, plan.target_ws, id).update_id
end

--- True if there is nothing to do, and nothing to write down: of a copy that the journal does
-- not know yet, `apply` tells it.
---@param plan tarn.ClonePlan
---@return boolean
function M.is_over(plan)
  return #plan.steps == 0 and not plan.adopted
end

--- Raise what stands in the way of a plan, if something does.
---@param plan tarn.ClonePlan
function M.check(plan)
  local refusal = plan.refusals[1]
  if refusal then
    fault.raise(refusal)
  end
end

--- Do what a plan says, writing each step down in the journal.
---@param plan tarn.ClonePlan
---@param op tarn.Operation
---@param options? { progress?: function }
---@return table report { pipeline_id, status = "created"|"updated"|"unchanged", update_id?,
--- sources?, problems = faults of what came after the copy itself }
function M.apply(plan, op, options)
  M.check(plan)
  op:target(plan.target)
  local made = plan.placeholder and plan.action == "create"
    and placeholder.make(plan.placeholder, plan.target_ws, op)
  local results = table.pack(fault.call(function()
    local copied = copy_sources(plan, op, options or {})
    local id, status = settle_pipeline(plan, op)
    return id, status, copied
  end))
  if not results[1] then
    if made then
      placeholder.remove(plan.placeholder, plan.target_ws, op)
    end
    error(results[2], 0)
  end
  local id, status, copied = table.unpack(results, 2, 4)
  local report = { pipeline_id = id, status = status, sources = copied, problems = {} }
  plan.target.pipeline_id = id
  -- The copy is there: what fails from here on is told, and does not hide that.
  local function go_on(f, ...)
    local value, e = fault.try(f, ...)
    if e and e.kind == "cancelled" then
      fault.raise(e)
    end
    report.problems[#report.problems + 1] = e
    return value
  end
  if plan.permissions and not permissions.is_settled(plan.permissions) then
    go_on(permissions.apply, plan.target_ws, id, plan.permissions, op)
  end
  if plan.start then
    report.update_id = go_on(start, plan, id, op)
  end
  return report
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
