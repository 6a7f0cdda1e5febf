--- What a person should know before a clone is made, beyond the verdicts on single fields.

local specs = require "tarn.spec"
local secrets = require "base.secrets"

local M = {}

--- Add a warning to a plan.
---@param plan tarn.ClonePlan
---@param text string a format
function M.add(plan, text, ...)
  plan.warnings[#plan.warnings + 1] = text:format(...)
end

local function publishes_to(body)
  return (body.catalog or "hive_metastore"):lower(), body.schema or body.target
end

local function warn_of_tables(plan, original, body)
  local old_catalog, old_schema = publishes_to(original)
  local catalog, schema = publishes_to(body)
  local shared = plan.same_workspace or catalog ~= "hive_metastore" and plan.same_metastore ~= false
  if shared and schema and catalog == old_catalog and schema == old_schema then
    M.add(plan, "source and copy would both own the tables of %s.%s: %sthe copy's first update "
      .. "fails unless --catalog or --schema is changed", catalog, schema,
      plan.same_metastore == nil and "if both workspaces share a metastore, " or "")
  end
  if body.storage and plan.same_workspace and body.storage == original.storage then
    M.add(plan, "source and copy would share the storage %s: --drop storage gives the copy its own",
      body.storage)
  end
end

local function warn_of_secrets(plan, body)
  specs.each(body, function(keys, value)
    local name = keys[#keys]
    if type(name) == "number" then
      name = keys[#keys - 1]
    end
    if secrets.is_secret(name, value) then
      M.add(plan, "%s looks like a secret in plain text: it is copied as it is; a reference "
        .. "{{secrets/SCOPE/KEY}} is safer", specs.path(keys))
    end
  end)
end

local function warn_of_kind(plan, spec)
  if type(spec.deployment) == "table" then
    M.add(plan, "a bundle manages the source: what it deploys next does not reach the copy")
  end
  if spec.gateway_definition then
    M.add(plan, "the copy of an ingestion gateway reads from the same database: mind its load")
  end
end

--- Warn of what the copy's settings would do.
---@param plan tarn.ClonePlan
---@param original table the source's settings
---@param body table the copy's
function M.add_all(plan, original, body)
  warn_of_tables(plan, original, body)
  warn_of_secrets(plan, body)
  warn_of_kind(plan, original)
end

return M
