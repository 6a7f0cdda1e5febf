--- A pipeline as Terraform (reference H.2): databricks_pipeline, its permissions, and its
-- sources as notebooks and files.

local export = require "tarn.export"
local fields = require "tarn.spec"
local hcl = require "tarn.export.hcl"
local json = require "native.json"
local model = require "tarn.export.model"

local M = {}

-- Repeated blocks have the singular's name.
local SINGULAR <const> = { clusters = "cluster", libraries = "library",
  notifications = "notification" }

local REASONS <const> = {
  id = "the provider finds it out",
  deployment = "it belongs to the bundle that deployed this pipeline",
  source_type = "the server finds it out by itself",
}

-- Fields of the API that the provider does not take.
local UNKNOWN <const> = { parameters = true }

--- The name of a resource: the pipeline's, and its id, which no other has.
---@param item { name: string, pipeline_id: string }
---@return string
function M.resource_name(item)
  local function plain(text)
    return (text:lower():gsub("[^%w]+", "_"):gsub("^_+", ""):gsub("_+$", ""))
  end
  local name = plain(item.name)
  if not name:find "^%a" then
    name = "pipeline" .. (name ~= "" and "_" .. name or "")
  end
  return name .. (item.pipeline_id and "_" .. plain(item.pipeline_id) or "")
end

-- In the order of the examples in the provider's documentation: what says what it is, first.
local FIRST <const> = { name = 1, catalog = 2, schema = 3, target = 4, storage = 5,
  serverless = 6, continuous = 7, development = 8, root_path = 9 }

local function sorted_names(value)
  local names = {}
  for name in pairs(value) do
    names[#names + 1] = name
  end
  table.sort(names, function(a, b)
    local x, y = FIRST[a] or 99, FIRST[b] or 99
    if x ~= y then
      return x < y
    end
    return a < b
  end)
  return names
end

local body_of

-- Entries for one field: an attribute, or a block for each object.
local function add_field(body, name, value, shape)
  if value == json.null then
    return
  elseif shape.kind == "value" or type(value) ~= "table" then
    body[#body + 1] = { name, value }
  elseif shape.kind == "map" then
    body[#body + 1] = { name, hcl.map(value) }
  elseif shape.list then
    for _, item in ipairs(value) do
      body[#body + 1] = { SINGULAR[name] or name, body = body_of(item, shape.type) }
    end
  else
    body[#body + 1] = { name, body = body_of(value, shape.type) }
  end
end

-- Attributes stand before blocks.
function body_of(value, type_name)
  local body, known = {}, model.fields(type_name)
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
    dropped[#dropped + 1] = { path = fields.path(keys), reason = reason
      or REASONS[keys[#keys]] or "the provider does not know this field" }
  end
  local spec = model.prune(item.spec, "PipelineSpec", drop)
  for _, name in ipairs { "id", "deployment" } do
    if spec[name] ~= nil then
      drop { name }
      spec[name] = nil
    end
  end
  if export.is_default_storage(spec.storage) then
    drop({ "storage" }, nil, "it is the default, under the id of this pipeline")
    spec.storage = nil
  end
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

-- One resource for each source, named after its file; returns their addresses too.
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
        -- a reference of ours, and behind it a text that is quoted
        { "source", hcl.raw('"${path.module}/' .. hcl.quote(entry.file):sub(2)) } }
      if entry.kind == "NOTEBOOK" and LANGUAGES[entry.language] then
        body[#body + 1] = { "language", entry.language }
      end
      if entry.format == "JUPYTER" then
        body[#body + 1] = { "format", "JUPYTER" }
      end
      blocks[#blocks + 1] = resource(kind, name, body)
      addresses[#addresses + 1] = hcl.raw(kind .. "." .. name)
    end
  end
  return blocks, addresses
end

local PROVIDERS <const> = {
  { "terraform", body = { { "required_providers", body = {
    { "databricks", hcl.map { source = "databricks/databricks" } } } } } },
}

-- Fields that are left out and are not lost: the server sets them, or they belong to nobody's edit.
local KEPT_BY_SERVER <const> = { id = true, deployment = true, pipeline_type = true,
  data_sampling = true, permissions = true, storage = true, source_type = true,
  ["ingestion_definition.source_type"] = true }

--- The files of an export: place -> text. `index` says where what was downloaded lies.
---@param item tarn.ExportItem
---@param index? tarn.SourceIndex
---@return table<string, string> files
---@return { path: string, reason: string }[] dropped
---@return string[] warnings
function M.files(item, index)
  local dropped, warnings = {}, {}
  local name = M.resource_name(item)
  local spec = settings(item, dropped)
  local body = body_of(spec, "PipelineSpec")
  if item.run_as then
    body[#body + 1] = { "run_as", body = body_of(item.run_as, "RunAs") }
  end
  for field in pairs(UNKNOWN) do
    if item[field] then
      dropped[#dropped + 1] = { path = field, reason = "the provider does not know this field" }
    end
  end
  local source_blocks, addresses = {}, {}
  if index then
    source_blocks, addresses = source_resources(index)
  end
  if #addresses > 0 then
    body[#body + 1] = { "depends_on", addresses }
  end
  local blocks = { resource("databricks_pipeline", name, body) }
  local granted, owner = permissions(item, name)
  blocks[#blocks + 1] = granted
  if owner then
    dropped[#dropped + 1] = { path = "permissions", reason = owner .. " owns it: a new pipeline "
      .. "is owned by who makes it" }
  end
  if item.spec.deployment then
    warnings[1] = "a bundle deploys this pipeline: Terraform beside it would change it back and "
      .. "forth"
  end
  local lost = {}
  for _, one in ipairs(dropped) do
    if not KEPT_BY_SERVER[one.path] then
      lost[#lost + 1] = one.path
    end
  end
  local head = ("# %s, from %s\n"):format(export.comment(item.name), export.comment(item.host))
  local adopt = item.pipeline_id and ("# To adopt the pipeline that is there instead of making "
    .. "another one:\n#   terraform import databricks_pipeline.%s %s\n"):format(name,
    export.comment(item.pipeline_id)) or ""
  if #lost > 0 and adopt ~= "" then
    local names = table.concat(lost, ", ")
    adopt = adopt .. ("# The first apply then takes away from it what is not in this file:\n#   %s\n")
      :format(export.comment(names))
    warnings[#warnings + 1] = ("whoever adopts the pipeline by `terraform import` takes away from it "
      .. "what is not in the files, with the first apply: %s"):format(names)
  end
  local files = {
    ["versions.tf"] = hcl.encode(PROVIDERS),
    ["pipeline.tf"] = head .. adopt .. hcl.encode(blocks),
  }
  if #source_blocks > 0 then
    files["sources.tf"] = head .. hcl.encode(source_blocks)
  end
  return files, dropped, warnings
end

return M
