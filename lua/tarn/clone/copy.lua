--- The copy that is there already: found, compared, and told from a stranger of that name.

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

--- The copy that an earlier run made, by the journal.
---@param target tarn.WorkspaceClient
---@param query { source: tarn.Side, target_org_id: string, name: string }
---@return table? GetPipelineResponse
function M.find_known(target, query)
  local known = journal.find_copy(query)
  return known and find_pipeline(target, known.pipeline_id)
end

--- True if the journal knows of a create of that copy whose outcome nobody knows.
---@param query { source: tarn.Side, target_org_id: string, name: string }
---@return boolean
function M.was_attempted(query)
  return journal.has_attempt(query)
end

--- The pipelines of that name; `names` is an index of all of them, if there is one.
---@param target tarn.WorkspaceClient
---@param name string
---@param names? table<string, string[]>
---@return table[] GetPipelineResponse
function M.by_name(target, name, names)
  local list = {}
  local ids = names and (names[name] or {}) or pipelines.ids_of(target, name)
  for _, id in ipairs(ids) do
    list[#list + 1] = find_pipeline(target, id)
  end
  return list
end

--- All names of a workspace, with the ids that have them.
---@param ws tarn.WorkspaceClient
---@return table<string, string[]>
function M.index(ws)
  local names = {}
  for item in pipelines.states(ws) do
    local name = item.name or ""
    names[name] = names[name] or {}
    table.insert(names[name], item.pipeline_id)
  end
  return names
end

--- The fault that says that the copy's name is somebody else's.
---@param plan tarn.ClonePlan
---@param pipeline? table whose
---@return tarn.Fault
function M.name_is_taken(plan, pipeline)
  return fault.new { kind = "conflict", op = "tarn clone", code = "RESOURCE_CONFLICT",
    message = ("'%s' already has a pipeline named '%s'%s"):format(
      plan.target.profile or plan.target.host, plan.name,
      pipeline and (" (%s)"):format(pipeline.pipeline_id) or ""),
    hint = "--name gives the copy another name; --update says that it is the copy" }
end

return M
