--- Names of pipelines, catalogs, schemas, tables, warehouses, updates and fields, for completion.
--
-- Completion asks at each TAB, so names are kept for a minute below $XDG_CACHE_HOME/tarn/names. A
-- workspace has two seconds to answer. After that the names that have arrived are used, or the
-- older ones of the file if these are more.

local fault = require "base.fault"
local fs = require "native.fs"
local http = require "native.http"
local json = require "native.json"
local pages = require "base.pages"
local task = require "native.task"

local M = {}

local FRESH <const> = 60       -- seconds
local FRESH_PART <const> = 10  -- seconds, for an incomplete list
local PATIENCE <const> = 2     -- seconds for the workspace's answer
local NEWEST <const> = 25      -- updates

---@alias tarn.Name { [1]: string, [2]: string } the word and its description

-- Kind -> function that calls `add(word, description)` for each name.
local sources = {}

-- A name that several pipelines have is of no use alone, so their ids follow it.
function sources.pipeline(ws, add)
  local pipelines = require "tarn.pipelines"
  local first = {}
  for item in pipelines.states(ws) do
    local name = item.name or ""
    if first[name] == nil then
      first[name] = item
      add(name, item.state)
    else
      for _, one in ipairs { first[name] or item, first[name] and item } do
        add(one.pipeline_id, ("%s, %s"):format(name, pipelines.about(one)))
      end
      first[name] = false
    end
  end
end

function sources.catalog(ws, add)
  for catalog in pages.items(function(query)
    return (ws:request("GET", "/api/2.1/unity-catalog/catalogs", { query = query }))
  end, "catalogs", { op = "catalogs.list", id = "name" }) do
    add(catalog.name, type(catalog.comment) == "string" and catalog.comment or "catalog")
  end
end

function sources.warehouse(ws, add)
  for _, warehouse in ipairs(require("tarn.sql").warehouses.all(ws)) do
    add(warehouse.id, ("%s, %s"):format(warehouse.name, warehouse.state))
  end
end

function sources.update(ws, add, pipeline)
  local id = require("tarn.pipelines").find_id(ws, pipeline)
  for update in ws:updates(id, { max = NEWEST }) do
    add(update.update_id, update.state)
  end
end

function sources.schema(ws, add, catalog)
  for schema in pages.items(function(query)
    query = query or {}
    query.catalog_name = catalog
    return (ws:request("GET", "/api/2.1/unity-catalog/schemas", { query = query }))
  end, "schemas", { op = "schemas.list", id = "name" }) do
    add(schema.name, type(schema.comment) == "string" and schema.comment or "schema")
  end
end

-- The tables in the schema of a pipeline that are the pipeline's own.
function sources.dataset(ws, add, pipeline)
  local found = require("tarn.pipelines").find(ws, pipeline)
  local schema = found.spec.schema or found.spec.target
  if not found.spec.catalog or not schema then
    return
  end
  for row in pages.items(function(query)
    query = query or {}
    query.catalog_name, query.schema_name = found.spec.catalog, schema
    return (ws:request("GET", "/api/2.1/unity-catalog/tables", { query = query }))
  end, "tables", { op = "tables.list", id = "name" }) do
    if not row.pipeline_id or row.pipeline_id == found.pipeline_id then
      add(row.name, row.table_type or "table")
    end
  end
end

-- A path as people type it: the key of a map stands behind a dot, whatever dots it has.
local function typed_path(spec, keys)
  local key = keys[#keys]
  if spec.is_in_map(keys) and key:find "^[%w_.-]+$" then
    return spec.path(table.move(keys, 1, #keys - 1, 1, {})) .. "." .. key
  end
  return spec.path(keys)
end

-- The fields that are set. Values of maps may be secrets and are left out, as are all that look so.
function sources.setting(ws, add, pipeline)
  local secrets, spec = require "base.secrets", require "tarn.spec"
  spec.each(spec.settings(require("tarn.pipelines").find(ws, pipeline)), function(keys, value)
    local path = spec.path(keys)
    local is_plain = not spec.is_in_map(keys) and type(value) ~= "table" and value ~= json.null
      and secrets.mask_at(path, value) == value
    add(typed_path(spec, keys), is_plain and tostring(value) or "")
  end)
end

-- ---- the cache ----

-- The file for the names of a kind, and its folder; nil if there is no folder for caches.
local function find_path(ws, kind, of)
  local cache = require("base.directories").find_cache_dir()
  local dir = cache and cache .. "/names"
  local workspace = require("tarn.workspace")
  local whom = workspace.is_embedded(ws.profile) and ws.profile or ws:host()
  return dir and ("%s/%s.%s.json"):format(dir, http.escape(whom),
    http.escape(of and kind .. "/" .. of or kind)), dir
end

-- The names in the file, and whether they are fresh. A file that cannot be read counts as missing.
local function find_kept(path)
  local text = path and fs.find_read(path)
  local kept = text and fault.try(json.decode, text)
  if type(kept) ~= "table" or type(kept.at) ~= "number" or type(kept.names) ~= "table" then
    return nil, false
  end
  local age = task.time() / 1000 - kept.at
  return kept.names, age >= 0 and age < (kept.whole and FRESH or FRESH_PART)
end

-- Write the names to the file; an error does not matter.
local function keep(path, dir, names, whole)
  fault.try(function()
    fs.mkdir(dir, { parents = true, mode = 448 })
    fs.write(path, json.encode { at = task.time() / 1000, names = names, whole = whole },
      { mode = 384 })
  end)
end

--- The names of a kind in a workspace; none if the workspace does not answer in time.
---@param ws tarn.WorkspaceClient
---@param kind "pipeline"|"catalog"|"schema"|"dataset"|"warehouse"|"update"|"setting"
---@param of? string the catalog of schemas; the pipeline of datasets, updates and settings
---@return tarn.Name[]
function M.all(ws, kind, of)
  local path, dir = find_path(ws, kind, of)
  local kept, fresh = find_kept(path)
  if fresh then
    return kept
  end
  local names = json.array {}
  local _, e = fault.try(require("base.pool").timeout, PATIENCE, sources[kind], ws,
    function(word, what) names[#names + 1] = { word, what } end, of)
  if fault.is(e, "cancelled") then
    fault.raise(e)
  elseif e and #names < #(kept or {}) then
    return kept
  elseif path and (#names > 0 or not e) then
    keep(path, dir, names, not e)
  end
  return names
end

return M
