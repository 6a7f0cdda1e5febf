--- Ask the sources of a lineage, as many as possible at the same time.
--
-- First come the questions that need only the settings: events, the tables of the target schema,
-- SQL. The next ones depend on the answers: the event log and the code if events have no
-- definitions, further schemas in which datasets are, lineage tracking if the system table failed.

local catalogs = require "tarn.lineage.ask.catalogs"
local graph = require "tarn.lineage.ask.graph"
local pool = require "base.pool"
local sql = require "tarn.lineage.ask.sql"
local tracking = require "tarn.lineage.ask.tracking"

local M = {}

--- Ask all sources.
---@param state tarn.LineageState
function M.all(state)
  pool.each({ graph.events, catalogs.target, sql.all }, function(ask) ask(state) end)
  if state.ask.source ~= "sql" or not state.warehouse then
    graph.logs(state)
  end
  graph.code(state)
  catalogs.others(state)
  tracking.all(state)
end

return M
