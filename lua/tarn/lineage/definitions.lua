--- The graph that a pipeline's newest update has defined: datasets, flows and sinks.
--
-- Each update writes its whole graph to the event log while it sets up its tables. Events of the
-- REST API are read first, because they need only CAN_VIEW. They expire earlier than the event log;
-- if they have no definitions, the event log is asked, then the system tables.

local events = require "tarn.events"
local fault = require "base.fault"
local json = require "native.json"
local statements = require "tarn.statements"
local strings = require "base.strings"

local M = {}

local text = strings.non_empty

local TYPES <const> = "flow_definition,dataset_definition,sink_definition,create_update,"
  .. "update_progress"
-- A server that does not know the filter returns all events. Reading ends then with the page that
-- completes one of these.
local BLIND_EVENTS <const>, BLIND_PAGES <const> = 10000, 40

-- States in which an update may not have defined its whole graph yet.
local EARLY <const> = { CREATED = true, QUEUED = true, WAITING_FOR_RESOURCES = true,
  INITIALIZING = true, RESETTING = true, SETTING_UP_TABLES = true }

---@class tarn.LineageFlow
---@field name? string
---@field inputs string[]   as written
---@field output? string    as written
---@field sink? string
---@field flow_type? string
---@field comment? string
---@field columns? { name: string, type: string }[]
---@field from? table       the source of an ingestion flow: { catalog, schema, table }

---@class tarn.LineageGraph
---@field update_id string
---@field at string
---@field state? string     of the update, if the events have it
---@field started? string
---@field ended? string
---@field flows tarn.LineageFlow[]
---@field datasets table<string, { type?: string, expectations: integer }> by name as written
---@field sinks table<string, { format?: string }>

