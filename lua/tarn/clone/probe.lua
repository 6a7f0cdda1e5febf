--- Questions to a workspace before something is put there: is it there already?
--
-- Each answer is "yes", "no", or "unknown" with the reason: a question that is refused is not
-- a "no". What was asked once is not asked again, by however many tasks.

local fault = require "base.fault"
local identity = require "tarn.clone.identity"
local secrets = require "base.secrets"
local task = require "native.task"

local M = {}

---@class tarn.Probe
local Probe = {}
Probe.__index = Probe

---@param ws tarn.WorkspaceClient
---@return tarn.Probe
function M.new(ws)
  return setmetatable({ ws = ws, answers = {} }, Probe)
end

-- What `f()` returns, called once for each key; those who ask meanwhile wait for it.
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
      self.answers[key] = nil -- the next one may have more luck
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

--- Forget what was asked under a key: it is about to change.
function Probe:forget(key)
  self.answers[key] = nil
end

local MISSING <const> = { RESOURCE_DOES_NOT_EXIST = true, CATALOG_DOES_NOT_EXIST = true,
  SCHEMA_DOES_NOT_EXIST = true, NOT_FOUND = true, TABLE_DOES_NOT_EXIST = true,
  CONNECTION_DOES_NOT_EXIST = true, VOLUME_DOES_NOT_EXIST = true, INVALID_PARAMETER_VALUE = true }

-- "yes" and what came, "no", or "unknown" and why.
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

---@return tarn.Identity
function Probe:identity()
  return self:once("identity", function() return identity.ask(self.ws) end)
end

---@return string? metastore_id
function Probe:metastore()
  return self:once("metastore", function() return identity.find_metastore(self.ws) end)
end

local UC <const> = "/api/2.1/unity-catalog/"

local function escape(text)
  return (text:gsub("[^%w_.~-]", function(c) return ("%%%02X"):format(c:byte()) end))
end

-- What the kinds of fields.find_bound are asked with. Each gives an answer and a reason.
local ask = {}

function ask.catalog(probe, name)
  return probe:ask(UC .. "catalogs/" .. escape(name))
end

function ask.schema(probe, name, where)
  if not where.catalog then
    return "unknown"
  end
  return probe:ask(UC .. "schemas/" .. escape(where.catalog .. "." .. name))
end

function ask.volume(probe, path)
  local catalog, schema, volume = path:match "/Volumes/([^/]+)/([^/]+)/([^/]+)"
  if not volume then
    return "unknown"
  end
  local answer, why = probe:ask(UC .. ("volumes/%s"):format(
    escape(("%s.%s.%s"):format(catalog, schema, volume))))
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
  return probe:ask(UC .. "connections/" .. escape(name))
end

function ask.gateway(probe, id)
  return probe:ask("/api/2.0/pipelines/" .. escape(id))
end

-- SCIM: kind of principal -> the list, and the attribute that names it.
local SCIM <const> = {
  user_name = { "Users", "userName" }, group_name = { "Groups", "displayName" },
  service_principal_name = { "ServicePrincipals", "applicationId" },
}

--- Is there such a principal? `kind` is user_name, group_name or service_principal_name.
---@param kind string
---@param name string
---@return "yes"|"no"|"unknown" answer, string? why
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

--- Is that value, of one of the kinds of tarn.spec, there?
---@param kind string
---@param value string
---@param where? { catalog?: string, principal?: string }
---@return "yes"|"no"|"unknown" answer
---@return any detail what came, or why it is not known
function Probe:has(kind, value, where)
  local f = ask[kind]
  if not f then
    return "unknown"
  end
  return f(self, value, where or {})
end

return M
