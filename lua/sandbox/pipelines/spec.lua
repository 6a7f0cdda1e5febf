--- The rules for a pipeline's settings: types, exclusions, limits, normalisation.
--
-- Pure: knows the body of a request and the caller, and nothing that is stored. The order of the
-- checks is that of the real server: types, exclusions, libraries.

local json = require "native.json"
local errors = require "sandbox.http.errors"
local people = require "sandbox.identity.people"
local tables = require "sandbox.tables"

local M = {}

--- Fields of create and edit that are not part of the stored settings.
local SIBLINGS <const> = {
  "allow_duplicate_names", "dry_run", "run_as", "parameters", "expected_last_modified",
}

local function is_object(value)
  return type(value) == "table" and not json.is_array(value)
end

local function is_list(value)
  return type(value) == "table" and not is_object(value)
end

local function is_string(value)
  return type(value) == "string"
end

local function is_map(value)
  if not is_object(value) then
    return false
  end
  for _, v in pairs(value) do
    if not is_string(v) then
      return false
    end
  end
  return true
end

local TYPES <const> = {
  String = { is_string, {
    "id", "name", "catalog", "schema", "target", "storage", "root_path", "channel", "edition",
    "budget_policy_id", "usage_policy_id", "serverless_compute_id",
  } },
  Boolean = { function(v) return type(v) == "boolean" end, {
    "continuous", "development", "photon", "serverless", "allow_duplicate_names", "dry_run",
  } },
  ["String map"] = { is_map, { "configuration", "tags", "parameters" } },
  Array = { is_list, { "libraries", "clusters", "notifications" } },
  Object = { is_object, {
    "filters", "environment", "event_log", "trigger", "restart_window", "deployment",
    "ingestion_definition", "gateway_definition", "run_as",
  } },
}

local function check_types(body)
  if not is_object(body) then
    errors.malformed "Expected an object."
  end
  for kind, rule in pairs(TYPES) do
    for _, field in ipairs(rule[2]) do
      local value = body[field]
      if value == json.null then
        body[field] = nil -- null and absent are the same in proto3's JSON
      elseif value ~= nil and not rule[1](value) then
        errors.malformed("Expected %s value for field '%s'.", kind, field)
      end
    end
  end
  for _, field in ipairs { "libraries", "clusters", "notifications" } do
    for i, element in ipairs(body[field] or {}) do
      if not is_object(element) then
        errors.malformed("Expected Object value for field '%s[%d]'.", field, i - 1)
      end
    end
  end
end

local function check_name(body, operation)
  if not body.name or body.name == "" then
    errors.invalid("The pipeline name must not be empty.")
  end
  for _, field in ipairs { "target", "schema" } do
    local value = body[field]
    if value and value ~= "" and not value:find "^[%w_\128-\255-]+$" then
      errors.invalid('%s %s "%s" is not a valid name. Valid names must contain only alphanumeric '
        .. "characters and underscores, and cannot contain spaces, periods, forward slashes, or "
        .. "control characters.", operation,
        field == "target" and "target_schema_name" or "schema_name", value)
    end
  end
end

local function given(value)
  return value ~= nil and value ~= ""
end

--- True if the pipeline runs on serverless compute: the default for ingestion only.
---@param spec table
---@return boolean
function M.is_serverless(spec)
  if spec.serverless == nil then
    return spec.ingestion_definition ~= nil
  end
  return spec.serverless
end

