--- The edges between tables that the newest update of a pipeline has defined.
--
-- Views that only the pipeline sees stand between tables: their inputs count as inputs of what
-- reads them.

local definitions = require "tarn.lineage.definitions"
local names = require "tarn.lineage.names"
local settings = require "tarn.lineage.settings"
local spec = require "tarn.spec"

local M = {}

---@class tarn.PipelineFlows
---@field pipeline_id string
---@field name? string
---@field edges { source: tarn.LineageName, target: tarn.LineageName }[]
---@field outputs string[] full names of the tables that it writes
---@field types table<string, string> by full name
---@field reason? string why the edges may be incomplete

-- The inputs of a dataset, those of a private view in its place; each once. Views may be circular.
local function expand(inputs, of_view, add, seen)
  for _, input in ipairs(inputs) do
    local below = of_view[input.fqn]
    if not below then
      add(input)
    elseif not seen[input.fqn] then
      seen[input.fqn] = true
      expand(below, of_view, add, seen)
    end
  end
end

-- The inputs of each output, with names resolved.
local function inputs_of(graph, place, pipeline_spec)
  local outputs, order = {}, {}
  for _, flow in ipairs(graph.flows) do
    local target = names.find(flow.output, place)
    if target then
      local one = outputs[target.fqn]
      if not one then
        one = { name = target, inputs = {}, type = (graph.datasets[flow.output] or {}).type }
        outputs[target.fqn], order[#order + 1] = one, one
      end
      for _, input in ipairs(flow.inputs) do
        one.inputs[#one.inputs + 1] = names.find(input, place)
      end
      one.inputs[#one.inputs + 1] = flow.from and settings.source(pipeline_spec, flow.from) or nil
    end
  end
  return order
end

local function edges_of(outputs, is_view)
  local of_view, edges = {}, {}
  for _, one in ipairs(outputs) do
    of_view[one.name.fqn] = is_view(one) and one.inputs or nil
  end
  for _, one in ipairs(outputs) do
    local seen = {}
    if not of_view[one.name.fqn] then
      expand(one.inputs, of_view, function(input)
        if not seen[input.fqn] and input.fqn ~= one.name.fqn then
          seen[input.fqn] = true
          edges[#edges + 1] = { source = input, target = one.name }
        end
      end, {})
    end
  end
  return edges
end

--- Read the edges of a pipeline. Raises the fault of the workspace.
---@param ws tarn.WorkspaceClient
---@param id string
---@param root string full name of the table that is asked for: it counts as a table
---@return tarn.PipelineFlows
function M.read(ws, id, root)
  local found = ws.native:pipeline_get(id)
  local of = spec.without_nulls(found.spec or {})
  local place, flows = names.place(of), { pipeline_id = id, name = found.name or of.name,
    edges = {}, outputs = {}, types = {} }
  local graph, reason = definitions.from_events(ws, id)
  flows.reason = reason
  if graph then
    local outputs = inputs_of(graph, place, of)
    flows.edges = edges_of(outputs, function(one)
      return one.type == "VIEW" and one.name.fqn ~= root
    end)
    for i, one in ipairs(outputs) do
      flows.outputs[i], flows.types[one.name.fqn] = one.name.fqn, one.type
    end
  end
  for _, one in ipairs(settings.ingested(of)) do
    flows.edges[#flows.edges + 1] = { source = one.source, target = one.target }
  end
  return flows
end

return M
