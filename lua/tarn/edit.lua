--- Change the settings of an existing pipeline.
--
--     local edit = require "tarn.edit"
--     local found = require("tarn.pipelines").find(ws, "sales_orders_etl")
--     local changes = edit.plan(found, function(settings) settings.photon = true end)
--     for _, change in ipairs(changes) do print(change.path, change.from, change.to) end
--
-- An edit replaces all settings, so it begins with reading them. It carries the time of the last
-- modification that was read: if somebody else has changed the pipeline since, the workspace
-- refuses the edit with a conflict.

local fault = require "base.fault"
local json = require "native.json"
local secrets = require "base.secrets"
local specs = require "tarn.spec"

local M = {}

-- Fields that the workspace fills in, and fields that mean the same when they are absent.
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
    or first == "run_as" -- once set, it cannot be removed
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

--- The fields that an edit would change. Secrets are not masked.
---@param pipeline table GetPipelineResponse
---@param body table the new settings
---@return { path: string, from: any, to: any }[]
function M.changes(pipeline, body)
  local is, list = specs.settings(pipeline), {}
  specs.each(body, function(keys, value)
    local there = specs.find(is, keys)
    if there == nil then
      if not is_consumed(keys, value) then
        list[#list + 1] = { path = specs.path(keys), to = value }
      end
    elseif not specs.is_leaf(there) or not same(keys, there, value) then
      list[#list + 1] = { path = specs.path(keys), from = specs.is_leaf(there) and there or nil,
        to = value }
    end
  end)
  specs.each(is, function(keys, value)
    if specs.find(body, keys) == nil and not is_filled_in(keys, value, pipeline.pipeline_id)
      and not (type(value) == "table" and next(value) == nil) then
      list[#list + 1] = { path = specs.path(keys), from = value }
    end
  end)
  return list
end

--- The request body that gives a pipeline the settings `body`. It keeps the fields that an edit
-- cannot change, since the request replaces everything.
---@param pipeline table GetPipelineResponse
---@param body table the new settings
---@return table
function M.body(pipeline, body)
  local edit = specs.copy(body)
  local spec = pipeline.spec or {}
  if edit.run_as == nil then
    edit.run_as = specs.copy(pipeline.run_as)
  end
  if edit.storage == nil and edit.catalog == nil then
    edit.storage = spec.storage
  end
  edit.expected_last_modified = pipeline.last_modified
  return edit
end

--- Send an edit as a step of `op`. Returns the result that the journal keeps. Raises a fault with
-- status 409 if somebody else has changed the pipeline.
---@param ws tarn.WorkspaceClient
---@param op tarn.Operation
---@param before table GetPipelineResponse
---@param body table settings, with run_as and parameters
---@param publishes? any for a copy: where its source publishes, for the journal
---@return table { pipeline_id, last_modified?, resolved? }
function M.send(ws, op, before, body, publishes)
  local id = before.pipeline_id
  local request = M.body(before, body)
  local function send()
    local _, e = fault.try(ws.native.pipeline_edit, ws.native, id, request)
    if not e then
      return { pipeline_id = id }
    end
    -- The client repeats an edit whose answer was lost; the conflict may be with the first attempt.
    if e.status == 409 or e.ambiguous then
      local now = ws.native:pipeline_get(id)
      if #M.changes(now, body) == 0 then
        return { pipeline_id = id, last_modified = now.last_modified, resolved = true }
      end
    end
    fault.raise(e)
  end
  return op:perform({
    kind = "pipeline.edit", request = "PUT /api/2.0/pipelines/" .. id,
    what = { pipeline_id = id, name = body.name, spec = secrets.masked(body), of = publishes },
    before = { spec = before.spec, run_as = before.run_as, parameters = before.parameters,
      last_modified = before.last_modified },
  }, send)
end

--- Plan an edit with a function that changes a copy of the settings.
---@param found table GetPipelineResponse
---@param change fun(settings: table)
---@return { path: string, from: any, to: any }[] changes
---@return table body the new settings, for `send`
function M.plan(found, change)
  local body = specs.copy(specs.settings(found))
  change(body)
  return M.changes(found, body), body
end

local function remove(body, path, op)
  local keys = specs.parse(path)
  local last = table.remove(keys)
  local parent = specs.find(body, keys)
  if type(parent) ~= "table" or parent[last] == nil then
    fault.usage(op, ("the pipeline has no field %s"):format(path))
  elseif specs.is_list(parent) then
    table.remove(parent, last)
  else
    parent[last] = nil
  end
end

--- Change settings in place.
---@param body table the settings
---@param given { set?: string[], drop?: string[] } PATH=VALUE; PATH of a field that is removed
---@param op string the command, for faults
function M.set(body, given, op)
  for _, text in ipairs(given.set or {}) do
    local keys, value = specs.parse_setting(text, op)
    specs.set(body, keys, value)
  end
  for _, path in ipairs(given.drop or {}) do
    remove(body, path, op)
  end
end

-- Parts that other subjects use.
return require("base.lazy").fields(M, {
  check = "tarn.edit.run:check",
  run = "tarn.edit.run:run",
  in_editor = "tarn.edit.session:run",
  show = "tarn.edit.show:report",
})
