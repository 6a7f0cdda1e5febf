--- Deleting a pipeline so that it can be made again: what it was is written down first.

local fault = require "base.fault"
local hooks = require "engine.hooks"
local json = require "native.json"
local task = require "native.task"

local M = {}

-- Seconds to wait, together, for a pipeline to be gone: the server may take its time.
local PAUSES <const> = { 0, 0.5, 1, 2, 4, 8, 15 }

--- True if the pipeline's tables can be deleted with it, or kept: those in Unity Catalog. In
-- the Hive metastore they always stay, and the server refuses to be asked.
---@param found table the answer of GET
---@return boolean
function M.has_choice(found)
  local catalog = found.spec and found.spec.catalog
  return type(catalog) == "string" and catalog ~= ""
end

--- What `permissions` are, or nil if they may not be read.
---@param ws tarn.WorkspaceClient
---@param id string
---@return table?
function M.find_permissions(ws, id)
  local ok, answer = fault.call(ws.request, ws, "GET", "/api/2.0/permissions/pipelines/" .. id)
  if ok then
    return answer
  elseif answer.kind == "cancelled" or answer.kind == "bug" then
    error(answer, 0)
  end
end

-- One that says DELETED still has its name.
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

-- Whether the tables go too; nil where there is no choice.
local function cascade_of(found, tables)
  if M.has_choice(found) then
    return tables or false
  end
end

--- Let the user's hooks refuse a deletion. `pipeline` asks them itself; this is for a dry run.
---@param ws tarn.WorkspaceClient
---@param found table the answer of GET
---@param tables? boolean
function M.ask_hooks(ws, found, tables)
  hooks.call("before_delete", { pipeline_id = found.pipeline_id, name = found.name,
    tables = cascade_of(found, tables), spec = require("tarn.spec").copy(found.spec or {}) },
    { op = "tarn delete", workspace = ws })
end

--- Delete a pipeline as a step of `op`. Returns "deleted", or "deleting" if it is still seen.
---@param ws tarn.WorkspaceClient
---@param op tarn.Operation
---@param found table the answer of GET
---@param opts { tables?: boolean, force?: boolean, undoes?: table }
---@return "deleted"|"deleting"
function M.pipeline(ws, op, found, opts)
  local id, cascade = found.pipeline_id, cascade_of(found, opts.tables)
  M.ask_hooks(ws, found, opts.tables)
  local before = {}
  for key, value in pairs(found) do
    before[key] = value
  end
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
