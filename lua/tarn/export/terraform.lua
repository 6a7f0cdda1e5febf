--- Export a pipeline as Terraform: the pipeline, its permissions, notebooks and files.

local adoption = require "tarn.export.adoption"
local collections = require "base.collections"
local export = require "tarn.export"
local hcl = require "tarn.export.hcl"
local json = require "native.json"
local model = require("tarn.export.model").new(require "tarn.export.model.terraform")
local specs = require "tarn.spec"

local M = {}

local REASONS <const> = {
  id = "the provider sets it",
  deployment = "it belongs to the bundle that deployed this pipeline",
  source_type = "the server sets it",
}

--- The name of a resource: the name and the unique id of the pipeline.
---@param item { name: string, pipeline_id: string }
---@return string
function M.resource_name(item)
  local function plain(text)
    return (text:lower():gsub("[^%w]+", "_"):gsub("^_+", ""):gsub("_+$", ""))
  end
  local name = export.short(plain(item.name))
  if not name:find "^%a" then
    name = "pipeline" .. (name ~= "" and "_" .. name or "")
  end
  return name .. (item.pipeline_id and "_" .. plain(item.pipeline_id) or "")
end

-- The order of the examples in the provider's documentation.
local FIRST <const> = { name = 1, catalog = 2, schema = 3, target = 4, storage = 5,
  serverless = 6, continuous = 7, development = 8, root_path = 9 }

local function sorted_names(value)
  local names = collections.keys(value)
  collections.sort_by_rank(names, FIRST)
  return names
end

local body_of

