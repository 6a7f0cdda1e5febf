--- Create a pipeline from a spec.
--
--     local create = require "tarn.create"
--     local item = create.item({ name = "orders", catalog = "sales", schema = "orders_test",
--       libraries = { { notebook = { path = "/Shared/orders" } } } }, "my script")
--     local plan = create.plan(ws, item, { name = "orders_test", op = "my-script" })
--     for _, text in ipairs(plan.warnings) do print(text) end
--     print(create.apply(ws, plan, { command = "my-script" }).pipeline_id)
--
-- `plan` reads the workspace and changes nothing; `tarn.pipelines.dry_run` lets the workspace check
-- the settings.

local export = require "tarn.export"
local fault = require "base.fault"
local hooks = require "engine.hooks"
local json = require "native.json"
local pipelines = require "tarn.pipelines"
local secrets = require "base.secrets"
local spec = require "tarn.spec"

local M = {}

-- Fields of the spec that a new pipeline cannot have, with the reason.
local DROPPED <const> = {
  { "id", "the new pipeline gets its own" },
  { "deployment", "the bundle of the exported pipeline does not manage the new one" },
  { "dry_run", "--dry-run is an option of the command" },
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

local function set_all(body, list, op, note)
  for _, text in ipairs(list or {}) do
    local keys, value, path = spec.parse_setting(text, op)
    local before = spec.find(body, keys)
    spec.set(body, keys, value)
    note { path = spec.path(keys), verdict = "set", from = secrets.mask(keys[#keys], before),
      to = secrets.mask(keys[#keys], value), reason = "--set " .. path }
  end
end

local function is_taken(ws, name)
  return #pipelines.ids_of(ws, name) > 0
end

local function warn_of_unknown(body, warnings)
  for _, field in ipairs(export.unknown_fields(body)) do
    warnings[#warnings + 1] = ("pipelines have no field %s%s: it is sent as it is"):format(
      field.path, field.hint and (" (%s)"):format(field.hint) or "")
  end
end

local function check_complete(op, body, from)
  if type(body.name) ~= "string" or body.name == "" then
    fault.usage(op, "the spec has no name", "--name gives the new pipeline a name")
  end
  local obstacle = export.find_obstacle(body)
  if obstacle then
    fault.raise { kind = "conflict", op = op,
      message = ("'%s' cannot be created from %s: %s"):format(body.name, from, obstacle) }
  end
end

---@class tarn.CreatePlan
---@field name string
---@field body table      the settings of the new pipeline
---@field fields { path: string, verdict: "set"|"dropped", from?: any, to?: any, reason: string }[]
---@field warnings string[]
---@field name_taken boolean

---@class tarn.CreateOptions
---@field op string           the command, for faults
---@field name? string
---@field set? string[]       PATH=VALUE
---@field continuous? boolean false: a continuous pipeline becomes a triggered one
---@field run_as? boolean     false: without the setting
---@field from? string        what has the settings, for messages; default "this spec"

--- Plan a create. Reads from the workspace and changes nothing.
---@param ws tarn.WorkspaceClient
---@param item { name?: string, spec: table, run_as?: table, parameters?: table } see `read`
---@param opts tarn.CreateOptions
---@return tarn.CreatePlan
function M.plan(ws, item, opts)
  local plan = { fields = json.array {}, warnings = json.array {} }
  local function note(entry)
    plan.fields[#plan.fields + 1] = entry
  end
  local body = spec.copy(item.spec)
  body.run_as, body.parameters = item.run_as, item.parameters
  drop_outputs(body, note)
  if opts.name or item.name then
    set(body, "name", opts.name or item.name, "--name", note)
  end
  set_all(body, opts.set, opts.op, note)
  if body.continuous == true and opts.continuous == false then
    set(body, "continuous", false, "--no-continuous", note)
  elseif body.continuous == true then
    plan.warnings[1] = "the pipeline is continuous: it starts as soon as it is created "
      .. "(--no-continuous makes it triggered)"
  end
  if body.run_as and opts.run_as == false then
    note { path = "run_as", verdict = "dropped", from = body.run_as, reason = "--no-run-as" }
    body.run_as = nil
  end
  check_complete(opts.op, body, opts.from or "this spec")
  warn_of_unknown(body, plan.warnings)
  plan.name, plan.body = body.name, body
  plan.name_taken = not body.allow_duplicate_names and is_taken(ws, body.name)
  return plan
end

--- Raise a fault of kind `conflict` if another pipeline has the name.
---@param ws tarn.WorkspaceClient
---@param plan tarn.CreatePlan
---@param op string the command, for the fault
function M.check_name(ws, plan, op)
  if plan.name_taken then
    fault.raise { kind = "conflict", op = op, code = "RESOURCE_ALREADY_EXISTS",
      message = ("%s already has a pipeline named '%s'"):format(ws:host(), plan.name),
      hint = "--name gives the new pipeline another name" }
  end
end

--- Call the hooks `before_create`, which may refuse. `apply` does that itself; this function is for
-- a dry run.
---@param ws tarn.WorkspaceClient
---@param plan tarn.CreatePlan
---@param op string
function M.ask_hooks(ws, plan, op)
  hooks.call("before_create", { name = plan.name, spec = spec.copy(plan.body) },
    { op = op, workspace = ws })
end

--- Create the pipeline as a step of an operation.
---@param ws tarn.WorkspaceClient
---@param plan tarn.CreatePlan
---@param op tarn.Operation
---@return string pipeline_id
function M.send(ws, plan, op)
  return op:perform({ kind = "pipeline.create", request = "POST /api/2.0/pipelines",
    what = { name = plan.name, spec = secrets.masked(plan.body) } }, pipelines.create, ws,
    plan.body).pipeline_id
end

--- Create the pipeline, as an operation of the journal.
---@param ws tarn.WorkspaceClient
---@param plan tarn.CreatePlan
---@param opts { command: string, arg?: table } for the journal
---@return { pipeline_id: string, operation: string }
function M.apply(ws, plan, opts)
  local op_name = "tarn " .. opts.command
  M.check_name(ws, plan, op_name)
  M.ask_hooks(ws, plan, op_name)
  local journal, info = require "tarn.journal", ws.native:info()
  local op <close> = journal.begin { command = opts.command, arg = opts.arg,
    target = { host = info.host, org_id = info.org_id, profile = ws.profile, name = plan.name } }
  local id = M.send(ws, plan, op)
  op:finish("done", { pipeline_id = id, name = plan.name })
  return { pipeline_id = id, operation = op.id }
end

-- Parts that other subjects use.
return require("base.lazy").fields(M, {
  read = "tarn.create.file:read",
  item = "tarn.create.file:item",
})
