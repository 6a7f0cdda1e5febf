--- Merge the answers of all sources into one graph: which tables are the pipeline's own, and why.

local edges = require "tarn.lineage.edges"
local names = require "tarn.lineage.names"
local settings = require "tarn.lineage.settings"

local M = {}

local TABLE_LINEAGE <const> = "system.access.table_lineage"

-- Event logs and the platform's internal tables are left out.
local function is_left_out(state, name)
  if names.is_internal(name, state.own_log) then
    state.coverage:omit "event logs and internal tables"
    return true
  end
  return false
end

-- ---- definitions ----

local function facts_of(from, written, flow)
  local defined = from.graph.datasets[written]
  return { type = defined and defined.type, columns = flow and flow.columns,
    comment = flow and flow.comment }
end

local function own_node(state, g, from, written, flow)
  local name = names.find(written, state.place)
  if not name or is_left_out(state, name) then
    return nil
  end
  local node = g:node(name, from.evidence, facts_of(from, written, flow))
  node.own = true
  return node
end

local function sink_node(g, from, flow)
  local sink = from.graph.sinks[flow.sink] or {}
  return g:node({ kind = "sink", table = flow.sink, fqn = "sink:" .. flow.sink },
    from.evidence, { format = sink.format })
end

local function add_flow(state, g, from, flow)
  local target = flow.output and own_node(state, g, from, flow.output, flow)
    or flow.sink and sink_node(g, from, flow)
  if not target then
    return
  end
  for _, input in ipairs(flow.inputs) do
    local name = names.find(input, state.place)
    if name and not is_left_out(state, name) then
      local edge = g:edge(g:node(name), target, from.evidence)
      if edge then
        edges.note(edge, "flows", flow.name)
      else
        state.coverage:omit "a table to itself"
      end
    end
  end
  if flow.from then
    local edge = g:edge(g:node(settings.source(state.spec, flow.from)), target, from.evidence)
    edges.note(edge, "flows", flow.name)
  end
end

-- `from` is a graph and the name of its source: { graph, evidence }.
local function add_definitions(state, g, from)
  for written in pairs(from.graph.datasets) do
    own_node(state, g, from, written)
  end
  for _, flow in ipairs(from.graph.flows) do
    add_flow(state, g, from, flow)
  end
end

-- ---- settings ----

local function add_ingested(state, g)
  for _, one in ipairs(state.ingested) do
    local node = g:node(one.target, "settings")
    node.own = true
    g:edge(g:node(one.source), node, "settings")
  end
end

-- ---- catalogs ----

local function add_owned(state, g)
  for _, found in pairs(state.tables) do
    if found.pipeline_id == state.ask.id and not is_left_out(state, found.name) then
      g:node(found.name, "unity_catalog").own = true
    end
  end
end

-- A table has one owner. If another pipeline manages it, it is not this pipeline's own, although
-- this pipeline defines it.
local function disown(state, node, owner)
  node.pipeline_id = owner
  if node.own then
    node.own = nil
    state.coverage:unsure("datasets", ("%s is defined by this pipeline, and managed by pipeline %s")
      :format(node.fqn, owner))
  end
end

-- Add what catalogs know about the nodes.
local function describe(state, g)
  local described = {}
  for _, found in ipairs(state.described) do
    described[found.name.fqn] = found
  end
  for _, node in ipairs(g.nodes) do
    local found, other = state.tables[node.fqn], described[node.fqn]
    if found then
      -- the type of the catalog takes precedence over that of the event
      node.type = found.type or node.type
      node.format = node.format or found.format
      node.comment = found.comment or node.comment
      if found.pipeline_id and found.pipeline_id ~= state.ask.id then
        disown(state, node, found.pipeline_id)
      end
    end
    if other then
      g:node(node, "information_schema", { type = other.type, format = other.format,
        comment = other.comment })
    end
    if found or other then
      node.published = true
    elseif node.kind == "table" and node.own then
      local listed = node.catalog and state.listed[node.catalog .. "." .. node.schema]
      if listed or not node.catalog then
        node.published = false
      end
    end
  end
