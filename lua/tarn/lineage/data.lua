--- A lineage as data, in the schema of the HTTP API.

local clones = require "tarn.lineage.clones"
local edges = require "tarn.lineage.edges"
local json = require "native.json"
local time = require "base.time"

local M = {}

local function or_null(value)
  if value == nil then
    return json.null
  end
  return value
end

local function row(node)
  return {
    fqn = node.fqn, catalog = or_null(node.catalog), schema = or_null(node.schema),
    table = node.table, kind = node.kind, type = or_null(node.type),
    format = or_null(node.format), comment = or_null(node.comment),
    published = or_null(node.published), columns = node.columns, evidence = node.evidence,
    pipeline_id = node.pipeline_id,
  }
end

local function edge_row(edge)
  return {
    source = edge.source.fqn, target = edge.target.fqn, direction = edges.direction(edge),
    evidence = edge.evidence, flows = edge.flows, last_seen = edge.last_seen,
    pipelines = #edge.pipelines > 0 and edge.pipelines or nil,
    columns = #edge.columns > 0 and edge.columns or nil,
  }
end

local function clone_row(clone, own, spec)
  return {
    direction = clone.direction, depth = clone.depth, from = clone.from,
    pipeline_id = clone.pipeline_id, name = or_null(clone.name), host = or_null(clone.host),
    org_id = clone.org_id, profile = or_null(clone.profile), at = time.iso(clone.at),
    operation = clone.op, exists = or_null(clone.exists), reason = clone.reason,
    evidence = json.array { "journal", clone.exists and "copies" or nil },
    datasets = clones.datasets(clone, own, spec),
  }
end

-- Add to each dataset its names in copies and origins.
local function add_other_names(rows, list)
  local by_name = {}
  for _, clone in ipairs(list) do
    for _, pair in ipairs(clone.datasets) do
      by_name[pair.fqn] = by_name[pair.fqn] or { copy = json.array {}, origin = json.array {} }
      table.insert(by_name[pair.fqn][clone.direction], { fqn = pair.there,
        pipeline_id = clone.pipeline_id, pipeline_name = clone.name, org_id = clone.org_id,
        profile = clone.profile, certain = pair.certain })
    end
  end
  for _, one in ipairs(rows) do
    local found = by_name[one.fqn]
    if found then
      one.copies = #found.copy > 0 and found.copy or nil
      one.origins = #found.origin > 0 and found.origin or nil
    end
  end
end

-- Split the nodes into own datasets, upstream and downstream ones.
local function split(g)
  local own, up, down = {}, json.array {}, json.array {}
  local reads = {}
  for _, edge in ipairs(g.edges) do
    if edge.target.own or edge.target.kind == "sink" then
      reads[edge.source] = true
    end
  end
  for _, node in ipairs(g.nodes) do
    if node.own then
      own[#own + 1] = node
    else
      table.insert(reads[node] and up or down, row(node))
    end
  end
  return own, up, down
end

--- The data that `tarn lineage` returns.
---@param state tarn.LineageState
---@param g tarn.LineageEdges
---@param list tarn.LineageClone[]
---@return table
function M.of(state, g, list)
  local own, up, down = split(g)
  local datasets, links, copies = json.array {}, json.array {}, json.array {}
  for i, node in ipairs(own) do
    datasets[i] = row(node)
    datasets[i].pipeline_id = nil
  end
  for i, edge in ipairs(g.edges) do
    links[i] = edge_row(edge)
  end
  for i, clone in ipairs(list) do
    copies[i] = clone_row(clone, own, state.spec)
  end
  add_other_names(datasets, copies)
  local graph = state.graph
  return {
    pipeline_id = state.pipeline.pipeline_id, pipeline_name = state.pipeline.name,
    host = state.ws:host(), catalog = or_null(state.place.catalog),
    target_schema = or_null(state.place.schema), since = time.iso(state.ask.since),
    update = graph and { update_id = graph.update_id, state = graph.state,
      start_time = graph.started, end_time = graph.ended, defined_at = graph.at } or json.null,
    datasets = datasets, total_datasets = #datasets, upstream = up, downstream = down,
    edges = links, clones = copies, coverage = state.coverage:report(),
  }
end

return M
