--- The graph that code of a pipeline gives, for tests of its readers.

local M = {}

--- Read a source with the `add` of a reader.
---@param add fun(text: string, graph: table, context: table): string[]
---@param source string
---@param context table
---@return table graph
---@return string[] reasons
function M.of(add, source, context)
  local graph = { flows = {}, datasets = {}, sinks = {} }
  local reasons = add(source, graph, context)
  return graph, reasons
end

--- "target <- input, input" for each flow.
---@param graph table
---@return string[]
function M.flows(graph)
  local out = {}
  for i, flow in ipairs(graph.flows) do
    out[i] = flow.output .. " <- " .. table.concat(flow.inputs, ", ")
  end
  return out
end

return M