end

-- ---- observed reads and writes ----

-- Decide about a table that the pipeline has written. False if it is left out; a table that no
-- other source knows becomes its own.
local function judge_written(state, g, edge)
  local name = edge.target
  local known = g:find(name.fqn)
  local found = state.tables[name.fqn]
  if known and known.own or found then
    return true -- its own, or another pipeline's
  elseif name.catalog and state.listed[name.catalog .. "." .. name.schema] then
    if not state.gone[name.fqn] then
      state.gone[name.fqn] = true
      state.coverage:unsure("datasets", ("%s was written by this pipeline%s, but is neither in "
        .. "its graph nor among the visible tables: it was dropped, or is not visible"):format(
          name.fqn, edge.at and " (" .. edge.at .. ")" or ""))
    end
    return false
  end
  g:node(name, state.observed_source, { type = edge.target_type }).own = true
  return true
end

-- True for an edge of another pipeline that neither reads nor writes an own table. It only says who
-- owns its target.
local function is_beside(g, edge)
  local source = edge.source and g:find(edge.source.fqn)
  local target = g:find(edge.target.fqn)
  if not edge.mine and target and not target.own and not (source and source.own) then
    target.pipeline_id = target.pipeline_id or edge.pipeline_id
    return true
  end
  return not edge.mine and not target and not (source and source.own)
end

local function is_kept(state, g, edge)
  if not edge.target or is_beside(g, edge) or is_left_out(state, edge.target)
    or edge.source and is_left_out(state, edge.source) then
    return false
  elseif edge.source and edge.source.fqn == edge.target.fqn then
    state.coverage:omit "a table to itself"
    return false
  elseif edge.source and g:reads_through_view(edge.source.fqn, edge.target.fqn) then
    return false -- the way through the view is shown
  end
  return not edge.mine or judge_written(state, g, edge)
end

-- Put the pipeline's own edges first. They say which tables are its own, and of the other edges
-- only those from or to own tables are kept.
local function own_first(list)
  local sorted = {}
  for _, mine in ipairs { true, false } do
    for _, edge in ipairs(list) do
      sorted[#sorted + 1] = (edge.mine == true) == mine and edge or nil
    end
  end
  return sorted
end

local function add_observed(state, g)
  local evidence = state.observed_source
  for _, edge in ipairs(own_first(state.observed)) do
    if is_kept(state, g, edge) then
      local target = g:node(edge.target, nil, { type = edge.target_type })
      if target.own then
        g:node(target, evidence)
      elseif not edge.mine then
        target.pipeline_id = target.pipeline_id or edge.pipeline_id
      end
      if edge.source then
        local source = g:node(edge.source, nil, { type = edge.source_type })
        local made = g:edge(source, target, evidence)
        if edge.at and (made.last_seen or "") < edge.at then
          made.last_seen = edge.at
        end
        if not edge.mine then
          edges.note(made, "pipelines", edge.pipeline_id)
        end
      end
    end
  end
end

--- Add pairs of columns to their edges.
---@param g tarn.LineageEdges
---@param list tarn.ColumnPair[]
function M.columns(g, list)
  for _, pair in ipairs(list) do
    local edge = g:find_edge(pair.source, pair.target)
    if edge then
      table.insert(edge.columns, { source = pair.source_column, target = pair.target_column })
    end
  end
end

--- Merge all answers.
---@param state tarn.LineageState
---@return tarn.LineageEdges
function M.graph(state)
  local g = edges.new()
  state.observed_source = state.coverage:has(TABLE_LINEAGE) and TABLE_LINEAGE
    or "lineage_tracking"
  state.gone = {}
  if state.graph then
    add_definitions(state, g, { graph = state.graph, evidence = state.graph_source })
  end
  if state.code then
    add_definitions(state, g, { graph = state.code, evidence = "code" })
  end
  add_ingested(state, g)
  add_owned(state, g)
  add_observed(state, g)
  describe(state, g)
  return g
end

return M
