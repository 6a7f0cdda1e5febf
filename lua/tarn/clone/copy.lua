--- The copy that is there already: found, compared, and told from a stranger of that name.

local fault = require "tarn.fault"
local fields = require "tarn.fields"
local journal = require "tarn.journal"
local json = require "native.json"
local pipelines = require "tarn.pipelines"
local verdicts = require "tarn.clone.verdicts"

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

-- What the workspace fills in, and what says the same when it is absent.
local FILLED <const> = { id = true, pipeline_type = true, data_sampling = true }
local FALSE_IF_ABSENT <const> = { continuous = true, development = true, photon = true }
local ANY_CASE <const> = { catalog = true, edition = true, channel = true }
local FILLED_IN_CLUSTER <const> = { node_type_id = true, driver_node_type_id = true,
  enable_local_disk_encryption = true }

local function is_filled_in(keys, value, id)
  local first, last = keys[1], keys[#keys]
  return #keys == 1 and (FILLED[first] or FALSE_IF_ABSENT[first] and value == false
      or first == "storage" and value == "dbfs:/pipelines/" .. id)
    or first == "event_log" and (last == "catalog" or last == "schema")
    or first == "clusters" and #keys == 3 and FILLED_IN_CLUSTER[last]
    or first == "run_as" -- once set it cannot be taken away
end

local function is_consumed(keys, value)
  return keys[1] == "clusters" and keys[#keys] == "apply_policy_default_values"
    or value == json.null or #keys == 1 and FALSE_IF_ABSENT[keys[1]] and value == false
end

local function same(keys, a, b)
  if #keys == 1 and ANY_CASE[keys[1]] and type(a) == "string" and type(b) == "string" then
    return a:lower() == b:lower()
  elseif type(a) == "table" and type(b) == "table" and next(a) == nil and next(b) == nil then
    return true
  end
  return json.encode(a) == json.encode(b)
end

--- What an edit would change in the copy: { path, from, to }, secrets as they are.
---@param pipeline table GetPipelineResponse of the copy
---@param body table
---@return { path: string, from: any, to: any }[]
function M.changes(pipeline, body)
  local is, list = verdicts.settings(pipeline), {}
  fields.each(body, function(keys, value)
    local there = fields.find(is, keys)
    if there == nil then
      if not is_consumed(keys, value) then
        list[#list + 1] = { path = fields.path(keys), to = value }
      end
    elseif not fields.is_leaf(there) or not same(keys, there, value) then
      list[#list + 1] = { path = fields.path(keys), from = fields.is_leaf(there) and there or nil,
        to = value }
    end
  end)
  fields.each(is, function(keys, value)
    if fields.find(body, keys) == nil and not is_filled_in(keys, value, pipeline.pipeline_id)
      and not (type(value) == "table" and next(value) == nil) then
      list[#list + 1] = { path = fields.path(keys), from = value }
    end
  end)
  return list
end

--- The body of the edit that makes the copy what `body` says: a PUT replaces everything, and
-- must not lose what only a new pipeline can set.
---@param pipeline table
---@param body table
---@return table
function M.edit_body(pipeline, body)
  local edit = fields.copy(body)
  local spec = pipeline.spec or {}
  if edit.run_as == nil then
    edit.run_as = fields.copy(pipeline.run_as)
  end
  if edit.storage == nil and edit.catalog == nil then
    edit.storage = spec.storage
  end
  edit.expected_last_modified = pipeline.last_modified
  return edit
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
