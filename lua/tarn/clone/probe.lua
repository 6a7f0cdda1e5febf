--- Ask a workspace whether it has the objects that a copy needs.
--
-- Each answer is "yes", "no", or "unknown" with the reason; a refused question is "unknown". Each
-- question is asked once, however many tasks ask it.

local fault = require "base.fault"
local http = require "native.http"
local identity = require "tarn.clone.identity"
local secrets = require "base.secrets"
local task = require "native.task"

local M = {}

---@class tarn.Probe
local Probe = {}
Probe.__index = Probe

--- A probe that has asked nothing yet.
---@param ws tarn.WorkspaceClient
---@return tarn.Probe
function M.new(ws)
  return setmetatable({ ws = ws, answers = {} }, Probe)
end

-- The results of `f()`, which is called once for each key; other tasks wait for the results.
function Probe:once(key, f)
  local entry = self.answers[key]
  if not entry then
    entry = { waiting = {} }
    self.answers[key] = entry
    entry.results = table.pack(fault.call(f))
    for _, waiter in ipairs(entry.waiting) do
      task.wake(waiter)
    end
    if not entry.results[1] then
      self.answers[key] = nil -- the next task that asks tries again
    end
  end
  while not entry.results do
    entry.waiting[#entry.waiting + 1] = task.current()
    task.park()
  end
  if not entry.results[1] then
    error(entry.results[2], 0)
  end
  return table.unpack(entry.results, 2, entry.results.n)
end

--- Forget the answer of a key, because it is about to change.
function Probe:forget(key)
  self.answers[key] = nil
end

local MISSING <const> = { RESOURCE_DOES_NOT_EXIST = true, CATALOG_DOES_NOT_EXIST = true,
  SCHEMA_DOES_NOT_EXIST = true, NOT_FOUND = true, TABLE_DOES_NOT_EXIST = true,
  CONNECTION_DOES_NOT_EXIST = true, VOLUME_DOES_NOT_EXIST = true, INVALID_PARAMETER_VALUE = true }

-- "yes" and the answer, "no", or "unknown" and the reason.
local function settle(ok, ...)
  if ok then
    return "yes", ...
  end
  local e = ...
  if e.kind == "bug" or e.kind == "cancelled" then
    error(e, 0)
  elseif e.code ~= "ENDPOINT_NOT_FOUND" and (e.status == 404 or e.status == 400)
    and MISSING[e.code or "NOT_FOUND"] then
    return "no"
  end
  return "unknown", e.message
end

function Probe:ask(path, query)
  return self:once(path .. "?" .. require("native.json").encode(query or {}), function()
    return settle(fault.call(self.ws.request, self.ws, "GET", path, { query = query }))
  end)
end

--- The identity of the workspace and of the user in it.
---@return tarn.Identity
function Probe:identity()
  return self:once("identity", function() return identity.ask(self.ws) end)
end

--- The id of the workspace's metastore, or nil if it is not known.
---@return string? metastore_id
function Probe:metastore()
  return self:once("metastore", function() return identity.find_metastore(self.ws) end)
end

local UC <const> = "/api/2.1/unity-catalog/"

-- A function for each kind of value (see tarn.spec's find_bound). Each returns an answer and a
-- reason.
local ask = {}

function ask.catalog(probe, name)
  return probe:ask(UC .. "catalogs/" .. http.escape(name))
end

function ask.schema(probe, name, where)
  if not where.catalog then
    return "unknown"
  end
  return probe:ask(UC .. "schemas/" .. http.escape(where.catalog .. "." .. name))
end

function ask.volume(probe, path)
  local catalog, schema, volume = path:match "/Volumes/([^/]+)/([^/]+)/([^/]+)"
  if not volume then
    return "unknown"
  end
  local answer, why = probe:ask(UC .. ("volumes/%s"):format(
    http.escape(("%s.%s.%s"):format(catalog, schema, volume))))
  if answer == "unknown" and ask.catalog(probe, catalog) == "no" then
    return "no"
  end
  return answer, why
end

function ask.path(probe, path)
  path = path:match "/.*$" or path
  path = path:gsub("^/Workspace/", "/"):gsub("/%*%*$", ""):gsub("/+$", "")
  return probe:ask("/api/2.0/workspace/get-status", { path = path })
end

function ask.node_type(probe, name)
  local answer, body = probe:ask "/api/2.0/clusters/list-node-types"
  if answer ~= "yes" then
    return "unknown", body
  end
  for _, node in ipairs(body.node_types or {}) do
    if node.node_type_id == name then
      return "yes"
    end
  end
  return "no"
end

local function find_secret(probe, scope, key)
  local answer, body = probe:ask("/api/2.0/secrets/list", { scope = scope })
  if answer ~= "yes" then
    return answer, body
  end
  for _, secret in ipairs(body.secrets or {}) do
    if secret.key == key then
      return "yes"
    end
  end
  return "no"
end

function ask.secret(probe, value)
  local unsure, why
  for _, reference in ipairs(secrets.references(value)) do
    local answer, reason = find_secret(probe, reference.scope, reference.key)
    if answer == "no" then
      return "no", ("secret '%s' in scope '%s'"):format(reference.key, reference.scope)
    elseif answer == "unknown" then
      unsure, why = true, reason
    end
  end
  return unsure and "unknown" or "yes", why
end

function ask.policy(probe, id)
  return probe:ask("/api/2.0/policies/clusters/get", { policy_id = id })
end

function ask.pool(probe, id)
  return probe:ask("/api/2.0/instance-pools/get", { instance_pool_id = id })
end

function ask.connection(probe, name)
  return probe:ask(UC .. "connections/" .. http.escape(name))
end

function ask.gateway(probe, id)
  return probe:ask("/api/2.0/pipelines/" .. http.escape(id))
end

-- SCIM: kind of principal -> the resource, and the attribute that holds the name.
local SCIM <const> = {
  user_name = { "Users", "userName" }, group_name = { "Groups", "displayName" },
  service_principal_name = { "ServicePrincipals", "applicationId" },
}

--- Whether the workspace has a principal.
---@param kind "user_name"|"group_name"|"service_principal_name"
---@param name string
---@return "yes"|"no"|"unknown" answer
---@return string? why it is unknown
function Probe:principal(kind, name)
  local list, attribute = table.unpack(SCIM[kind])
  local answer, body = self:ask("/api/2.0/preview/scim/v2/" .. list, {
    filter = ('%s eq "%s"'):format(attribute, (name:gsub('["\\]', "\\%0"))),
    attributes = attribute,
  })
  if answer ~= "yes" then
    return "unknown", body
  end
  for _, found in ipairs(body.Resources or {}) do
    if type(found[attribute]) == "string" and found[attribute]:lower() == name:lower() then
      return "yes"
    end
  end
  return "no"
end

function ask.principal(probe, name, where)
  return probe:principal(where.principal or "user_name", name)
end

--- Whether the workspace has the object that a value names.
---@param kind string of the value, as tarn.spec's find_bound says
---@param value string
---@param where? { catalog?: string, principal?: string } the catalog of a schema; the kind of a
--- principal
---@return "yes"|"no"|"unknown" answer
---@return any detail the workspace's answer, or why it is unknown
function Probe:has(kind, value, where)
  local f = ask[kind]
  if not f then
    return "unknown"
  end
  return f(self, value, where or {})
end

return M
