--- Ask the lineage tracking API for the neighbours of each table.

local names = require "tarn.lineage.names"
local observed = require "tarn.lineage.observed"
local states = require "tarn.lineage.ask.state"

local M = {}

-- The datasets that Unity Catalog may know.
local function trackable(state)
  local list, seen = {}, {}
  local function add(name)
    if name and name.kind == "table" and name.catalog and name.catalog ~= "hive_metastore"
      and not seen[name.fqn] then
      seen[name.fqn] = true
      list[#list + 1] = name
    end
  end
  for _, flow in ipairs(states.flows(state)) do
    local name = names.find(flow.output, state.place)
    local key = name and name.catalog and name.catalog .. "." .. name.schema
    -- a dataset that is missing in a listed schema is a view that only the pipeline sees
    if key and not (state.listed[key] and not state.tables[name.fqn]) then
      add(name)
    end
  end
  for _, found in pairs(state.tables) do
    if found.pipeline_id == state.ask.id and not names.is_internal(found.name, state.own_log) then
      add(found.name)
    end
  end
  table.sort(list, function(a, b) return a.fqn < b.fqn end)
  return list
end

--- The neighbours of each dataset, if the system table did not answer.
---@param state tarn.LineageState
function M.all(state)
  if state.coverage:has(states.TABLE_LINEAGE) then
    return state.coverage:skipped("lineage_tracking", states.TABLE_LINEAGE .. " answered")
  elseif state.ask.source == "sql" then
    return state.coverage:skipped("lineage_tracking", "--source sql")
  elseif names.is_hive(state.place) and #trackable(state) == 0 then
    return state.coverage:skipped("lineage_tracking", "the pipeline has nothing in Unity Catalog")
  end
  local list = trackable(state)
  local ok, found, failed, first = states.try(state, "lineage_tracking", observed.tracking,
    state.ws, state.ask.id, list, function(done, total)
      state.progress(done, total, "tables asked for their neighbours")
    end)
  if not ok then
    return
  end
  state.observed = found
  if failed > 0 then
    state.coverage:partial("lineage_tracking", #found, ("%d of %d tables could not be asked: %s")
      :format(failed, #list, first.message), first)
  else
    state.coverage:answered("lineage_tracking", #found)
  end
end

return M
