--- Find the existing copy of a pipeline in the target, by the journal and by name.

local fault = require "base.fault"
local journal = require "tarn.journal"
local pipelines = require "tarn.pipelines"

local M = {}

local function find_pipeline(ws, id)
  local found, e = fault.try(ws.native.pipeline_get, ws.native, id)
  if found and found.state ~= "DELETED" then
    return found
  elseif e and e.status ~= 404 then
    fault.raise(e)
  end
end

--- The copy that an earlier run has made, according to the journal.
---@param target tarn.WorkspaceClient
---@param query { source: tarn.Side, target_org_id: string, name: string }
---@return table? GetPipelineResponse
function M.find_known(target, query)
  local known = journal.find_copy(query)
  return known and find_pipeline(target, known.pipeline_id)
end

--- True if the journal holds a create of that copy whose outcome is unknown.
---@param query { source: tarn.Side, target_org_id: string, name: string }
---@return boolean
function M.was_attempted(query)
  return journal.has_attempt(query)
end

--- The pipelines that have the name.
---@param target tarn.WorkspaceClient
---@param name string
---@param names? table<string, string[]> the result of `index`, if it is known
---@return table[] GetPipelineResponse
function M.by_name(target, name, names)
  local list = {}
  local ids = names and (names[name] or {}) or pipelines.ids_of(target, name)
  for _, id in ipairs(ids) do
    list[#list + 1] = find_pipeline(target, id)
  end
  return list
end

--- The names of all pipelines of a workspace.
---@param ws tarn.WorkspaceClient
---@return table<string, string[]> name -> ids
function M.index(ws)
  local names = {}
  for item in pipelines.states(ws) do
    local name = item.name or ""
    names[name] = names[name] or {}
    table.insert(names[name], item.pipeline_id)
  end
  return names
end

--- The fault for a name that another pipeline has.
---@param plan tarn.ClonePlan
---@param pipeline? table the pipeline that has the name, if it is known
---@return tarn.Fault
function M.name_is_taken(plan, pipeline)
  return fault.new { kind = "conflict", op = "tarn clone", code = "RESOURCE_CONFLICT",
    message = ("'%s' already has a pipeline named '%s'%s"):format(
      plan.target.profile or plan.target.host, plan.name,
      pipeline and (" (%s)"):format(pipeline.pipeline_id) or ""),
    hint = "--name gives the copy another name; --update treats that pipeline as the copy" }
end

return M
