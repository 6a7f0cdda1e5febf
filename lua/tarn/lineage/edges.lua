--- The graph of a lineage: nodes and edges with their evidence. Pure.
--
-- A node is one of the pipeline's own datasets, one of their inputs (upstream), or something that
-- is made from them (downstream). If two sources know the same edge, it is one edge with two pieces
-- of evidence.

local collections = require "base.collections"
local glob = require "base.glob"
local json = require "native.json"

local M = {}

---@class tarn.LineageNode
---@field fqn string
---@field catalog? string
---@field schema? string
---@field table string
---@field kind "table"|"path"|"source"|"sink"
---@field own? boolean
---@field type? string
---@field format? string
---@field comment? string
---@field published? boolean nil: not known
---@field pipeline_id? string the other pipeline that owns it
---@field columns? { name: string, type: string }[]
---@field evidence string[]

---@class tarn.LineageEdge
---@field source tarn.LineageNode
---@field target tarn.LineageNode
---@field evidence string[]
---@field flows string[]
---@field last_seen? string
---@field pipelines string[]  other pipelines that write the target from the source
---@field columns table[]

---@class tarn.LineageEdges
local Edges = {}
Edges.__index = Edges

--- A graph without nodes.
---@return tarn.LineageEdges
function M.new()
  return setmetatable({ nodes = {}, by_name = {}, edges = {}, by_pair = {} }, Edges)
end

local FILLED <const> = { "type", "format", "comment", "pipeline_id", "columns" }

--- The node of a name, created at its first use. Facts that the node does not have yet are filled
-- in; known ones stay, since the better sources come first.
---@param name tarn.LineageName or a table like one
---@param evidence? string
---@param facts? table type, format, comment, pipeline_id, columns
---@return tarn.LineageNode
function Edges:node(name, evidence, facts)
  local node = self.by_name[name.fqn]
  if not node then
    node = { fqn = name.fqn, catalog = name.catalog, schema = name.schema, table = name.table,
      kind = name.kind or "table", evidence = json.array {} }
    self.by_name[name.fqn] = node
    self.nodes[#self.nodes + 1] = node
  end
  if evidence then
    collections.add_once(node.evidence, evidence)
  end
  for _, field in ipairs(FILLED) do
    if facts and node[field] == nil then
      node[field] = facts[field]
    end
  end
  return node
end

--- The node of a name.
---@param fqn string
---@return tarn.LineageNode?
function Edges:find(fqn)
  return self.by_name[fqn]
end

--- The edge between two nodes, created at its first use; nil for a node to itself.
---@param source tarn.LineageNode
---@param target tarn.LineageNode
---@param evidence string
---@return tarn.LineageEdge?
function Edges:edge(source, target, evidence)
  if source == target then
    return nil
  end
  local row = self.by_pair[source] or {}
  self.by_pair[source] = row
  local edge = row[target]
  if not edge then
    edge = { source = source, target = target, evidence = json.array {}, flows = json.array {},
      pipelines = json.array {}, columns = json.array {} }
    row[target] = edge
    self.edges[#self.edges + 1] = edge
  end
  collections.add_once(edge.evidence, evidence)
  return edge
end

--- The edge between two names, if there is one.
---@param source string
---@param target string
---@return tarn.LineageEdge?
function Edges:find_edge(source, target)
  local from, to = self.by_name[source], self.by_name[target]
  return from and to and self.by_pair[from] and self.by_pair[from][to]
end

--- True if a table reads another one through private views of the pipeline. Such a read is recorded
-- without the views.
---@param source string
---@param target string
---@return boolean
function Edges:reads_through_view(source, target)
  local from, to = self.by_name[source], self.by_name[target]
  local seen, stack = {}, { from }
  while to and #stack > 0 do
    for node in pairs(self.by_pair[table.remove(stack)] or {}) do
      if node.own and node.type == "VIEW" and not seen[node] then
        seen[node], stack[#stack + 1] = true, node
        if (self.by_pair[node] or {})[to] then
          return true
        end
      end
    end
  end
  return false
end

--- Add a flow or a pipeline to an edge.
---@param edge tarn.LineageEdge
---@param field "flows"|"pipelines"
---@param value? string
function M.note(edge, field, value)
  if value then
    collections.add_once(edge[field], value)
  end
end

--- The direction of an edge as seen from the pipeline: "inside", "upstream", "downstream", or
-- "beside" between two tables that are not its own. What a flow reads for a sink is upstream.
---@param edge tarn.LineageEdge
---@return string
function M.direction(edge)
  if edge.source.own then
    return edge.target.own and "inside" or "downstream"
  end
  return (edge.target.own or edge.target.kind == "sink") and "upstream" or "beside"
end

--- The neighbours of all nodes, sorted by name.
---@return table<tarn.LineageNode, tarn.LineageNode[]> up their inputs
---@return table<tarn.LineageNode, tarn.LineageNode[]> down the nodes that read them
function Edges:neighbours()
  local up, down = {}, {}
  for _, node in ipairs(self.nodes) do
    up[node], down[node] = {}, {}
  end
  for _, edge in ipairs(self.edges) do
    table.insert(up[edge.target], edge.source)
    table.insert(down[edge.source], edge.target)
  end
  local function by_name(a, b) return a.fqn < b.fqn end
  for _, node in ipairs(self.nodes) do
    table.sort(up[node], by_name)
    table.sort(down[node], by_name)
  end
  return up, down
end

-- All nodes that can be reached from these nodes.
local function reach(nodes, next_of)
  local seen, queue, head = {}, {}, 1
  for _, node in ipairs(nodes) do
    seen[node] = true
    queue[#queue + 1] = node
  end
  while queue[head] do
    for _, other in ipairs(next_of[queue[head]]) do
      if not seen[other] then
        seen[other] = true
        queue[#queue + 1] = other
      end
    end
    head = head + 1
  end
  return seen
end

--- Keep only the tables that match a pattern, their inputs and outputs over any number of steps.
---@param pattern string a glob; "silver" matches main.s.silver
---@return integer matches number of tables that match the pattern
function Edges:focus(pattern)
  local whole, tail = glob.matcher(pattern), glob.matcher("*." .. pattern)
  local chosen = {}
  for _, node in ipairs(self.nodes) do
    if whole(node.fqn) or tail(node.fqn) then
      chosen[#chosen + 1] = node
    end
  end
  local up, down = self:neighbours()
  local above, below = reach(chosen, up), reach(chosen, down)
  local nodes, edges = {}, {}
  for _, node in ipairs(self.nodes) do
    nodes[#nodes + 1] = (above[node] or below[node]) and node or nil
  end
  for _, edge in ipairs(self.edges) do
    local kept = above[edge.source] and above[edge.target]
      or below[edge.source] and below[edge.target]
    edges[#edges + 1] = kept and edge or nil
  end
  self.nodes, self.edges = nodes, edges
  return #chosen
end

--- Sort nodes and edges by their names, so that the same lineage is the same text.
function Edges:sort()
  table.sort(self.nodes, function(a, b) return a.fqn < b.fqn end)
  table.sort(self.edges, function(a, b)
    if a.source ~= b.source then
      return a.source.fqn < b.source.fqn
    end
    return a.target.fqn < b.target.fqn
  end)
end

return M
