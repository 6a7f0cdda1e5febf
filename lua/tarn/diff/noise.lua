--- Rules for differences between two pipelines that have no meaning.
--
-- Pure. Each rule tests one difference, given both sides. `tarn help diff` lists the rules, and
-- `tarn diff --all` shows the differences that they hide.

local export = require "tarn.export"
local json = require "native.json"
local layout = require("tarn.export").layout
local spec = require "tarn.spec"

local M = {}

---@class tarn.NoiseRule
---@field name string
---@field why string
---@field test fun(d: tarn.Difference, a: tarn.DiffSide, b: tarn.DiffSide): boolean?

local function is_field(...)
  local names = { ... }
  return function(d)
    for _, name in ipairs(names) do
      if d.keys[1] == name and #d.keys == 1 then
        return true
      end
    end
  end
end

-- True for nil, null, and tables that hold nothing else.
local function is_empty(value)
  if value == nil or value == json.null then
    return true
  elseif type(value) ~= "table" or getmetatable(value) ~= nil and not json.is_array(value) then
    return false
  end
  for _, item in pairs(value) do
    if not is_empty(item) then
      return false
    end
  end
  return true
end

-- True if one side does not have the field and the other side has the server's default.
local function is_default(d, value)
  local given = d.left
  if given == nil then
    given = d.right
  end
  return (d.left == nil or d.right == nil) and given == value
end

local DEFAULTS <const> = { continuous = false, development = false, photon = false,
  edition = "ADVANCED", channel = "CURRENT" }

local function same_text(d, change)
  return type(d.left) == "string" and type(d.right) == "string"
    and change(d.left) == change(d.right)
end

local function last(d)
  return d.keys[#d.keys]
end

local function is_default_storage(d)
  local function none(value)
    return value == nil or export.is_default_storage(value)
  end
  return d.keys[1] == "storage" and none(d.left) and none(d.right)
end

local function is_path(d)
  local first = d.keys[1]
  return first == "root_path" or first == "libraries"
end

-- The server fills in catalog and schema of the event log with those of the pipeline.
local function is_filled_in(d, a, b)
  local function own(value, side)
    local settings, name = side.settings, d.keys[2]
    return value == nil or value == settings[name]
      or name == "schema" and value == settings.target
  end
  return d.keys[1] == "event_log" and (d.keys[2] == "catalog" or d.keys[2] == "schema")
    and own(d.left, a) and own(d.right, b)
end

local function is_serverless(side)
  local serverless = side.settings.serverless
  return serverless == true or serverless == nil and side.settings.ingestion_definition ~= nil
end

-- Kinds of things that have an id of their own in each workspace (see tarn.spec.bound).
local BY_ID <const> = { policy = true, pool = true, budget_policy = true, gateway = true,
  serverless_compute = true, connection_id = true }
-- The names of parameters that hold such ids.
local ID_NAMES <const> = { "warehouse_id", "cluster_id", "policy_id", "pool_id", "job_id",
  "pipeline_id", "workspace_id" }

local function is_id_name(name)
  for _, known in ipairs(ID_NAMES) do
    if name:sub(-#known) == known then
      return true
    end
  end
end

-- True for two ids of one kind of thing, or for texts that are the same but for the names of the
-- workspaces' own hosts.
local function is_of_workspace(d, a, b)
  if not a.host or not b.host or a.host == b.host or type(d.left) ~= "string"
    or type(d.right) ~= "string" then
    return false
  end
  local name = tostring(last(d)):lower()
  if (d.keys[1] == "configuration" or d.keys[1] == "parameters") and is_id_name(name)
    or BY_ID[spec.find_bound(d.keys, d.left)] then
    return true
  end
  local function without_host(text, host)
    host = host:gsub("^%a+://", "")
    local from, to = text:find(host, 1, true)
    return from and text:sub(1, from - 1) .. "\0" .. text:sub(to + 1) or text
  end
  return without_host(d.left, a.host) == without_host(d.right, b.host)
end

--- The rules, in the order in which they are applied.
---@type tarn.NoiseRule[]
M.rules = {
  { name = "id", why = "every pipeline has its own", test = is_field("id", "pipeline_id") },
  { name = "name", why = "two different pipelines cannot have the same name in one workspace",
    test = function(d, a, b)
      return d.keys[1] == "name" and #d.keys == 1 and a.pipeline_id ~= b.pipeline_id
    end },
  { name = "deployment", why = "it says which bundle manages the pipeline, not what it does",
    test = function(d) return d.keys[1] == "deployment" end },
  { name = "workspace", why = "ids of policies, pools, warehouses and the like, and the address of "
      .. "the host, are those of their workspace",
    test = is_of_workspace },
  { name = "output", why = "pipeline_type, data_sampling and source_type are set by the server",
    test = function(d)
      return is_field("pipeline_type", "data_sampling")(d)
        or d.keys[1] == "ingestion_definition" and d.keys[2] == "source_type"
    end },
  { name = "storage", why = "the default storage is named after the pipeline's id",
    test = is_default_storage },
  { name = "empty", why = "null, an empty list and an empty object mean the same as no value",
    test = function(d) return is_empty(d.left) and is_empty(d.right) end },
  { name = "serverless", why = "unset means false, and true for ingestion pipelines",
    test = function(d, a, b)
      return d.keys[1] == "serverless" and is_serverless(a) == is_serverless(b)
    end },
  { name = "photon", why = "serverless pipelines always use Photon",
    test = function(d, a, b)
      return d.keys[1] == "photon" and is_serverless(a) and is_serverless(b)
    end },
  { name = "default", why = "continuous, development and photon are false, edition ADVANCED and "
      .. "channel CURRENT by default",
    test = function(d)
      return #d.keys == 1 and DEFAULTS[d.keys[1]] ~= nil and is_default(d, DEFAULTS[d.keys[1]])
    end },
  { name = "cluster", why = "a cluster without a label is the default one; "
      .. "enable_local_disk_encryption is false by default; the API does not return "
      .. "apply_policy_default_values",
    test = function(d)
      return d.keys[1] == "clusters" and #d.keys == 3
        and (d.keys[3] == "apply_policy_default_values"
          or d.keys[3] == "label" and is_default(d, "default")
          or d.keys[3] == "enable_local_disk_encryption" and is_default(d, false))
    end },
  { name = "case", why = "case does not count in catalog, edition and channel",
    test = function(d)
      local name = last(d)
      return (name == "catalog" or name == "edition" or name == "channel")
        and d.keys[1] ~= "configuration" and same_text(d, string.lower)
    end },
  { name = "/Workspace", why = "/Workspace/Users/a and /Users/a are the same object",
    test = function(d) return is_path(d) and same_text(d, layout.normal) end },
  { name = "event_log", why = "the server fills in the pipeline's own catalog and schema",
    test = is_filled_in },
  { name = "order", why = "the order of libraries, clusters, recipients and alerts means nothing",
    test = function(d)
      return d.kind == "order" and (d.keys[1] == "libraries" or d.keys[1] == "notifications"
        or d.keys[1] == "clusters" and #d.keys == 1)
    end },
}

--- The rule that makes a difference meaningless, or nil.
---@param d tarn.Difference
---@param a tarn.DiffSide
---@param b tarn.DiffSide
---@return tarn.NoiseRule?
function M.find(d, a, b)
  for _, rule in ipairs(M.rules) do
    if rule.test(d, a, b) then
      return rule
    end
  end
end

return M
