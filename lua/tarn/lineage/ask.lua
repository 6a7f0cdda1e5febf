--- Asking the sources of a lineage, as many as possible at the same time.
--
-- First all that the settings are enough for: events, the tables of the target schema, SQL. What
-- is asked next depends on the answers: the event log where events have no definitions, other
-- schemas that datasets turned out to be in, lineage tracking where the system table failed.

local catalog = require "tarn.lineage.catalog"
local code = require "tarn.lineage.code"
local columns = require "tarn.lineage.columns"
local coverage = require "tarn.lineage.coverage"
local definitions = require "tarn.lineage.definitions"
local fault = require "tarn.fault"
local names = require "tarn.lineage.names"
local observed = require "tarn.lineage.observed"
local pool = require "tarn.pool"
local warehouses = require "tarn.warehouses"

local M = {}

M.TABLE_LINEAGE = "system.access.table_lineage"

---@class tarn.LineageState what has been asked and answered so far
---@field ws tarn.WorkspaceClient
---@field ask tarn.LineageAsk
---@field pipeline table GetPipelineResponse
---@field spec table
---@field place tarn.LineagePlace
---@field coverage tarn.LineageCoverage
---@field graph? tarn.LineageGraph as an update told it
---@field code? tarn.LineageGraph  as the code says it
---@field observed tarn.ObservedEdge[]
---@field tables table<string, tarn.LineageTable> by name, of the schemas that were listed
---@field listed table<string, boolean> "catalog.schema" -> was listed, or could not be
---@field described tarn.LineageTable[] from information_schema

