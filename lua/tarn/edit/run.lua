--- Change a pipeline's settings for a command: hooks, warnings, dry run, journal, report.

local edit = require "tarn.edit"
local export = require "tarn.export"
local fault = require "base.fault"
local hooks = require "engine.hooks"
local json = require "native.json"
local pipelines = require "tarn.pipelines"
local secrets = require "base.secrets"
local spec = require "tarn.spec"

local M = {}

--- The changes for output: secrets are masked.
---@param changes { path: string, from: any, to: any }[]
---@return { path: string, from: any, to: any }[]
function M.shown(changes)
  local list = json.array {}
  for i, change in ipairs(changes) do
    list[i] = { path = change.path, from = secrets.mask_at(change.path, change.from),
      to = secrets.mask_at(change.path, change.to) }
  end
  return list
end

local function find_change(changes, path)
  for _, change in ipairs(changes) do
    if change.path == path then
      return change
    end
  end
end

--- What a user should know of an edit before it is sent.
---@param found table GetPipelineResponse
---@param body table the new settings
---@param changes { path: string }[]
---@return string[]
function M.warnings(found, body, changes)
  local list, old = json.array {}, found.spec or {}
  if type(old.deployment) == "table" and old.deployment.kind == "BUNDLE" then
    list[#list + 1] = "a bundle manages this pipeline: its next deployment sets its own values"
  end
  if body.continuous == true then
    list[#list + 1] = old.continuous == true
      and "the pipeline is continuous: its update starts again with the new settings"
      or "a continuous pipeline starts as soon as the settings are sent"
  end
  for _, field in ipairs(export.unknown_fields(body)) do
    if find_change(changes, field.path) then
      list[#list + 1] = ("pipelines have no field %s%s: it is sent as it is"):format(field.path,
        field.hint and (" (%s)"):format(field.hint) or "")
    end
  end
  return list
end

local function refuse(op, message, hint)
  fault.raise { kind = "conflict", op = op, message = message, hint = hint }
end

--- Refuse what the workspace would refuse, or would silently not do.
---@param op string the command, for faults
---@param found table GetPipelineResponse
---@param body table the new settings
function M.check(op, found, body)
  local old = found.spec or {}
  if old.pipeline_type == "DBSQL" then
    refuse(op, ("'%s' belongs to a materialized view or streaming table of Databricks SQL"):format(
      found.name), "its settings are changed by SQL: ALTER ...")
  elseif found.run_as and body.run_as == nil then
    refuse(op, "run_as can be changed, and not removed")
  elseif type(body.name) ~= "string" or body.name == "" then
    fault.usage(op, "a pipeline needs a name")
  elseif old.storage and body.storage ~= old.storage or old.catalog and not body.catalog then
    refuse(op, "a pipeline cannot change its storage, or move to or from the Hive metastore",
      "`tarn clone` makes a pipeline with other settings")
  end
end

-- Let the workspace check the settings as those of a new pipeline, which it does not make.
local function try(ws, op, found, body)
  if body.name ~= found.name and #pipelines.ids_of(ws, body.name) > 0 then
    refuse(op, ("%s already has a pipeline named '%s'"):format(ws:host(), body.name))
  end
  local sent = spec.copy(body)
  sent.id, sent.deployment, sent.pipeline_type, sent.data_sampling = nil, nil, nil, nil
  sent.allow_duplicate_names = true
  return pipelines.dry_run(ws, sent, op)
end

---@class tarn.EditReport
---@field pipeline_id string
---@field name string
---@field status "changed"|"unchanged"|"would be changed"
---@field changes { path: string, from: any, to: any }[]
---@field operation? string
---@field dry_run? boolean
---@field effective_settings? table

--- Send the new settings, or try them. Without a change nothing is sent.
---@param ws tarn.WorkspaceClient
---@param found table GetPipelineResponse
---@param body table the new settings
---@param opts { command: string, arg?: table, dry_run?: boolean, warn: fun(text: string) }
---@return tarn.EditReport
function M.run(ws, found, body, opts)
  local op_name, changes = "tarn " .. opts.command, edit.changes(found, body)
  local report = { pipeline_id = found.pipeline_id, name = body.name or found.name,
    status = "unchanged", changes = M.shown(changes), dry_run = opts.dry_run or nil }
  M.check(op_name, found, body)
  if #changes == 0 then
    return report
  end
  for _, text in ipairs(M.warnings(found, body, changes)) do
    opts.warn(text)
  end
  hooks.call("before_edit", { pipeline_id = found.pipeline_id, name = found.name,
    spec = spec.copy(body), changes = spec.copy(changes) }, { op = op_name, workspace = ws })
  if opts.dry_run then
    report.status = "would be changed"
    report.effective_settings = secrets.masked(try(ws, op_name, found, body))
    return report
  end
  local info = ws.native:info()
  local op <close> = require("tarn.journal").begin { command = opts.command, arg = opts.arg,
    target = { host = info.host, org_id = info.org_id, profile = ws.profile,
      pipeline_id = found.pipeline_id, name = found.name } }
  edit.send(ws, op, found, body)
  report.status, report.operation = "changed", op.id
  op:finish("done", { pipeline_id = found.pipeline_id, changes = report.changes })
  return report
end

return M
