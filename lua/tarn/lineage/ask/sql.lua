--- Ask a warehouse: information_schema and the system tables of lineage.

local catalog = require "tarn.lineage.catalog"
local columns = require "tarn.lineage.columns"
local fault = require "base.fault"
local graph = require "tarn.lineage.ask.graph"
local names = require "tarn.lineage.names"
local observed = require "tarn.lineage.observed"
local pool = require "base.pool"
local states = require "tarn.lineage.ask.state"
local warehouses = require("tarn.sql").warehouses

local M = {}

-- The list from a source, which is `f(...)`; nil if the source does not answer.
local function read(state, source, f, ...)
  local ok, list = states.try(state, source, f, ...)
  if ok then
    state.coverage:answered(source, #list)
    return list
  end
end

local function describe(state)
  if names.is_hive(state.place) then
    return state.coverage:skipped("information_schema", "there is none for "
      .. (state.place.catalog and "the Hive metastore" or "a pipeline without a catalog"))
  end
  state.described = read(state, "information_schema", catalog.information_schema, state.ws,
    state.place.catalog, state.place.schema, state.warehouse) or state.described
end

local function observe(state)
  state.observed = read(state, states.TABLE_LINEAGE, observed.system, state.ws, state.sql_ask)
    or state.observed
end

local function observe_columns(state)
  if state.ask.columns then
    state.pairs = read(state, columns.SYSTEM, columns.system, state.ws, state.sql_ask)
      or state.pairs
  end
end

--- The warehouse to ask, or nil; then `state.no_warehouse` says why.
---@param state { ask: tarn.LineageAsk, ws: tarn.WorkspaceClient }
---@return string?
function M.find_warehouse(state)
  if state.ask.source == "rest" then
    state.no_warehouse = "--source rest"
    return nil
  end
  local id = state.ask.warehouse or state.ws.native:info().warehouse_id
  if id then
    return id
  end
  -- only --source sql starts a warehouse, because that costs money
  local find = state.ask.source == "sql" and warehouses.default or warehouses.find_running
  local found, e = fault.try(find, state.ws)
  if found then
    return found
  elseif not fault.is(e) then
    state.no_warehouse = e .. ": --source sql starts it"
    return nil
  elseif e.kind == "cancelled" then
    fault.raise(e)
  end
  state.no_warehouse, state.warehouse_fault = "no warehouse: " .. e.message, e
end

--- Ask all questions for which a warehouse is needed.
---@param state tarn.LineageState
function M.all(state)
  state.warehouse = M.find_warehouse(state)
  state.sql_ask = { id = state.ask.id, since = state.ask.since, warehouse = state.warehouse,
    pipeline = state.pipeline }
  if state.warehouse then
    local jobs = { describe, observe, observe_columns }
    jobs[4] = state.ask.source == "sql" and graph.logs or nil
    return pool.each(jobs, function(job) job(state) end)
  end
  for _, source in ipairs { "information_schema", states.TABLE_LINEAGE,
    state.ask.columns and columns.SYSTEM or nil } do
    if state.warehouse_fault then
      state.coverage:failed(source, fault.new { kind = state.warehouse_fault.kind,
        op = "tarn lineage", message = state.no_warehouse, code = state.warehouse_fault.code })
    else
      state.coverage:skipped(source, state.no_warehouse)
    end
  end
end

return M