-- Add the entries for one field: an attribute, or a block for each object.
local function add_field(body, name, value, schema)
  if value == json.null then
    return
  elseif schema.kind == "value" or type(value) ~= "table" then
    body[#body + 1] = { name, value }
  elseif schema.kind == "map" then
    body[#body + 1] = { name, hcl.map(value) }
  elseif schema.list then
    local other = json.array {} -- what is no object cannot be a block
    for _, item in ipairs(value) do
      if type(item) == "table" then
        body[#body + 1] = { schema.block or name, body = body_of(item, schema.type) }
      elseif item ~= json.null then
        other[#other + 1] = item
      end
    end
    body[#body + 1] = #other > 0 and { schema.block or name, other } or nil
  else
    body[#body + 1] = { name, body = body_of(value, schema.type) }
  end
end

-- The body of an object, attributes before blocks.
function body_of(value, type_name)
  local body, known = {}, model:fields(type_name)
  local names = sorted_names(value)
  for _, wants_block in ipairs { false, true } do
    for _, name in ipairs(names) do
      if (known[name].kind == "object") == wants_block then
        add_field(body, name, value[name], known[name])
      end
    end
  end
  return body
end

local function settings(item, dropped)
  local function drop(keys, _, reason)
    dropped[#dropped + 1] = { path = specs.path(keys), reason = reason
      or REASONS[keys[#keys]] or model.from .. " does not know this field" }
  end
  local spec = model:prune(specs.settings(item), drop)
  for name in pairs(REASONS) do
    if spec[name] ~= nil then
      drop { name }
      spec[name] = nil
    end
  end
  export.drop_default_storage(spec, drop)
  if spec.edition == "" then
    spec.edition = nil
  end
  local ingestion = spec.ingestion_definition
  if ingestion and ingestion.source_type ~= nil then
    drop { "ingestion_definition", "source_type" }
    ingestion.source_type = nil
  end
  return spec
end

local function resource(kind, name, body)
  return { "resource", labels = { kind, name }, body = body }
end

local function permissions(item, name)
  local body, owner = { { "pipeline_id", hcl.raw("databricks_pipeline." .. name .. ".id") } }, nil
  for _, grant in ipairs(item.permissions or {}) do
    if grant.level == "IS_OWNER" then
      owner = grant.name
    else
      body[#body + 1] = { "access_control", body = { { grant.kind, grant.name },
        { "permission_level", grant.level } } }
    end
  end
  return #body > 1 and resource("databricks_permissions", name, body) or nil, owner
end

local LANGUAGES <const> = { PYTHON = true, SQL = true, SCALA = true, R = true }

-- A resource for each source, named after its file; and their addresses, each with the path.
local function source_resources(index)
  local blocks, addresses, taken = {}, {}, {}
  for _, entry in ipairs(index.objects) do
    if entry.kind ~= "DIRECTORY" then
      local kind = entry.kind == "NOTEBOOK" and "databricks_notebook"
        or "databricks_workspace_file"
      local stem, n = M.resource_name { name = entry.file }, 1
      local name = stem
      while taken[name] do
        n = n + 1
        name = stem .. "_" .. n
      end
      taken[name] = true
      local body = { { "path", entry.path },
        -- a reference, and behind it a quoted text
        { "source", hcl.raw('"${path.module}/' .. hcl.quote(entry.file):sub(2)) } }
      if entry.kind == "NOTEBOOK" and LANGUAGES[entry.language] then
        body[#body + 1] = { "language", entry.language }
      end
      if entry.format == "JUPYTER" then
        body[#body + 1] = { "format", "JUPYTER" }
      end
      blocks[#blocks + 1] = resource(kind, name, body)
      addresses[#addresses + 1] = { path = entry.path, raw = hcl.raw(kind .. "." .. name) }
    end
  end
  return blocks, addresses
end

local PROVIDERS <const> = {
  { "terraform", body = { { "required_providers", body = {
    { "databricks", hcl.map { source = "databricks/databricks" } } } } } },
}

local function head_of(item)
  return ("# %s, from %s\n"):format(export.comment(item.name),
    export.comment(item.origin or item.host))
end

--- The addresses of the resources of sources, each with the path of its object.
---@param index? tarn.SourceIndex of the downloaded sources
---@return { path: string, raw: table }[]
function M.addresses(index)
  return index and select(2, source_resources(index)) or {}
end

--- The text of a pipeline's file, with its permissions.
---@param item tarn.ExportItem
---@param addresses { path: string, raw: table }[] of all sources
---@param paths? table<string, true> those that the pipeline needs; default: all
---@return string text
---@return { path: string, reason: string }[] dropped
---@return string[] warnings
function M.part(item, addresses, paths)
  local dropped, warnings = {}, {}
  local name = M.resource_name(item)
  local body = body_of(settings(item, dropped))
  local needed = {}
  for _, address in ipairs(addresses) do
    needed[#needed + 1] = (not paths or paths[address.path]) and address.raw or nil
  end
  if #needed > 0 then
    body[#body + 1] = { "depends_on", needed }
  end
  local blocks = { resource("databricks_pipeline", name, body) }
  local granted, owner = permissions(item, name)
  blocks[#blocks + 1] = granted
  if owner then
    dropped[#dropped + 1] = { path = "permissions", reason = owner .. " owns the pipeline: a new "
      .. "pipeline is owned by the user who creates it" }
  end
  if item.spec.deployment then
    warnings[1] = "a bundle deploys this pipeline already: Terraform would compete with it"
  end
  local notes, lost = adoption.describe(item, dropped, { deployment = "`terraform apply`",
    command = ("terraform import databricks_pipeline.%s %s"):format(name, item.pipeline_id) })
  warnings[#warnings + 1] = lost
  return head_of(item) .. notes .. hcl.encode(blocks), dropped, warnings
end

--- The files beside those of the pipelines.
---@param head string the first line of sources.tf
---@param index? tarn.SourceIndex of the downloaded sources
---@return table<string, string> files path in the folder -> text
function M.shared(head, index)
  local blocks = index and source_resources(index) or {}
  return { ["versions.tf"] = hcl.encode(PROVIDERS),
    ["sources.tf"] = #blocks > 0 and head .. hcl.encode(blocks) or nil }
end

--- The files of an export.
---@param item tarn.ExportItem
---@param index? tarn.SourceIndex of the downloaded sources
---@return table<string, string> files path in the folder -> text
---@return { path: string, reason: string }[] dropped
---@return string[] warnings
function M.files(item, index)
  local files = M.shared(head_of(item), index)
  local text, dropped, warnings = M.part(item, M.addresses(index))
  files["pipeline.tf"] = text
  return files, dropped, warnings
end

return M
