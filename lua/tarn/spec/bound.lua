--- Which fields of a pipeline's settings name things of one workspace.

local M = {}

-- Path of a field -> what it names; "*" is any name or position.
local BOUND <const> = {
  { "catalog", "catalog" }, { "schema", "schema" }, { "target", "schema" },
  { "storage", "storage" }, { "root_path", "path" }, { "parent_path", "path" },
  { "libraries.*.notebook.path", "path" }, { "libraries.*.file.path", "path" },
  { "libraries.*.glob.include", "path" }, { "libraries.*.jar", "location" },
  { "libraries.*.whl", "location" },
  { "clusters.*.node_type_id", "node_type" }, { "clusters.*.driver_node_type_id", "node_type" },
  { "clusters.*.instance_pool_id", "pool" }, { "clusters.*.driver_instance_pool_id", "pool" },
  { "clusters.*.policy_id", "policy" },
  { "clusters.*.aws_attributes.instance_profile_arn", "instance_profile" },
  { "clusters.*.aws_attributes.zone_id", "zone" }, { "clusters.*.gcp_attributes.zone_id", "zone" },
  { "clusters.*.gcp_attributes.google_service_account", "service_account" },
  { "clusters.*.azure_attributes.capacity_reservation_group", "reservation" },
  { "clusters.*.azure_attributes.log_analytics_info.*", "location" },
  { "clusters.*.init_scripts.*.*.destination", "location" },
  { "clusters.*.init_scripts.*.*.kms_key", "location" },
  { "clusters.*.cluster_log_conf.*.destination", "location" },
  { "clusters.*.cluster_log_conf.*.kms_key", "location" },
  { "budget_policy_id", "budget_policy" }, { "usage_policy_id", "budget_policy" },
  { "serverless_compute_id", "serverless_compute" },
  { "environment.dependencies.*", "dependency" },
  { "notifications.*.email_recipients.*", "address" },
  { "event_log.catalog", "catalog" }, { "event_log.schema", "schema" },
  { "event_log.name", "event_log" },
  { "ingestion_definition.connection_name", "connection" },
  { "ingestion_definition.ingestion_gateway_id", "gateway" },
  { "ingestion_definition.objects.*.*.destination_catalog", "catalog" },
  { "ingestion_definition.objects.*.*.destination_schema", "schema" },
  { "ingestion_definition.data_staging_options.catalog_name", "catalog" },
  { "ingestion_definition.data_staging_options.schema_name", "schema" },
  { "ingestion_definition.netsuite_jar_path", "location" },
  { "ingestion_definition.source_configurations.*.api_source_connector_config.configs.*",
    "setting" },
  { "gateway_definition.connection_name", "connection" },
  { "gateway_definition.connection_id", "connection_id" },
  { "gateway_definition.gateway_storage_catalog", "catalog" },
  { "gateway_definition.gateway_storage_schema", "schema" },
  { "run_as.user_name", "principal" }, { "run_as.service_principal_name", "principal" },
  { "run_as.group_name", "principal" },
  { "configuration.*", "setting" }, { "parameters.*", "setting" },
  { "clusters.*.spark_conf.*", "setting" }, { "clusters.*.spark_env_vars.*", "setting" },
  { "libraries.*.maven.repo", "setting" },
}

-- The same for the options of a table's or schema's source.
local OPTIONS <const> = {
  { "api_source_connector_options.options.*", "setting" },
  { "kafka_options.client_config.*", "setting" },
  { "*.file_ingestion_options.format_options.*", "setting" },
}
-- A transformer of messages may read a file and a registry of schemas.
local TRANSFORMERS <const> = { "connector_options.kafka_options.key_transformer",
  "connector_options.kafka_options.value_transformer", "fanout_options.transforms.*" }
local TRANSFORMER <const> = {
  { "*.schema_file_path", "location" }, { "*.desc_file_path", "location" },
  { "*.schema_registry.connection_name", "connection" },
}

local OBJECT <const> = "ingestion_definition.objects.*.*."
for _, entry in ipairs(OPTIONS) do
  BOUND[#BOUND + 1] = { OBJECT .. "connector_options." .. entry[1], entry[2] }
end
for _, transformer in ipairs(TRANSFORMERS) do
  for _, entry in ipairs(TRANSFORMER) do
    BOUND[#BOUND + 1] = { ("%s%s.%s"):format(OBJECT, transformer, entry[1]), entry[2] }
  end
end

-- The same as a tree, so that one walk finds a path.
local tree = {}
for _, entry in ipairs(BOUND) do
  local node = tree
  for part in entry[1]:gmatch "[^.]+" do
    node[part] = node[part] or {}
    node = node[part]
  end
  node.kind = entry[2]
end

---@param value any
---@return "secret"|"volume"|"path"|"location"|nil
function M.find_form(value)
  if type(value) ~= "string" then
    return nil
  elseif value:find "{{%s*secrets/" then
    return "secret"
  elseif value:find "^/Volumes/" or value:find "^dbfs:/Volumes/" then
    return "volume"
  elseif value:find "^/Workspace/" or value:find "^/Users/" or value:find "^/Shared/"
    or value:find "^/Repos/" then
    return "path"
  elseif value:find "^dbfs:/" or value:find "^/dbfs/" or value:find "^s3a?://"
    or value:find "^abfss?://" or value:find "^wasbs?://" or value:find "^gs://" then
    return "location"
  end
end

-- A line of pip's requirements can name a file instead of a package, also as in `-r /path`.
local function dependency_form(value)
  return M.find_form(value) or type(value) == "string"
    and M.find_form(value:match "^%-%-?[%w-]+[ =]%s*(/.*)$") or nil
end

---@param keys (string|integer)[]
---@param value any
---@return string?
function M.find_kind(keys, value)
  if type(value) ~= "string" or value == "" then
    return nil
  end
  local nodes = { tree }
  for _, key in ipairs(keys) do
    local below = {}
    for _, node in ipairs(nodes) do
      below[#below + 1] = key ~= "kind" and node[key] or nil
      below[#below + 1] = node["*"]
    end
    nodes = below
  end
  local kind
  for _, node in ipairs(nodes) do
    kind = kind or node.kind
  end
  if kind == "setting" then
    return M.find_form(value)
  elseif kind == "dependency" then
    return dependency_form(value)
  elseif kind == "location" then
    return M.find_form(value) or "location"
  end
  return kind
end

return M
