--- Move a pipeline from the Hive metastore to Unity Catalog, by the API's own clone.
--
--     local migrate = require "tarn.migrate"
--     local plan = migrate.plan(ws, { pipeline = "sales_orders_etl", catalog = "main" })
--     for _, limit in ipairs(plan.limits) do print(limit.stops, limit.message, limit.hint) end
--     if #migrate.obstacles(plan) == 0 then
--       print(migrate.apply(ws, plan, { command = "my-script" }).pipeline_id)
--     end
--
-- The workspace makes a second pipeline, and starts an update of it that takes over the data and
-- the checkpoints of the streaming tables. The first pipeline stays as it is.

local clone = require "tarn.clone"
local code = require "tarn.migrate.code"
local fault = require "base.fault"
local hooks = require "engine.hooks"
local limits = require "tarn.migrate.limits"
local pipelines = require "tarn.pipelines"
local secrets = require "base.secrets"
local spec = require "tarn.spec"
local stop = require "tarn.stop"
local strings = require "base.strings"
local wait = require "tarn.wait"

local M = {}

-- Fields that the request cannot set, or that the plan sets itself.
local NOT_BY_SET <const> = { run_as = true, parameters = true, dry_run = true, clone_mode = true,
  expected_last_modified = true, storage = true, id = true, catalog = true, schema = true,
  target = true, name = true }

---@class tarn.MigrateOptions
---@field pipeline string     id, name, or unique beginning of the name
---@field catalog string      of the new pipeline
---@field schema? string      default: that of the old one
---@field name? string        default: that of the old one with " [UC]" at its end
---@field set? string[]       PATH=VALUE: other settings of the new pipeline
---@field ignore_paths? boolean tables leave their own storage locations
---@field skip_code? boolean  the code is not read

---@class tarn.MigrationPlan
---@field source table        GetPipelineResponse
---@field name string         of the new pipeline
---@field place { from: string, to: string } the schemas, with their catalogs
---@field body table          of the request
---@field limits tarn.MigrationLimit[]

local function set_fields(body, list)
  for _, text in ipairs(list or {}) do
    local keys, value, path = spec.parse_setting(text, "tarn migrate")
    if NOT_BY_SET[keys[1]] then
      fault.usage("tarn migrate", ("--set cannot set %s"):format(path),
        "--catalog, --schema and --name are options; a migration cannot change other fields")
    end
    spec.set(body, keys, value)
  end
end

-- The request. The whole configuration is sent: it is right whether the workspace replaces the old
-- configuration or adds to it.
local function body_of(found, opts)
  local old = found.spec
  local body = { clone_mode = "MIGRATE_TO_UC", catalog = opts.catalog,
    target = opts.schema or strings.non_empty(old.target) or strings.non_empty(old.schema),
    name = opts.name or found.name .. " [UC]", expected_last_modified = found.last_modified }
  body.configuration = spec.copy(old.configuration)
  set_fields(body, opts.set)
  if opts.ignore_paths then
    body.configuration = body.configuration or {}
    body.configuration[limits.IGNORE_PATHS] = "true"
  end
  return body
end

local function place_text(catalog, schema)
  return catalog .. (schema and "." .. schema or "")
end

local function check_name(ws, plan)
  if #pipelines.ids_of(ws, plan.name) > 0 then
    table.insert(plan.limits, 1, { limit = "name", stops = true, places = {},
      message = ("the workspace already has a pipeline named '%s'"):format(plan.name),
      hint = "--name gives the new pipeline another name" })
  end
end

-- The code of a pipeline that cannot be moved for other reasons is read too, so that all is told at
-- once; that of a pipeline of Unity Catalog is not.
local function read_code(ws, found, opts)
  local hive = not strings.non_empty(found.spec.catalog)
    or found.spec.catalog:lower() == "hive_metastore"
  if opts.skip_code or not hive then
    return nil
  end
  return code.read(ws, found.spec)
end

