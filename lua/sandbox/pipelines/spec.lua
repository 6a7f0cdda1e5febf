--- The rules for a pipeline's settings: types, exclusions, limits, normalisation.
--
-- Knows the body of a request and the caller, and of what is stored only the principals and the
-- workspace tree. The order of the checks is that of the real server: types, exclusions, libraries.

local json = require "native.json"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local form = require "sandbox.pipelines.form"
local people = require "sandbox.identity.people"
local tables = require "sandbox.tables"
local tree = require "sandbox.files.tree"

local M = {}

--- Fields of create and edit that are not part of the stored settings.
local SIBLINGS <const> = {
  "allow_duplicate_names", "dry_run", "run_as", "parameters", "expected_last_modified",
}

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
    for _ in pairs(cluster.custom_tags or {}) do
      tags = tags + 1
    end
    if tags > 45 then
      errors.invalid("A cluster can have at most 45 custom tags, but has %d.", tags)
    end
    for field, what in pairs { ssh_public_keys = "SSH keys", init_scripts = "init scripts" } do
      if cluster[field] and #cluster[field] > 10 then
        errors.invalid("A cluster can have at most 10 %s, but has %d.", what, #cluster[field])
      end
    end
    local scale = cluster.autoscale
    if scale and scale.min_workers and scale.max_workers
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

local RUN_AS <const> = {
  user_name = "UserName", service_principal_name = "ServicePrincipalName",
  group_name = "GroupName",
}

-- The kind and the name of the one principal that run_as names.
local function principal_of(run_as)
  local kind
  for field in pairs(RUN_AS) do
    if given(run_as[field]) then
      if kind then
        kind = nil
        break
      end
      kind = field
    end
  end
  if not kind then
    errors.invalid("Exactly one of 'run_as.user_name', 'run_as.service_principal_name' and "
      .. "'run_as.group_name' must be set.")
  end
  return kind, run_as[kind]
end

local function check_run_as(body, w, principal)
  if not body.run_as then
    return
  end
  local kind, name = principal_of(body.run_as)
  local own = name == principal.user_name
  if kind == "group_name" then
    own = people.is_member(principal, name)
  end
  if not principal.admin and not own then
    errors.denied(("User %s is not allowed to run a pipeline as %s."):format(
      principal.user_name, name))
  elseif not people.exists(w.people, kind, name) then
    errors.invalid("Principal: %s(%s) does not exist", RUN_AS[kind], name)
  end
end

local function check_parent(body, w)
  local path = body.parent_path
  local object = given(path) and tree.find(w, tree.path(path))
  if given(path) and not (object and (object.type == "DIRECTORY" or object.type == "REPO")) then
    errors.missing("The parent folder (%s) does not exist.", path)
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
  fields.check(body, form.settings)
  check_name(body, operation)
  check_exclusions(body)
  check_compute(body)
  if operation == "EditPipeline" then
    check_default_cluster(body)
  end
  check_run_as(body, w, principal)
  check_parent(body, w)
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
