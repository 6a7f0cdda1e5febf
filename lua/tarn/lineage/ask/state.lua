--- The state of a lineage that is being read: the answers of its sources so far.

local fault = require "base.fault"

local M = {}

M.TABLE_LINEAGE = "system.access.table_lineage"

---@class tarn.LineageState
---@field ws tarn.WorkspaceClient
---@field ask tarn.LineageAsk
---@field pipeline table GetPipelineResponse
---@field spec table
---@field place tarn.LineagePlace
---@field coverage tarn.LineageCoverage
---@field graph? tarn.LineageGraph that an update has defined
---@field code? tarn.LineageGraph  that the code defines
---@field observed tarn.ObservedEdge[]
---@field tables table<string, tarn.LineageTable> by name, of the schemas that were listed
---@field listed table<string, boolean> "catalog.schema" -> true: listed, false: failed
---@field described tarn.LineageTable[] from information_schema

--- The known graphs: of an update, and of the code.
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

--- Call `f(...)`. Returns true and its results, or false and the fault, which is put into the
-- coverage of the source.
---@param state tarn.LineageState
---@param source string
---@param f function
---@return boolean answered, any ...
function M.try(state, source, f, ...)
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

return M