--- Plan a move. Reads from the workspace and changes nothing.
---@param ws tarn.WorkspaceClient
---@param opts tarn.MigrateOptions
---@return tarn.MigrationPlan
function M.plan(ws, opts)
  local found = pipelines.find(ws, opts.pipeline)
  local body, old = body_of(found, opts), found.spec
  local probe = clone.session(ws, ws, {}).target
  local plan = { source = found, name = body.name, body = body, place = {
    from = place_text(strings.non_empty(old.catalog) or "hive_metastore",
      strings.non_empty(old.target) or strings.non_empty(old.schema)),
    to = place_text(body.catalog, body.target) } }
  plan.limits = limits.find(found, body, probe, read_code(ws, found, opts))
  check_name(ws, plan)
  return plan
end

--- What stops a move.
---@param plan tarn.MigrationPlan
---@return tarn.MigrationLimit[]
function M.obstacles(plan)
  local list = {}
  for _, limit in ipairs(plan.limits) do
    list[#list + 1] = limit.stops and limit or nil
  end
  return list
end

--- Raise a fault of kind `conflict` if something stops the move.
---@param plan tarn.MigrationPlan
---@param op string the command, for the fault
function M.check(plan, op)
  local list = M.obstacles(plan)
  local first, more = list[1], #list - 1
  if not first then
    return
  end
  local at = first.places[1]
  fault.raise { kind = "conflict", op = op, message = first.message
      .. (at and (" (%s%s)"):format(at.path, at.line and ":" .. at.line or "") or "")
      .. (more > 0 and ("; %d more obstacle%s"):format(more, more > 1 and "s" or "") or ""),
    hint = (first.hint and first.hint .. "; " or "") .. "--dry-run shows all there is to know" }
end

--- Call the hooks `before_create`, which may refuse. `apply` does that itself; this function is for
-- a dry run.
---@param ws tarn.WorkspaceClient
---@param plan tarn.MigrationPlan
---@param op string
function M.ask_hooks(ws, plan, op)
  local settings = spec.copy(plan.source.spec)
  settings.id, settings.storage = nil, nil
  for name, value in pairs(M.settings(plan)) do
    settings[name] = spec.copy(value)
  end
  hooks.call("before_create", { name = plan.name, spec = settings }, { op = op, workspace = ws })
end

--- The settings that the request gives to the new pipeline.
---@param plan tarn.MigrationPlan
---@return table
function M.settings(plan)
  local settings = spec.copy(plan.body)
  settings.clone_mode, settings.expected_last_modified = nil, nil
  return settings
end

-- The update that the workspace has started; nil if it cannot be told yet.
local function find_update(ws, id)
  local found
  fault.try(wait.until_pipeline, ws, id, function(pipeline)
    found = (pipeline.latest_updates or {})[1]
    return found ~= nil
  end, { timeout = 10 })
  return found and found.update_id
end

--- Do what the plan says, as an operation of the journal.
---@param ws tarn.WorkspaceClient
---@param plan tarn.MigrationPlan
---@param opts { command: string, arg?: table } for the journal
---@return { pipeline_id: string, update_id?: string, operation: string }
function M.apply(ws, plan, opts)
  local op_name, id = "tarn " .. opts.command, plan.source.pipeline_id
  M.check(plan, op_name)
  M.ask_hooks(ws, plan, op_name)
  local target = stop.side(ws, plan.source)
  target.pipeline_id, target.name = nil, plan.name
  local op <close> = require("tarn.journal").begin { command = opts.command, arg = opts.arg,
    source = stop.side(ws, plan.source), target = target }
  local made = op:perform({ kind = "pipeline.create",
    request = ("POST /api/2.0/pipelines/%s/clone"):format(id),
    what = { name = plan.name, spec = secrets.masked(M.settings(plan)) } }, pipelines.migrate, ws,
    id, plan.body)
  local update_id = find_update(ws, made.pipeline_id)
  op:finish("done", { pipeline_id = made.pipeline_id, name = plan.name, update_id = update_id })
  return { pipeline_id = made.pipeline_id, update_id = update_id, operation = op.id }
end

-- Parts that other subjects use.
return require("base.lazy").fields(M, { show = "tarn.migrate.show:report" })
