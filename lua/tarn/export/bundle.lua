--- Export a pipeline as a Databricks asset bundle: databricks.yml and the resource, which names
-- sources by relative paths.

local export = require "tarn.export"
local json = require "native.json"
local layout = require "tarn.export.layout"
local model = require "tarn.export.model"
local specs = require "tarn.spec"
local yaml = require "native.yaml"

local M = {}

-- The schema of bundles takes no other fields of a pipeline.
local ALLOWED <const> = {
  budget_policy_id = true, catalog = true, channel = true, clusters = true, configuration = true,
  continuous = true, edition = true, environment = true, event_log = true, filters = true,
  gateway_definition = true, ingestion_definition = true, libraries = true, name = true,
  notifications = true, photon = true, restart_window = true, root_path = true, schema = true,
  serverless = true, serverless_compute_id = true, storage = true, tags = true, target = true,
  trigger = true, usage_policy_id = true,
}

-- Field -> the reason why the files do not have it.
local REASONS <const> = {
  id = "the deployed pipeline gets its own id",
  deployment = "it belongs to the bundle that deployed this pipeline",
  development = "the mode of the target decides it",
  source_type = "the server sets it",
}

local FIRST <const> = { "bundle", "include", "targets", "dev", "prod", "name", "clusters",
  "configuration", "libraries", "level" }
local QUOTED <const> = { "configuration", "tags", "spark_conf", "spark_env_vars", "custom_tags",
  "parameters" }