--- The graphs that are known: what an update told, and what the code says.
---@param state tarn.LineageState
---@return tarn.LineageGraph[]
function M.graphs(state)
  local list = {}
  list[#list + 1] = state.graph
  list[#list + 1] = state.code
  return list
end

--- All flows of all graphs.
---@param state tarn.LineageState
---@return tarn.LineageFlow[]
function M.flows(state)
  local list = {}
  for _, graph in ipairs(M.graphs(state)) do
    table.move(graph.flows, 1, #graph.flows, #list + 1, list)
  end
  return list
end

-- Call `f(...)`: its results with true in front, or false and the fault, which is then the
-- source's answer.
local function try(state, source, f, ...)
  local results = table.pack(fault.try(f, ...))
  local e = results[2]
  if results[1] == nil and fault.is(e) then
    if e.kind == "cancelled" then
      fault.raise(e)
    end
    state.coverage:failed(source, e)
    return false, e
  end
  return true, table.unpack(results, 1, results.n)
end

-- ---- definitions ----

local function read_events(state)
  if state.ask.source == "sql" then
    return state.coverage:skipped("events", "--source sql")
  end
  local ok, graph, reason = try(state, "events", definitions.from_events, state.ws, state.ask.id,
    function(n) state.progress(n, nil, "events of definitions read") end)
  if not ok then
    return
  end
  state.graph, state.graph_source = graph, "events"
  if graph and reason then
    state.coverage:partial("events", #graph.flows, reason)
  elseif graph then
    state.coverage:answered("events", #graph.flows, "of update " .. graph.update_id)
  elseif reason then
    state.coverage:partial("events", 0, reason)
  else
    local has_run = (state.pipeline.latest_updates or {})[1] ~= nil
    state.coverage:answered("events", 0, has_run
      and "no definitions, although the pipeline ran: they are gone, or no update came so far"
      or "the pipeline has never run")
  end
end

local function read_logs(state)
  local has_run = (state.pipeline.latest_updates or {})[1] ~= nil
  for _, log in ipairs(definitions.logs) do
    local name, read = log[1], log[2]
    if state.graph then
      state.coverage:skipped(name, "definitions are known")
    elseif not has_run and state.ask.source ~= "sql" then
      state.coverage:skipped(name, "the pipeline has never run")
    elseif not state.warehouse then
      state.coverage:skipped(name, state.no_warehouse)
    else
      local ok, graph = try(state, name, read, state.ws, state.sql_ask)
      if ok and graph then
        state.graph, state.graph_source = graph, name
        state.coverage:answered(name, #graph.flows, "of update " .. graph.update_id)
      elseif ok then
        state.coverage:answered(name, 0, "no definitions")
      end
    end
  end
end

-- ---- code ----

-- The code is asked if nobody told the graph, or if somebody wants to know what it says.
local function read_code(state)
  local libraries = state.spec.libraries
  if state.ask.source == "sql" then
    return state.coverage:skipped("code", "--source sql")
  elseif type(libraries) ~= "table" or #libraries == 0 then
    return state.coverage:skipped("code", "the pipeline has none")
  elseif state.graph and not state.ask.code then
    return state.coverage:skipped("code", "definitions are known")
  end
  local ok, graph, files = try(state, "code", code.read, state.ws, state.spec)
  if not ok then
    return
  end
  state.code, state.coverage.files = graph, files
  local not_all, first = 0, nil
  for _, file in ipairs(files) do
    if file.status ~= "read" then
      not_all, first = not_all + 1, first or file
    end
    for _, reason in ipairs(file.reasons) do
      state.coverage:unsure("code", ("%s: %s"):format(file.path, reason))
    end
  end
  local found = graph and #graph.flows or 0
  if first then
    state.coverage:partial("code", found, ("%d of %d files not understood, or not all of them: "
      .. "%s: %s"):format(not_all, #files, first.path, first.reasons[1]))
  else
    state.coverage:answered("code", found, ("%d files"):format(#files))
  end
end

-- ---- catalogs ----

local function list_schema(state, at, failures)
  local list, e = fault.try(catalog.list, state.ws, at.catalog, at.schema)
  if e and e.kind == "cancelled" then
    fault.raise(e)
  end
  -- a schema that is not there has no tables
  state.listed[at.catalog .. "." .. at.schema] = list ~= nil or coverage.is_missing(e)
  if not list then
    failures[#failures + 1] = { at = at, fault = e }
    return
  end
  for _, found in ipairs(list) do
    state.tables[found.name.fqn] = found
  end
end

-- List schemas that were not listed yet, and say in the coverage how all of them went.
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

local function list_target(state)
  if state.ask.source == "sql" then
    state.coverage:skipped("unity_catalog", "--source sql")
  elseif names.is_hive(state.place) then
    state.coverage:skipped("unity_catalog", "the pipeline publishes to "
      .. (state.place.catalog and "the Hive metastore" or "no catalog"))
  else
    list_schemas(state, { { catalog = state.place.catalog, schema = state.place.schema } })
  end
end

-- Schemas that tables of the pipeline are in, as far as anybody said, and nobody listed.
local function schemas_left(state)
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
  for _, graph in ipairs(M.graphs(state)) do
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

local function list_others(state)
  local left = schemas_left(state)
  if #left > 0 and state.ask.source ~= "sql" then
    list_schemas(state, left)
  end
end

-- ---- SQL ----

local function describe(state)
  if names.is_hive(state.place) then
    return state.coverage:skipped("information_schema", "there is none for "
      .. (state.place.catalog and "the Hive metastore" or "a pipeline without a catalog"))
  end
  local ok, list = try(state, "information_schema", catalog.information_schema, state.ws,
    state.place.catalog, state.place.schema, state.warehouse)
  if ok then
    state.described = list
    state.coverage:answered("information_schema", #list)
  end
end

local function observe(state)
  local ok, list = try(state, M.TABLE_LINEAGE, observed.system, state.ws, state.sql_ask)
  if ok then
    state.observed = list
    state.coverage:answered(M.TABLE_LINEAGE, #list)
  end
end

local function observe_columns(state)
  if state.ask.columns then
    local ok, list = try(state, columns.SYSTEM, columns.system, state.ws, state.sql_ask)
    if ok then
      state.pairs = list
      state.coverage:answered(columns.SYSTEM, #list)
    end
  end
end

local function find_warehouse(state)
  if state.ask.source == "rest" then
    state.no_warehouse = "--source rest"
    return nil
  end
  local id = state.ask.warehouse or state.ws.native:info().warehouse_id
  if id then
    return id
  end
  local found, e = fault.try(warehouses.default, state.ws)
  if e and e.kind == "cancelled" then
    fault.raise(e)
  end
  state.no_warehouse, state.warehouse_fault = e and "no warehouse: " .. e.message, e
  return found
end

local function read_sql(state)
  state.warehouse = find_warehouse(state)
  state.sql_ask = { id = state.ask.id, since = state.ask.since, warehouse = state.warehouse,
    pipeline = state.pipeline }
  if state.warehouse then
    local jobs = { describe, observe, observe_columns }
    jobs[4] = state.ask.source == "sql" and read_logs or nil
    return pool.each(jobs, function(read) read(state) end)
  end
  for _, source in ipairs { "information_schema", M.TABLE_LINEAGE,
    state.ask.columns and columns.SYSTEM or nil } do
    if state.warehouse_fault then
      state.coverage:failed(source, fault.new { kind = state.warehouse_fault.kind,
        op = "tarn lineage", message = state.no_warehouse, code = state.warehouse_fault.code })
    else
      state.coverage:skipped(source, state.no_warehouse)
    end
  end
end

-- ---- tracking ----

-- The datasets that Unity Catalog may know something about.
local function trackable(state)
  local list, seen = {}, {}
  local function add(name)
    if name and name.kind == "table" and name.catalog and name.catalog ~= "hive_metastore"
      and not seen[name.fqn] then
      seen[name.fqn] = true
      list[#list + 1] = name
    end
  end
  for _, flow in ipairs(M.flows(state)) do
    local name = names.find(flow.output, state.place)
    local key = name and name.catalog and name.catalog .. "." .. name.schema
    -- what was listed and is not there is a view that only the pipeline sees
    if key and not (state.listed[key] and not state.tables[name.fqn]) then
      add(name)
    end
  end
  for _, found in pairs(state.tables) do
    if found.pipeline_id == state.ask.id and not names.is_internal(found.name, state.own_log) then
      add(found.name)
    end
  end
  table.sort(list, function(a, b) return a.fqn < b.fqn end)
  return list
end

local function track(state)
  if state.coverage:has(M.TABLE_LINEAGE) then
    return state.coverage:skipped("lineage_tracking", M.TABLE_LINEAGE .. " answered")
  elseif state.ask.source == "sql" then
    return state.coverage:skipped("lineage_tracking", "--source sql")
  elseif names.is_hive(state.place) and #trackable(state) == 0 then
    return state.coverage:skipped("lineage_tracking", "nothing of it is in Unity Catalog")
  end
  local list = trackable(state)
  local ok, found, failed, first = try(state, "lineage_tracking", observed.tracking, state.ws,
    state.ask.id, list, function(done, total)
      state.progress(done, total, "tables asked for their neighbours")
    end)
  if not ok then
    return
  end
  state.observed = found
  if failed > 0 then
    state.coverage:partial("lineage_tracking", #found, ("%d of %d tables could not be asked: %s")
      :format(failed, #list, first.message), first)
  else
    state.coverage:answered("lineage_tracking", #found)
  end
end

--- Ask everybody.
---@param state tarn.LineageState
function M.all(state)
  pool.each({ read_events, list_target, read_sql }, function(read) read(state) end)
  if state.ask.source ~= "sql" or not state.warehouse then
    read_logs(state)
  end
  read_code(state)
  list_others(state)
  track(state)
end

return M
