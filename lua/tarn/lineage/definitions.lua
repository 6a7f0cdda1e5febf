--- The graph that a pipeline's newest update defined: its datasets, flows and sinks.
--
-- Each update tells its whole graph while it sets up its tables (reference B.4). Events of REST
-- are read first: they need no more than CAN_VIEW. They are kept for a shorter time than logs, so
-- where they have none the event log is asked, and then the system table.

local events = require "tarn.events"
local fault = require "base.fault"
local json = require "native.json"
local statements = require "tarn.statements"

local M = {}

local PAGE <const> = 250
local TYPES <const> = "flow_definition,dataset_definition,sink_definition,create_update,"
  .. "update_progress"
-- A server that does not know the filter gives every event: so many pages of them are read.
local BLIND_PAGES <const> = 40

-- States in which an update may not have told all of its graph yet.
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
---@field from? table       catalog, schema, table: what an ingestion flow reads elsewhere

---@class tarn.LineageGraph
---@field update_id string
---@field at string
---@field state? string     of the update, as far as the events tell
---@field started? string
---@field ended? string
---@field flows tarn.LineageFlow[]
---@field datasets table<string, { type?: string, expectations: integer }> by name as written
---@field sinks table<string, { format?: string }>

local function text(value)
  return type(value) == "string" and value ~= "" and value or nil
end

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

-- The columns of a schema in Spark's own JSON; nil if it is none.
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

-- Options of a sink may hold anything, secrets too: they are left where they are.
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

-- Reads until the beginning of the newest update that has definitions. Of updates before and
-- after it nothing is kept; `pending` are states of updates that have told no graph so far.
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
      reader.over = true -- the beginning of an older one
    end
  end
  return reader
end

-- Give a reader all events that it wants; returns true if it had to stop before it had them.
local function read_pages(ws, id, reader, progress)
  local criteria = events.criteria("tarn lineage", { type = TYPES })
  local pages, done = 0, nil
  local function take_page(list)
    pages, done = pages + 1, list
    for _, event in ipairs(list) do
      if criteria.matches(event) then
        reader.take(event)
        reader.count = reader.count + 1
      end
    end
    if progress then
      progress(reader.count)
    end
    return not reader.over and not (criteria.refused and pages >= BLIND_PAGES)
  end
  local last
  for list in events.pages(ws, id, { max_results = PAGE }, criteria, take_page) do
    last = list
  end
  if last and last ~= done then -- of the last page nobody asks whether there is more
    take_page(last)
    return false
  end
  return last ~= nil and not reader.over
end

--- The graph from the events of REST; nil if there are no definitions. The second result says
-- why the graph may not be whole.
---@param ws tarn.WorkspaceClient
---@param id string
---@param progress? fun(events: integer)
---@return tarn.LineageGraph?, string? reason
function M.from_events(ws, id, progress)
  local reader = new_reader()
  local cut = read_pages(ws, id, reader, progress)
  local graph = reader.graph
  local looked = cut and ("only the newest %d events were looked at"):format(BLIND_PAGES * PAGE)
  if not graph then
    return nil, looked or nil
  end
  replay(graph, reader.kept)
  if looked then
    return graph, looked
  elseif graph.state and EARLY[graph.state] then
    return graph, ("update %s is %s: it may not have told its whole graph yet"):format(
      graph.update_id, graph.state)
  end
  return graph
end

-- ---- SQL ----

local function decoded(cell)
  if type(cell) ~= "string" then
    return nil
  end
  local value = fault.try(json.decode, cell)
  return type(value) == "table" and value or nil
end

local function from_rows(ws, ask, sql, params)
  local graph
  local rows <close> = ws:sql(sql, params, { warehouse_id = ask.warehouse })
  for row in rows do
    graph = graph or new_graph(row.update_id, row.at)
    add(graph, row.event_type, { flow_definition = decoded(row.flow),
      dataset_definition = decoded(row.definition), sink_definition = decoded(row.sink) },
      { dataset_name = row.dataset })
  end
  return graph
end

-- As in tarn.expectations: origins are texts in some logs, and structs in others.
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

--- The other places where definitions are kept, in their order: name, and a function that gives
-- the graph, or nil if there are none.
---@type { [1]: string, [2]: fun(ws: tarn.WorkspaceClient, ask: table): tarn.LineageGraph? }[]
M.logs = {
  { "event_log", function(ws, ask) return from_log(ws, ask, statements.event_log(ask.id)) end },
  { "event_log_table", function(ws, ask)
    local from = statements.event_log_table(ask.pipeline)
    if not from then
      fault.raise { kind = "sql", op = "tarn lineage", code = "TABLE_OR_VIEW_NOT_FOUND",
        message = "the pipeline has no catalog and schema in which its event log could be" }
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