--- The key of a resource, as `databricks bundle generate` makes it: letters and digits in lower
-- case, with one "_" for each run of other characters.
---@param name string
---@return string
function M.key(name)
  if not utf8.len(name, 1, -1, true) then
    name = name:gsub("[\x80-\xff]", "_")
  end
  local out = {}
  for _, code in utf8.codes(name, true) do
    local is_symbol = code < 0xc0 and not (code == 0xaa or code == 0xb5 or code == 0xba)
      or code == 0xd7 or code == 0xf7 or code >= 0x2000 and code <= 0x2bff
      or code >= 0x3000 and code <= 0x3004 or code >= 0x3008 and code <= 0x3020
      or code >= 0xe000 and code <= 0xf8ff or code >= 0xfe00 and code <= 0xfe6f
      or code >= 0x1f000
    if code >= 0xc0 and code <= 0xde and not is_symbol then
      code = code + 0x20 -- capitals of Latin-1
    end
    local character = utf8.char(code)
    out[#out + 1] = (code < 0x80 and character:find "^%w$") and character:lower()
      or is_symbol and "_" or character
  end
  local key = table.concat(out):gsub("_+", "_"):gsub("^_", ""):gsub("_$", "")
  return key ~= "" and key or "pipeline"
end

local function is_plain(value)
  return type(value) ~= "table" or getmetatable(value) ~= nil and not json.is_array(value)
end

-- A copy without nulls, in which "${" is escaped so that it does not begin a reference.
local function literal(value, state)
  if type(value) == "string" and value:find("${", 1, true) then
    state.escaped = true
    return (value:gsub("%${", "$${"))
  elseif is_plain(value) then
    return value
  end
  local copy = json.is_array(value) and json.array {} or {}
  for key, item in pairs(value) do
    if item ~= json.null then
      copy[type(key) == "string" and literal(key, state) or key] = literal(item, state)
    end
  end
  return copy
end

local function unknown_reason(keys)
  return REASONS[keys[#keys]] or "bundles do not know this field"
end

-- The fields of the spec that the resource has; the others go to `dropped` with the reason.
local function settings(item, dropped)
  local function drop(keys, _, reason)
    dropped[#dropped + 1] = { path = specs.path(keys), reason = reason or unknown_reason(keys) }
  end
  local spec = model.prune(item.spec, "PipelineSpec", drop)
  for _, name in ipairs(specs.sorted_keys(spec)) do
    if not ALLOWED[name] then
      drop({ name })
      spec[name] = nil
    end
  end
  export.drop_default_storage(spec, drop)
  if spec.edition and spec.edition:upper() == "ADVANCED" then
    drop({ "edition" }, nil, "it is the default of a deployment")
    spec.edition = nil
  end
  local ingestion = spec.ingestion_definition
  if ingestion and ingestion.source_type ~= nil then
    drop({ "ingestion_definition", "source_type" })
    ingestion.source_type = nil
  end
  return spec
end

local function permissions_of(item, dropped)
  local list = json.array {}
  for _, grant in ipairs(item.permissions or {}) do
    if grant.level == "IS_OWNER" then
      dropped[#dropped + 1] = { path = "permissions", reason = ("%s owns the pipeline: a deployed "
        .. "pipeline is owned by the user who deploys it"):format(grant.name) }
    else
      list[#list + 1] = { level = grant.level, [grant.kind] = grant.name }
    end
  end
  return #list > 0 and list or nil
end

-- Make the paths of exported files relative to resources/.
local function relative_paths(spec, files)
  local function find(path)
    local file = files[layout.normal(path)]
    return file and "../" .. file
  end
  for _, library in ipairs(spec.libraries or {}) do
    local named = library.notebook or library.file
    if named and type(named.path) == "string" then
      named.path = find(named.path) or named.path
    end
    local glob = library.glob
    if glob and type(glob.include) == "string" then
      local folder = glob.include:match "^(.*)/%*%*$"
      local relative = find(folder or glob.include)
      glob.include = relative and relative .. (folder and "/**" or "") or glob.include
    end
  end
  if type(spec.root_path) == "string" then
    spec.root_path = find(spec.root_path) or spec.root_path
  end
end

-- Warn of fields that name an object of the workspace which the bundle does not contain.
local function warn_of_paths(spec, warnings)
  specs.each(spec, function(keys, value)
    if specs.find_form(value) == "path" then
      warnings[#warnings + 1] = ("%s names %s in the workspace: the bundle does not contain it")
        :format(specs.path(keys), value)
    end
  end)
end

-- What tells this export from every other bundle: two pipelines may have one name, or names of
-- which a slug keeps the same. The bundle's name is also the name of its state folder, and the
-- bundle that finds the state of another one deletes what that has made.
local function unique(item, slug)
  local id = (item.pipeline_id or ""):match "^%x+"
  return id and ("%s_%s"):format(slug, id:sub(1, 8)) or slug
end

local function main_file(item, key)
  local root = "/Workspace/Users/${workspace.current_user.userName}/.bundle/${bundle.name}"
    .. "/${bundle.target}"
  return yaml.encode({
    bundle = { name = (key:gsub("[^%w_-]+", "_"):gsub("^_+(%w)", "%1")) },
    include = { "resources/*.yml" },
    targets = {
      dev = { mode = "development", default = true, workspace = { host = item.host } },
      prod = { mode = "production", workspace = { host = item.host, root_path = root } },
    },
  }, { first = FIRST })
end

--- The files of an export.
---@param item tarn.ExportItem
---@param index? tarn.SourceIndex of the downloaded sources
---@return table<string, string> files path in the folder -> text
---@return { path: string, reason: string }[] dropped
---@return string[] warnings
function M.files(item, index)
  local dropped, warnings, state = {}, {}, {}
  local slug = M.key(item.name)
  local key = unique(item, slug)
  if not slug:find "%w" or slug == "pipeline" and item.name:lower() ~= "pipeline" then
    warnings[#warnings + 1] = ("the name '%s' has no letter that a name in a bundle can have; the "
      .. "bundle's name is %s"):format(item.name, key)
  end
  local spec = specs.copy(settings(item, dropped))
  if index then
    local files = {}
    for _, entry in ipairs(index.objects) do
      files[entry.path] = entry.file
    end
    relative_paths(spec, files)
  end
  warn_of_paths(spec, warnings)
  if item.spec.deployment then
    warnings[#warnings + 1] = "a bundle deploys this pipeline already: a second bundle would "
      .. "compete with it, or create a second pipeline"
  end
  spec.run_as, spec.parameters = item.run_as, item.parameters
  spec.permissions = permissions_of(item, dropped)
  local text = yaml.encode({ resources = { pipelines = { [key] = literal(spec, state) } } },
    { first = FIRST, quoted = QUOTED })
  if state.escaped then
    warnings[#warnings + 1] = "'${' is written as '$${', which stands for a literal '${': in the "
      .. "terraform engine always, in the direct engine since September 2026"
  end
  local head = ("# %s, from %s\n"):format(export.comment(item.name), export.comment(item.host))
  local adopt = item.pipeline_id and ("# To adopt the existing pipeline instead of creating a "
    .. "second one:\n#   databricks bundle deployment bind %s %s\n"):format(key,
    export.comment(item.pipeline_id)) or ""
  return {
    ["databricks.yml"] = head .. main_file(item, key),
    [("resources/%s.pipeline.yml"):format(key)] = head .. adopt .. text,
  }, dropped, warnings
end

return M
