--- Ask for the graph that a pipeline defines: events, event logs, and its code.

local code = require "tarn.lineage.code"
local definitions = require "tarn.lineage.definitions"
local states = require "tarn.lineage.ask.state"

local M = {}

--- The definitions in events of the REST API.
---@param state tarn.LineageState
function M.events(state)
  if state.ask.source == "sql" then
    return state.coverage:skipped("events", "--source sql")
  end
  local ok, graph, reason = states.try(state, "events", definitions.from_events, state.ws,
    state.ask.id, function(n) state.progress(n, nil, "events of definitions read") end)
  if not ok then
    return
  end
  state.graph, state.graph_source = graph, "events"
  if graph and reason then
    state.coverage:partial("events", #graph.flows, reason)
  elseif graph then
    state.coverage:answered("events", #graph.flows, "of update " .. graph.update_id)
  elseif reason then
    state.coverage:partial("events", 0, reason)
  else
    local has_run = (state.pipeline.latest_updates or {})[1] ~= nil
    state.coverage:answered("events", 0, has_run
      and "no definitions, although the pipeline ran: they have expired, or no update got so far"
      or "the pipeline has never run")
  end
end

--- The event log and the system tables of events, until one of them has definitions.
---@param state tarn.LineageState
function M.logs(state)
  local has_run = (state.pipeline.latest_updates or {})[1] ~= nil
  for _, log in ipairs(definitions.logs) do
    local name, read = log[1], log[2]
    if state.graph then
      state.coverage:skipped(name, "definitions are known")
    elseif not has_run and state.ask.source ~= "sql" then
      state.coverage:skipped(name, "the pipeline has never run")
    elseif not state.warehouse then
      state.coverage:skipped(name, state.no_warehouse)
    else
      local ok, graph = states.try(state, name, read, state.ws, state.sql_ask)
      local reason = ok and graph and definitions.why_partial(graph)
      if ok and graph then
        state.graph, state.graph_source = graph, name
      end
      if reason then
        state.coverage:partial(name, #graph.flows, reason)
      elseif ok and graph then
        state.coverage:answered(name, #graph.flows, "of update " .. graph.update_id)
      elseif ok then
        state.coverage:answered(name, 0, "no definitions")
      end
    end
  end
end

--- The code, if no other source has the graph, or if the caller wants it.
---@param state tarn.LineageState
function M.code(state)
  local libraries = state.spec.libraries
  if state.ask.source == "sql" then
    return state.coverage:skipped("code", "--source sql")
  elseif type(libraries) ~= "table" or #libraries == 0 then
    return state.coverage:skipped("code", "the pipeline has none")
  elseif state.graph and not state.ask.code then
    return state.coverage:skipped("code", "definitions are known")
  end
  local ok, graph, files = states.try(state, "code", code.read, state.ws, state.spec)
  if not ok then
    return
  end
  state.code, state.coverage.files = graph, files
  local not_all, first = 0, nil
  for _, file in ipairs(files) do
    if file.status ~= "read" then
      not_all, first = not_all + 1, first or file
    end
    for _, reason in ipairs(file.reasons) do
      state.coverage:unsure("code", ("%s: %s"):format(file.path, reason))
    end
  end
  local found = graph and #graph.flows or 0
  if first then
    state.coverage:partial("code", found, ("%d of %d files not fully understood: "
      .. "%s: %s"):format(not_all, #files, first.path, first.reasons[1]))
  else
    state.coverage:answered("code", found, ("%d files"):format(#files))
  end
end

return M