-- Elements are names, or objects that hold one.
local function inputs_of(list)
  local names = {}
  for _, input in ipairs(type(list) == "table" and list or {}) do
    if type(input) == "table" then
      input = input.full_name or input.name or input.dataset_name
    end
    names[#names + 1] = text(input)
  end
  return names
end

local function type_text(kind)
  if type(kind) == "table" then
    return text(kind.type) or "struct"
  end
  return text(kind) or "unknown"
end

-- The columns of a schema in Spark's JSON; nil if the text is no such schema.
local function columns_of(schema)
  if type(schema) ~= "string" then
    return nil
  end
  local decoded = fault.try(json.decode, schema)
  if type(decoded) ~= "table" or type(decoded.fields) ~= "table" then
    return nil
  end
  local columns = json.array {}
  for _, field in ipairs(decoded.fields) do
    if type(field) == "table" and text(field.name) then
      columns[#columns + 1] = { name = field.name, type = type_text(field.type) }
    end
  end
  return columns
end

local function source_of(origin)
  local name = text(origin.ingestion_source_table_name)
  return name and { catalog = text(origin.ingestion_source_catalog_name),
    schema = text(origin.ingestion_source_schema_name), table = name } or nil
end

local function new_graph(update_id, at)
  return { update_id = update_id, at = at, flows = {}, datasets = {}, sinks = {}, seen = {} }
end

local take = {}

function take.flow_definition(graph, body, origin)
  local flow = { name = text(origin.flow_name), inputs = inputs_of(body.input_datasets),
    output = text(body.output_dataset), sink = text(body.output_sink),
    flow_type = text(body.flow_type), comment = text(body.comment),
    columns = columns_of(body.schema_json), from = source_of(origin) }
  if flow.output or flow.sink then
    graph.flows[#graph.flows + 1] = flow
  end
end

function take.dataset_definition(graph, body, origin)
  local name = text(origin.dataset_name) or text(body.dataset_name)
  if name then
    graph.datasets[name] = { type = text(body.dataset_type),
      expectations = type(body.expectations) == "table" and #body.expectations or 0 }
  end
end

-- Options of a sink may hold secrets and are not read.
function take.sink_definition(graph, body, origin)
  local name = text(origin.sink_name) or text(body.name) or text(origin.dataset_name)
  if name then
    graph.sinks[name] = { format = text(body.format) }
  end
end

local function add(graph, kind, details, origin)
  local body = type(details) == "table" and details[kind]
  if take[kind] and type(body) == "table" then
    take[kind](graph, body, type(origin) == "table" and origin or {})
  end
end

-- ---- REST ----

local FINAL <const> = { COMPLETED = true, FAILED = true, CANCELED = true }

-- Events come newest first, so the first state is the newest.
local function take_state(graph, event)
  if event.event_type == "create_update" then
    graph.started = event.timestamp
  elseif event.event_type == "update_progress" then
    local body = type(event.details) == "table" and event.details.update_progress or {}
    graph.state = graph.state or text(body.state)
    graph.ended = graph.ended or FINAL[body.state] and event.timestamp or nil
  end
end

local function replay(graph, list)
  for i = #list, 1, -1 do
    add(graph, list[i].event_type, list[i].details, list[i].origin)
  end
end

-- Reads events until the beginning of the newest update with definitions, and keeps only events of
-- this update. `pending` holds states of updates whose definitions have not come yet.
local function new_reader()
  local reader = { kept = {}, pending = {}, count = 0 }
  function reader.take(event)
    local id = type(event.origin) == "table" and event.origin.update_id
    if not text(id) or reader.over then
      return
    end
    if take[event.event_type] then
      reader.graph = reader.graph or new_graph(id, event.timestamp)
      if reader.graph.update_id == id then
        reader.kept[#reader.kept + 1] = event
      end
    end
    local graph = reader.graph
    if not graph then
      reader.pending[#reader.pending + 1] = event
    elseif graph.update_id == id then
      for _, before in ipairs(reader.pending) do
        if before.origin.update_id == id then
          take_state(graph, before)
        end
      end
      reader.pending = {}
      take_state(graph, event)
      reader.over = event.event_type == "create_update"
    elseif event.event_type == "create_update" and reader.kept[1] then
      reader.over = true -- the beginning of an older update
    end
  end
  return reader
end

-- Read pages until the reader has enough. Returns the number of events that were read if that was
-- not enough, because the server does not know the filter.
local function read_pages(ws, id, reader, progress)
  local criteria = events.criteria("tarn lineage", { type = TYPES })
  local read, pages, done = 0, 0, nil
  local function take_page(list)
    read, pages, done = read + #list, pages + 1, list
    for _, event in ipairs(list) do
      if criteria.matches(event) then
        reader.take(event)
        reader.count = reader.count + 1
      end
    end
    if progress then
      progress(reader.count)
    end
    local limited = read >= BLIND_EVENTS or pages >= BLIND_PAGES
    return not reader.over and not (criteria.refused and limited)
  end
  local last
  for list in events.pages(ws, id, { max_results = events.PAGE }, criteria, take_page) do
    last = list
  end
  if last and last ~= done then -- `events.pages` does not call `take_page` for the last page
    take_page(last)
    return nil
  end
  return last ~= nil and not reader.over and read or nil
end

--- Why a graph may be incomplete; nil if its update got far enough, or has told no state.
---@param graph tarn.LineageGraph
---@return string?
function M.why_partial(graph)
  if graph.state and EARLY[graph.state] then
    return ("update %s is %s: it may not have defined its whole graph yet"):format(
      graph.update_id, graph.state)
  end
end

--- The graph from events of the REST API.
---@param ws tarn.WorkspaceClient
---@param id string
---@param progress? fun(events: integer)
---@return tarn.LineageGraph? graph nil if there are no definitions
---@return string? reason why the graph may be incomplete
function M.from_events(ws, id, progress)
  local reader = new_reader()
  local cut = read_pages(ws, id, reader, progress)
  local graph = reader.graph
  local limited = cut and ("only the newest %d events were read"):format(cut)
  if not graph then
    return nil, limited or nil
  end
  replay(graph, reader.kept)
  return graph, limited or M.why_partial(graph)
end

-- ---- SQL ----

local function decoded(cell)
  if type(cell) ~= "string" then
    return nil
  end
  local value = fault.try(json.decode, cell)
  return type(value) == "table" and value or nil
end

-- The graph in rows from the oldest to the newest.
local function from_rows(ws, ask, sql, params)
  local graph
  local states = {}
  local rows <close> = ws:sql(sql, params, { text = true, warehouse_id = ask.warehouse })
  for row in rows do
    graph = graph or new_graph(row.update_id, row.at)
    if take[row.event_type] then
      graph.at = row.at
      add(graph, row.event_type, { flow_definition = decoded(row.flow),
        dataset_definition = decoded(row.definition), sink_definition = decoded(row.sink) },
        decoded(row.origin))
    else
      states[#states + 1] = { event_type = row.event_type, timestamp = row.at,
        details = { update_progress = decoded(row.progress) } }
    end
  end
  for i = #states, 1, -1 do
    take_state(graph, states[i])
  end
  return graph
end

-- The field `origin` is a JSON text in some event logs and a struct in others.
local function from_log(ws, ask, from)
  local graph, e = fault.try(from_rows, ws, ask, statements.lineage.log(from, true, ask))
  if graph or not e then
    return graph
  elseif e.kind ~= "sql" or require("tarn.expectations").is_missing(e) then
    fault.raise(e)
  end
  local again, other = fault.try(from_rows, ws, ask, statements.lineage.log(from, false, ask))
  if other then
    fault.raise(e)
  end
  return again
end

--- The other sources of definitions, in order: a name, and a function that returns the graph or
-- nil.
---@type { [1]: string, [2]: fun(ws: tarn.WorkspaceClient, ask: table): tarn.LineageGraph? }[]
M.logs = {
  { "event_log", function(ws, ask) return from_log(ws, ask, statements.event_log(ask.id)) end },
  { "event_log_table", function(ws, ask)
    local from = statements.event_log_table(ask.pipeline)
    if not from then
      fault.raise { kind = "sql", op = "tarn lineage", code = "TABLE_OR_VIEW_NOT_FOUND",
        message = "the pipeline has no catalog and schema, and so no event log table" }
    end
    return from_log(ws, ask, from)
  end },
}
for _, from in ipairs(statements.quality.EVENTS) do
  M.logs[#M.logs + 1] = { from, function(ws, ask)
    return from_rows(ws, ask, statements.lineage.system(from, ask))
  end }
end

return M
