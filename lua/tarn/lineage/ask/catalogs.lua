--- Ask Unity Catalog for the tables of the schemas to which a pipeline publishes.

local catalog = require "tarn.lineage.catalog"
local coverage = require "tarn.lineage.coverage"
local fault = require "base.fault"
local names = require "tarn.lineage.names"
local pool = require "base.pool"
local states = require "tarn.lineage.ask.state"

local M = {}

local function list_schema(state, at, failures)
  local list, e = fault.try(catalog.list, state.ws, at.catalog, at.schema)
  if e and e.kind == "cancelled" then
    fault.raise(e)
  end
  -- a schema that does not exist has no tables
  state.listed[at.catalog .. "." .. at.schema] = list ~= nil or coverage.is_missing(e)
  if not list then
    failures[#failures + 1] = { at = at, fault = e }
    return
  end
  for _, found in ipairs(list) do
    state.tables[found.name.fqn] = found
  end
end

-- List schemas, and put the outcome of all listed schemas into the coverage.
local function list_schemas(state, places)
  local failures = state.failures
  pool.each(places, function(at) list_schema(state, at, failures) end)
  local own, count = 0, 0
  for _, found in pairs(state.tables) do
    own = own + (found.pipeline_id == state.ask.id and 1 or 0)
  end
  for _ in pairs(state.listed) do
    count = count + 1
  end
  if #failures == 0 then
    state.coverage:answered("unity_catalog", own)
  elseif #failures == count then
    state.coverage:failed("unity_catalog", failures[1].fault)
  else
    state.coverage:partial("unity_catalog", own, ("%s could not be listed: %s"):format(
      names.join(failures[1].at.catalog, failures[1].at.schema), failures[1].fault.message),
      failures[1].fault)
  end
end

--- The tables of the target schema.
---@param state tarn.LineageState
function M.target(state)
  if state.ask.source == "sql" then
    state.coverage:skipped("unity_catalog", "--source sql")
  elseif names.is_hive(state.place) then
    state.coverage:skipped("unity_catalog", "the pipeline publishes to "
      .. (state.place.catalog and "the Hive metastore" or "no catalog"))
  else
    list_schemas(state, { { catalog = state.place.catalog, schema = state.place.schema } })
  end
end

-- The schemas with tables of the pipeline that were not listed yet.
local function find_unlisted(state)
  local left, seen = {}, {}
  local function want(name)
    if name and name.kind == "table" and name.catalog and name.catalog ~= "hive_metastore"
      and not names.is_internal(name) then
      local key = name.catalog .. "." .. name.schema
      if state.listed[key] == nil and not seen[key] then
        seen[key] = true
        left[#left + 1] = { catalog = name.catalog, schema = name.schema }
      end
    end
  end
  for _, graph in ipairs(states.graphs(state)) do
    for written in pairs(graph.datasets) do
      want(names.find(written, state.place))
    end
    for _, flow in ipairs(graph.flows) do
      want(names.find(flow.output, state.place))
    end
  end
  for _, edge in ipairs(state.observed) do
    want(edge.mine and edge.target or nil)
  end
  for _, one in ipairs(state.ingested) do
    want(one.target)
  end
  return left
end

--- The tables of other schemas in which datasets are.
---@param state tarn.LineageState
function M.others(state)
  local left = find_unlisted(state)
  if #left > 0 and state.ask.source ~= "sql" then
    list_schemas(state, left)
  end
end

return M
