--- Export a pipeline as a Databricks asset bundle: databricks.yml and the resource, which names
-- sources by relative paths.

local adoption = require "tarn.export.adoption"
local export = require "tarn.export"
local json = require "native.json"
local layout = require "tarn.export.layout"
local model = require("tarn.export.model").new(require "tarn.export.model.bundle")
local references = require "tarn.export.references"
local specs = require "tarn.spec"
local yaml = require "native.yaml"

local M = {}

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
    local is_symbol = references.is_symbol(code)
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

-- The settings that the resource has; the others go to `dropped` with the reason.
local function settings(item, dropped)
  local function drop(keys, _, reason)
    dropped[#dropped + 1] = { path = specs.path(keys), reason = reason or REASONS[keys[#keys]]
      or model.from .. " does not know this field" }
  end
  local spec = model:prune(specs.settings(item), drop)
  for name in pairs(REASONS) do
    if spec[name] ~= nil then
      drop { name }
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
local function unique(item, slug, whole)
  slug = export.short(slug)
  if slug:find "^%d" then
    slug = "pipeline_" .. slug -- no reference may begin with a digit
  end
  local id = (item.pipeline_id or ""):match(whole and "^[%x-]+" or "^%x+")
  return id and ("%s_%s"):format(slug, whole and id:gsub("-", "_") or id:sub(1, 8)) or slug
end

--- The text of databricks.yml.
---@param name string of the bundle
---@param host string
---@param needs_cli boolean true: a text is written in a way that older versions do not know
---@return string
function M.main(name, host, needs_cli)
  local root = "/Workspace/Users/${workspace.current_user.userName}/.bundle/${bundle.name}"
    .. "/${bundle.target}"
  return yaml.encode({
    bundle = { name = (name:gsub("[^%w_-]+", "_"):gsub("^_+(%w)", "%1")),
      databricks_cli_version = needs_cli and references.NEEDS_CLI or nil },
    include = { "resources/*.yml" },
    targets = {
      dev = { mode = "development", default = true, workspace = { host = host } },
      prod = { mode = "production", workspace = { host = host, root_path = root } },
    },
  }, { first = FIRST })
end

-- What the files say of texts that would be references.
local function explain(escaped)
  local names = table.concat(escaped, ", ")
  local comment = ("# Written as '$${...}', which stands for the text '${...}': %s.\n"
    .. "# Databricks CLI %s reads it so, and databricks.yml refuses older versions: they would\n"
    .. "# look for what the text names.\n"):format(export.comment(names), references.NEEDS_CLI)
  return comment, ("'${...}' in %s is a text here, and a reference in a bundle: it is written as "
    .. "'$${...}', which Databricks CLI %s reads as text; the bundle refuses older versions")
    :format(names, references.NEEDS_CLI)
end

---@class tarn.BundlePart
---@field key string       of the resource
---@field file string      path in the folder
---@field text string
---@field dropped { path: string, reason: string }[]
---@field warnings string[]
---@field needs_cli boolean

--- The file of one pipeline in a bundle.
---@param item tarn.ExportItem
---@param index? tarn.SourceIndex of the downloaded sources
---@param whole? boolean true: the key has the whole id, not only its beginning
---@return tarn.BundlePart
function M.part(item, index, whole)
  local dropped, warnings = {}, {}
  local slug = M.key(item.name)
  local key = unique(item, slug, whole)
  if not slug:find "%w" or slug == "pipeline" and item.name:lower() ~= "pipeline" then
    warnings[#warnings + 1] = ("the name '%s' has no letter that a name in a bundle can have; the "
      .. "bundle's name is %s"):format(item.name, key)
  end
  local spec = settings(item, dropped)
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
  spec.permissions = permissions_of(item, dropped)
  local resource, escaped = references.literal(spec)
  local text = yaml.encode({ resources = { pipelines = { [key] = resource } } },
    { first = FIRST, quoted = QUOTED })
  local notes, lost = adoption.describe(item, dropped, { deployment = "deployment",
    command = ("databricks bundle deployment bind %s %s"):format(key, item.pipeline_id),
    -- the deployment sets these itself
    stays = { deployment = true, development = true, edition = true } })
  warnings[#warnings + 1] = lost
  if #escaped > 0 then
    local comment, warning = explain(escaped)
    notes, warnings[#warnings + 1] = notes .. comment, warning
  end
  return { key = key, file = ("resources/%s.pipeline.yml"):format(key),
    text = M.head(item) .. notes .. text, dropped = dropped, warnings = warnings,
    needs_cli = #escaped > 0 }
end

--- The first line of a file: which pipeline it is from.
---@param item tarn.ExportItem
---@return string
function M.head(item)
  return ("# %s, from %s\n"):format(export.comment(item.name),
    export.comment(item.origin or item.host))
end

--- The files of an export.
---@param item tarn.ExportItem
---@param index? tarn.SourceIndex of the downloaded sources
---@return table<string, string> files path in the folder -> text
---@return { path: string, reason: string }[] dropped
---@return string[] warnings
function M.files(item, index)
  local part = M.part(item, index)
  return {
    ["databricks.yml"] = M.head(item) .. M.main(part.key, item.host, part.needs_cli),
    [part.file] = part.text,
  }, part.dropped, part.warnings
end

return M
