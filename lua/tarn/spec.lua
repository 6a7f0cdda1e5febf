--- The fields of a pipeline's settings: their paths, and which are bound to a workspace.
--
-- Pure. A path is a list of keys: names, and positions from 1 in lists. Written out it is
-- `clusters[0].node_type_id` or `configuration["mqtt.password"]`: positions from 0, as in the
-- API's own messages, and names that are no plain words quoted.

local fault = require "base.fault"
local json = require "native.json"

local M = {}

-- Fields that hold settings by any name: `configuration.mqtt.password` has two parts, not three.
local MAPS <const> = {
  configuration = true, tags = true, parameters = true, spark_conf = true, spark_env_vars = true,
  custom_tags = true, table_properties = true, client_config = true, format_options = true,
  configs = true, options = true,
}

--- True if the value is a leaf of the settings: no table, or one with nothing in it.
---@param value any
---@return boolean
function M.is_leaf(value)
  return type(value) ~= "table" or next(value) == nil
    or getmetatable(value) ~= nil and not json.is_array(value)
end

local function is_list(value)
  return type(value) == "table" and json.is_array(value)
end
M.is_list = is_list

local function key_text(key, first)
  if type(key) == "number" then
    return ("[%d]"):format(key - 1)
  elseif key:find "^[%a_][%w_-]*$" then
    return first and key or "." .. key
  end
  return ('["%s"]'):format(key:gsub('[\\"]', "\\%0"))
end

--- A path as text.
---@param keys (string|integer)[]
---@return string
function M.path(keys)
  local parts = {}
  for i, key in ipairs(keys) do
    parts[i] = key_text(key, i == 1)
  end
  return table.concat(parts)
end

