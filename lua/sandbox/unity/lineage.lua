--- /api/2.0/lineage-tracking: the direct upstreams and downstreams of a table (api E.5), taken from
--- the datasets that pipelines have published.

local json = require "native.json"
local clock = require "sandbox.clock"
local errors = require "sandbox.http.errors"
local unity = require "sandbox.unity"

local M = {}

local PUBLISHED <const> = [[
SELECT d.*, p.name AS pipeline_name FROM datasets AS d JOIN pipelines AS p ON p.id = d.pipeline_id
WHERE d.published <= :now AND ifnull(d.deleted > :now, 1) AND d.type <> 'VIEW'
  AND d.catalog <> 'hive_metastore']]

local UP <const> = PUBLISHED
  .. " AND d.catalog = :catalog AND d.schema = :schema AND d.name = :own ORDER BY d.pipeline_id"

local DOWN <const> = PUBLISHED .. [[
  AND instr(d.inputs, :quoted)
  AND EXISTS (SELECT 1 FROM json_each(d.inputs) AS i WHERE i.value = :name)
  ORDER BY d.catalog, d.schema, d.name]]

-- Most clients send the arguments in the query, some in the body of the GET.
local function arguments(req)
  local body = type(req.body) == "table" and req.body or {}
  local name = req.query.table_name or body.table_name
  if type(name) ~= "string" or name == "" then
    errors.invalid "table_name is required."
  end
  local entities = req.query.include_entity_lineage or body.include_entity_lineage
  return name:lower(), tostring(entities) == "true", req.query.column_name or body.column_name
end

local function table_info(w, full, at)
  local catalog, schema, name = unity.split(full)
  local row = catalog and unity.find_table(w, catalog, schema, name)
  return {
    name = name or full, catalog_name = catalog, schema_name = schema,
    table_type = row and row.type or "TABLE",
    lineage_timestamp = (clock.iso(math.min(at, w.clock:now())):gsub("T", " "):gsub("Z", "")),
  }
end

local function pipeline_infos(w, dataset)
  return {
    { workspace_id = w.org_id, pipeline_id = dataset.pipeline_id,
      pipeline_name = dataset.pipeline_name },
  }
end

local function add(w, list, full, dataset, entities)
  list[#list + 1] = {
    tableInfo = table_info(w, full, dataset.refreshed),
    pipelineInfos = entities and pipeline_infos(w, dataset) or nil,
  }
end

local function full_name(dataset)
  return ("%s.%s.%s"):format(dataset.catalog, dataset.schema, dataset.name)
end

local function neighbours(w, name, visit_up, visit_down)
  local catalog, schema, own = unity.split(name)
  local up = { now = w.clock:now(), catalog = catalog, schema = schema, own = own }
  for _, dataset in ipairs(own and w.db:query(UP, up) or {}) do
    for _, input in ipairs(json.decode(dataset.inputs)) do
      visit_up(input, dataset)
    end
  end
  -- `instr` on the JSON text comes first: it is cheap, and few rows have the name
  local down = { now = up.now, name = name, quoted = json.encode(name) }
  for _, dataset in ipairs(w.db:query(DOWN, down)) do
    visit_down(full_name(dataset), dataset)
  end
end

local function table_lineage(w, req)
  local name, entities = arguments(req)
  local up, down = {}, {}
  neighbours(w, name, function(full, dataset)
    add(w, up, full, dataset, entities)
  end, function(full, dataset)
    add(w, down, full, dataset, entities)
  end)
  return { upstreams = #up > 0 and up or nil, downstreams = #down > 0 and down or nil }
end

local function find_column(w, full, name)
  local catalog, schema, table_name = unity.split(full)
  local row = catalog and unity.find_table(w, catalog, schema, table_name)
  for _, column in ipairs(row and json.decode(row.columns) or {}) do
    if column.name == name then
      return { name = name, catalog_name = catalog, schema_name = schema, table_name = table_name,
        table_type = row.type }
    end
  end
end

-- In the embedded workspace a column keeps its name from table to table.
local function column_lineage(w, req)
  local name, _, column = arguments(req)
  if type(column) ~= "string" or column == "" then
    errors.invalid "column_name is required."
  end
  local up, down = {}, {}
  neighbours(w, name, function(full)
    up[#up + 1] = find_column(w, full, column)
  end, function(full)
    down[#down + 1] = find_column(w, full, column)
  end)
  return { upstream_cols = #up > 0 and up or nil, downstream_cols = #down > 0 and down or nil }
end

M.routes = {
  { "GET", "/api/2.0/lineage-tracking/table-lineage", table_lineage },
  { "GET", "/api/2.0/lineage-tracking/column-lineage", column_lineage },
}

return M
