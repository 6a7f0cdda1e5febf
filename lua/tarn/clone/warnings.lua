--- Warnings of a clone's plan that are about more than one field.

local secrets = require "base.secrets"
local specs = require "tarn.spec"

local M = {}

--- Add a warning to a plan.
---@param plan tarn.ClonePlan
---@param text string a format
function M.add(plan, text, ...)
  plan.warnings[#plan.warnings + 1] = text:format(...)
end

local function destination_of(body)
  return (body.catalog or "hive_metastore"):lower(), body.schema or body.target
end

local function add_for_tables(plan, original, body)
  local old_catalog, old_schema = destination_of(original)
  local catalog, schema = destination_of(body)
  local shared = plan.same_workspace or catalog ~= "hive_metastore" and plan.same_metastore ~= false
  if shared and schema and catalog == old_catalog and schema == old_schema then
    M.add(plan, "source and copy would both own the tables of %s.%s: %sthe copy's first update "
      .. "fails unless --catalog or --schema names another one", catalog, schema,
      plan.same_metastore == nil and "if both workspaces share a metastore, " or "")
  end
  if body.storage and plan.same_workspace and body.storage == original.storage then
    M.add(plan, "source and copy would share the storage %s: --drop storage gives the copy its own",
      body.storage)
  end
end

local function add_for_secrets(plan, body)
  specs.each(body, function(keys, value)
    local name = keys[#keys]
    if type(name) == "number" then
      name = keys[#keys - 1]
    end
    if secrets.is_secret(name, value) then
      M.add(plan, "%s looks like a secret in plain text and is copied unchanged; a reference "
        .. "{{secrets/SCOPE/KEY}} is safer", specs.path(keys))
    end
  end)
end

local function add_for_kind(plan, spec)
  if type(spec.deployment) == "table" then
    M.add(plan, "a bundle manages the source: its next deployment does not change the copy")
  end
  if spec.gateway_definition then
    M.add(plan, "the copy of an ingestion gateway puts load on the same database")
  end
end

--- Add the warnings for the copy's settings.
---@param plan tarn.ClonePlan
---@param original table the source's settings
---@param body table the copy's
function M.add_all(plan, original, body)
  original, body = specs.without_nulls(original), specs.without_nulls(body)
  add_for_tables(plan, original, body)
  add_for_secrets(plan, body)
  add_for_kind(plan, original)
end

return M
