--- Delete a pipeline, and keep in the journal what `tarn undo` needs.
--
--     local delete, journal = require "tarn.delete", require "tarn.journal"
--     local found = require("tarn.pipelines").find(ws, "sales_orders_etl")
--     local op <close> = journal.begin { command = "delete", target = { host = ws:host() } }
--     print(delete.pipeline(ws, op, found, {}))

local collections = require "base.collections"
local fault = require "base.fault"
local hooks = require "engine.hooks"
local json = require "native.json"
local permissions = require "tarn.permissions"
local task = require "native.task"

local M = {}

-- Pauses in seconds between the checks whether a deleted pipeline is gone.
local PAUSES <const> = { 0, 0.5, 1, 2, 4, 8, 15 }

--- True if the caller can choose whether the pipeline's tables are deleted with it: if they are in
-- Unity Catalog. Tables in the Hive metastore always stay, and the API refuses the option.
---@param found table GetPipelineResponse
---@return boolean
function M.has_choice(found)
  local catalog = found.spec and found.spec.catalog
  return type(catalog) == "string" and catalog ~= ""
end

--- The permissions of a pipeline, or nil if they cannot be read.
---@param ws tarn.WorkspaceClient
---@param id string
---@return table?
function M.find_permissions(ws, id)
  local ok, answer = fault.call(ws.request, ws, "GET", permissions.path(id))
  if ok then
    return answer
  elseif answer.kind == "cancelled" or answer.kind == "bug" then
    error(answer, 0)
  end
end

-- A pipeline in state DELETED is not gone yet: it still holds its name.
local function is_gone(ws, id)
  local _, e = fault.try(ws.native.pipeline_get, ws.native, id)
  if e and e.status ~= 404 then
    fault.raise(e)
  end
  return e ~= nil
end

local function wait_until_gone(ws, id)
  for _, pause in ipairs(PAUSES) do
    task.sleep(pause)
    if is_gone(ws, id) then
      return true
    end
  end
  return false
end

-- Whether the tables are deleted too; nil if there is no choice.
local function cascade_of(found, tables)
  if M.has_choice(found) then
    return tables or false
  end
end

--- Call the hooks `before_delete`, which may refuse a deletion. `pipeline` calls them itself; this
-- function is for a dry run.
---@param ws tarn.WorkspaceClient
---@param found table GetPipelineResponse
---@param tables? boolean delete the tables too
function M.ask_hooks(ws, found, tables)
  hooks.call("before_delete", { pipeline_id = found.pipeline_id, name = found.name,
    tables = cascade_of(found, tables), spec = require("tarn.spec").copy(found.spec or {}) },
    { op = "tarn delete", workspace = ws })
end

--- Delete a pipeline as a step of `op`. Returns "deleting" if the pipeline is not gone after half a
-- minute.
---@param ws tarn.WorkspaceClient
---@param op tarn.Operation
---@param found table GetPipelineResponse
---@param opts { tables?: boolean, force?: boolean, undoes?: table } `tables`: delete them too;
--- `undoes`: the step that this deletion undoes
---@return "deleted"|"deleting"
function M.pipeline(ws, op, found, opts)
  local id, cascade = found.pipeline_id, cascade_of(found, opts.tables)
  M.ask_hooks(ws, found, opts.tables)
  local before = collections.copy(found)
  before.permissions = M.find_permissions(ws, id)
  local step = op:step {
    kind = "pipeline.delete", request = "DELETE /api/2.0/pipelines/" .. id, before = before,
    what = { pipeline_id = id, name = found.name, undoes = opts.undoes,
      cascade = cascade == nil and json.null or cascade },
  }
  local _, e = fault.try(ws.native.pipeline_delete, ws.native, id,
    { cascade = cascade, force = opts.force or nil })
  if e and e.status ~= 404 then
    step:failed(e)
    fault.raise(e)
  end
  step:done { pipeline_id = id }
  return wait_until_gone(ws, id) and "deleted" or "deleting"
end

return M