local function check_compute(body)
  local clusters = body.clusters or {}
  if #clusters > 0 and M.is_serverless(body) then
    errors.invalid "You cannot provide cluster settings when using serverless compute."
  end
  if body.serverless and not given(body.catalog) then
    errors.invalid "Serverless compute requires Unity Catalog: set 'catalog'."
  end
  for _, cluster in ipairs(clusters) do
    local tags = 0
    for _ in pairs(is_object(cluster.custom_tags) and cluster.custom_tags or {}) do
      tags = tags + 1
    end
    if tags > 45 then
      errors.invalid("A cluster can have at most 45 custom tags, but has %d.", tags)
    end
    for field, what in pairs { ssh_public_keys = "SSH keys", init_scripts = "init scripts" } do
      if type(cluster[field]) == "table" and #cluster[field] > 10 then
        errors.invalid("A cluster can have at most 10 %s, but has %d.", what, #cluster[field])
      end
    end
    local scale = cluster.autoscale
    if is_object(scale) and math.type(scale.min_workers) and math.type(scale.max_workers)
      and scale.max_workers <= scale.min_workers then
      errors.invalid "autoscale.max_workers must be greater than autoscale.min_workers."
    end
  end
end

local function check_default_cluster(body)
  local defaults = 0
  for _, cluster in ipairs(body.clusters or {}) do
    if not given(cluster.label) or cluster.label == "default" then
      defaults = defaults + 1
    end
  end
  if body.clusters and #body.clusters > 0 and defaults ~= 1 then
    errors.invalid "clusters must have exactly 1 default cluster"
  end
end

local function check_exclusions(body)
  if given(body.target) and given(body.schema) then
    errors.invalid "Only one of 'target' and 'schema' can be set."
  elseif given(body.storage) and given(body.catalog) then
    errors.invalid("'storage' cannot be set for a pipeline that publishes to Unity Catalog: "
      .. "set only one of 'storage' and 'catalog'.")
  end
  local ingestion = body.ingestion_definition
  if ingestion and body.libraries and #body.libraries > 0 then
    errors.invalid "'libraries' cannot be set together with 'ingestion_definition'."
  elseif ingestion and body.gateway_definition then
    errors.invalid "Only one of 'ingestion_definition' and 'gateway_definition' can be set."
  elseif ingestion and given(ingestion.connection_name)
    and given(ingestion.ingestion_gateway_id) then
    errors.invalid("Only one of 'ingestion_definition.connection_name' and "
      .. "'ingestion_definition.ingestion_gateway_id' can be set.")
  end
end

local function check_run_as(body, w, principal)
  local run_as = body.run_as
  if not run_as then
    return
  end
  local user, service = run_as.user_name, run_as.service_principal_name
  if given(user) == given(service) then
    errors.invalid("Exactly one of 'run_as.user_name' and 'run_as.service_principal_name' "
      .. "must be set.")
  end
  local name = user or service
  local person = people.find(w.people, name)
  if not principal.admin and name ~= principal.user_name then
    errors.denied(("User %s is not allowed to run a pipeline as %s."):format(
      principal.user_name, name))
  elseif not person or (person.application_id ~= nil) ~= (service ~= nil) then
    errors.invalid("Principal: %s(%s) does not exist",
      user and "UserName" or "ServicePrincipalName", name)
  end
end

local function check_limits(body)
  local tags = 0
  for _ in pairs(body.tags or {}) do
    tags = tags + 1
  end
  if tags > 25 then
    errors.invalid("A pipeline can have at most 25 tags, but has %d.", tags)
  elseif body.parameters and #json.encode(body.parameters) > 10000 then
    errors.invalid "The parameters of a pipeline can have at most 10000 characters as JSON."
  end
end

local KINDS <const> = { "notebook", "file", "glob", "jar", "whl", "maven" }

local function check_libraries(body)
  local libraries = body.libraries or {}
  if #libraries == 0 and not body.ingestion_definition and not body.gateway_definition then
    errors.invalid "libraries must contain at least one element"
  end
  local globs, named = false, false
  for i, library in ipairs(libraries) do
    local kinds = 0
    for _, kind in ipairs(KINDS) do
      kinds = kinds + (library[kind] and 1 or 0)
    end
    if kinds > 1 then
      errors.invalid("libraries[%d] must have exactly one of %s.", i - 1,
        table.concat(KINDS, ", "))
    end
    globs = globs or library.glob ~= nil
    named = named or library.notebook ~= nil or library.file ~= nil
  end
  if globs and named then
    errors.invalid "'glob' libraries cannot be combined with 'notebook' or 'file' libraries."
  end
end

--- Refuse a body that is not valid for create (or edit).
---@param body any the decoded body; its nulls are removed
---@param operation "CreatePipeline"|"EditPipeline"
---@param w table
---@param principal table
function M.check(body, operation, w, principal)
  check_types(body)
  check_name(body, operation)
  check_exclusions(body)
  check_compute(body)
  if operation == "EditPipeline" then
    check_default_cluster(body)
  end
  check_run_as(body, w, principal)
  check_limits(body)
  check_libraries(body)
end

--- The settings as they are stored, from a body that was checked. Unknown keys are kept.
---@param body table
---@param id string
---@return table
function M.stored(body, id)
  local spec = tables.merged(body)
  for _, field in ipairs(SIBLINGS) do
    spec[field] = nil
  end
  spec.id = id
  if given(spec.catalog) then
    spec.catalog = spec.catalog:lower()
  elseif not given(spec.storage) then
    spec.storage = "dbfs:/pipelines/" .. id
  end
  if spec.event_log then
    spec.event_log = tables.merged({ catalog = spec.catalog,
      schema = spec.schema or spec.target }, spec.event_log)
  end
  for i, cluster in ipairs(spec.clusters or {}) do
    if cluster.apply_policy_default_values ~= nil then
      local stored = tables.merged(cluster)
      stored.apply_policy_default_values = nil
      spec.clusters[i] = stored
    end
  end
  return spec
end

--- The settings with the system's defaults, as GetUpdate's `config` and a dry run show them.
---@param spec table
---@return table
function M.effective(spec)
  return tables.merged({
    channel = "CURRENT", edition = "ADVANCED", continuous = false, development = false,
    photon = M.is_serverless(spec), serverless = M.is_serverless(spec),
  }, spec)
end

--- The effective_publishing_mode; nil for a pipeline of the Hive metastore.
---@param spec table
---@return string?
function M.find_publishing_mode(spec)
  if not given(spec.catalog) then
    return nil
  end
  return given(spec.target) and "LEGACY_PUBLISHING_MODE" or "DEFAULT_PUBLISHING_MODE"
end

return M