local function quoted(text, at)
  local key, i = {}, at
  while i <= #text do
    local c = text:sub(i, i)
    if c == "\\" then
      i = i + 1
      key[#key + 1] = text:sub(i, i)
    elseif c == '"' then
      return text:sub(i + 1, i + 1) == "]" and table.concat(key) or nil, i + 2
    else
      key[#key + 1] = c
    end
    i = i + 1
  end
end

--- The keys of a path that a person wrote. Raises a fault of kind `usage` if it is none.
---@param text string
---@return (string|integer)[]
function M.parse(text)
  local keys, at = {}, 1
  local function wrong()
    fault.usage("fields.parse", ("'%s' is not the path of a field"):format(text),
      'paths look like clusters[0].node_type_id or configuration["a.b"]')
  end
  while at <= #text do
    local last = keys[#keys]
    local dot, name, after = text:match("^(%.?)([^.%[%]\"]+)()", at)
    local index, after_index = text:match("^%[(%d+)%]()", at)
    if MAPS[last] and text:sub(at, at) == "." then
      keys[#keys + 1], at = text:sub(at + 1), #text + 1
    elseif text:sub(at, at + 1) == '["' then
      local key, next_at = quoted(text, at + 2)
      keys[#keys + 1], at = key or wrong(), next_at
    elseif index then
      keys[#keys + 1], at = math.tointeger(index) + 1, after_index
    elseif name and (dot == ".") == (#keys > 0) then
      keys[#keys + 1], at = name, after
    else
      wrong()
    end
  end
  if #keys == 0 or keys[#keys] == "" or type(keys[1]) == "number" then
    wrong()
  end
  return keys
end

--- The value at a path, or nil.
---@param value any
---@param keys (string|integer)[]
---@return any
function M.find(value, keys)
  for _, key in ipairs(keys) do
    if type(value) ~= "table" then
      return nil
    end
    value = value[key]
  end
  return value
end

--- Put a value at a path; what is missing on the way is made. In a list, the position after
-- its last is a new element; beyond it is a fault.
---@param value table
---@param keys (string|integer)[]
---@param new any
function M.set(value, keys, new)
  for i = 1, #keys do
    local key = keys[i]
    local is_position = type(key) == "number"
    local has_positions = is_list(value) and #value > 0
    if is_position ~= (is_list(value) or is_position and next(value) == nil)
      or is_position and key > #value + 1 or not is_position and has_positions then
      fault.usage("fields.set", ("'%s' cannot be set: there is no such place in the spec")
        :format(M.path(keys)))
    end
    if i == #keys then
      value[key] = new
      return
    end
    if type(value[key]) ~= "table" or M.is_leaf(value[key]) and not is_list(value[key])
      and next(value[key]) ~= nil then
      value[key] = type(keys[i + 1]) == "number" and json.array {} or {}
    elseif next(value[key]) == nil and type(keys[i + 1]) == "number" then
      value[key] = json.array {}
    end
    value = value[key]
  end
end

--- A copy of a value of any depth; lists stay lists.
---@param value any
---@return any
function M.copy(value)
  if type(value) ~= "table" or getmetatable(value) ~= nil and not is_list(value) then
    return value
  end
  local copy = {}
  for key, item in pairs(value) do
    copy[key] = M.copy(item)
  end
  return is_list(value) and json.array(copy) or copy
end

-- What a person reads first; all other fields by the alphabet.
local FIRST <const> = {
  name = 1, pipeline_type = 2, catalog = 3, schema = 4, target = 5, storage = 6, development = 7,
  continuous = 8, serverless = 9, root_path = 10, libraries = 11, run_as = 13, parameters = 14,
}

--- The keys of a table in the order in which they are shown.
---@param value table
---@param top? boolean the settings themselves
---@return (string|integer)[]
function M.sorted_keys(value, top)
  local keys = {}
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    if type(a) ~= type(b) then
      return type(a) == "number"
    end
    local x, y = top and FIRST[a] or 99, top and FIRST[b] or 99
    if x ~= y then
      return x < y
    end
    return a < b
  end)
  return keys
end

local function walk(value, keys, visit)
  if M.is_leaf(value) then
    return visit(keys, value)
  end
  for _, key in ipairs(M.sorted_keys(value, #keys == 0)) do
    keys[#keys + 1] = key
    walk(value[key], keys, visit)
    keys[#keys] = nil
  end
end

--- Call `visit(keys, value)` for each leaf, in the order in which fields are shown. `keys` is
-- the walker's own: copy what is to be kept.
---@param value table
---@param visit fun(keys: (string|integer)[], value: any)
---@param keys? (string|integer)[] the path of `value` itself
function M.each(value, visit, keys)
  walk(value, { table.unpack(keys or {}) }, visit)
end

-- ---- what is bound to a workspace (reference A.8) ----

-- Patterns of paths: "*" is any name or position.
local BOUND <const> = {
  { "catalog", "catalog" }, { "schema", "schema" }, { "target", "schema" },
  { "storage", "storage" }, { "root_path", "path" },
  { "libraries.*.notebook.path", "path" }, { "libraries.*.file.path", "path" },
  { "libraries.*.glob.include", "path" }, { "libraries.*.jar", "location" },
  { "libraries.*.whl", "location" },
  { "clusters.*.node_type_id", "node_type" }, { "clusters.*.driver_node_type_id", "node_type" },
  { "clusters.*.instance_pool_id", "pool" }, { "clusters.*.driver_instance_pool_id", "pool" },
  { "clusters.*.policy_id", "policy" },
  { "clusters.*.aws_attributes.instance_profile_arn", "instance_profile" },
  { "clusters.*.aws_attributes.zone_id", "zone" }, { "clusters.*.gcp_attributes.zone_id", "zone" },
  { "clusters.*.gcp_attributes.google_service_account", "service_account" },
  { "clusters.*.azure_attributes.capacity_reservation_group", "pool" },
  { "clusters.*.azure_attributes.log_analytics_info.log_analytics_workspace_id", "location" },
  { "clusters.*.init_scripts.*.*.destination", "location" },
  { "clusters.*.cluster_log_conf.*.destination", "location" },
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
  { "gateway_definition.connection_name", "connection" },
  { "gateway_definition.connection_id", "connection_id" },
  { "gateway_definition.gateway_storage_catalog", "catalog" },
  { "gateway_definition.gateway_storage_schema", "schema" },
  { "run_as.user_name", "principal" }, { "run_as.service_principal_name", "principal" },
  { "configuration.*", "setting" }, { "parameters.*", "setting" },
  { "clusters.*.spark_conf.*", "setting" }, { "clusters.*.spark_env_vars.*", "setting" },
}

-- As a tree, so that a path is looked up in one walk.
local tree = {}
for _, entry in ipairs(BOUND) do
  local node = tree
  for part in entry[1]:gmatch "[^.]+" do
    node[part] = node[part] or {}
    node = node[part]
  end
  node.kind = entry[2]
end

--- What a text is bound to by its own form: a path of the workspace, a volume, a place in a
-- cloud, a secret; nil if by nothing.
---@param value any
---@return string?
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

-- What a line of pip's names besides packages: a file, or the requirements in one.
local function dependency_form(value)
  return M.find_form(value) or type(value) == "string"
    and M.find_form(value:match "^%-%-?[%w-]+[ =]%s*(/.*)$") or nil
end

--- What the field at a path is bound to, with that value: "catalog", "path", "node_type", ...;
-- nil if to nothing.
---@param keys (string|integer)[]
---@param value any
---@return string?
function M.find_bound(keys, value)
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

--- The settings of a pipeline with what stands beside them, as a create takes them.
---@param pipeline table GetPipelineResponse
---@return table
function M.settings(pipeline)
  local body = M.copy(pipeline.spec or {})
  if body.name == nil then
    body.name = pipeline.name
  end
  body.run_as, body.parameters = M.copy(pipeline.run_as), M.copy(pipeline.parameters)
  return body
end

return M
