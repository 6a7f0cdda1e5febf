--- The lineage of a pipeline: datasets, their inputs and outputs, copies.
--
--     local lineage, time = require "tarn.lineage", tarn.time
--     local found = require("tarn.pipelines").find(ws, "sales_orders_etl")
--     local data = lineage.read(ws, { id = found.pipeline_id, source = "auto",
--       since = time.find_past("30d", time.now()) })
--     for _, edge in ipairs(data.edges) do print(edge.source, "->", edge.target) end
--
-- Each table and edge carries its evidence. A table is not the pipeline's own just because it is in
-- the pipeline's schema, since others publish there too. `coverage` of the result says which
-- sources answered and what is unknown. It is a fault only if no source could name a dataset and
-- one of them failed.

local ask_all = require "tarn.lineage.ask"
local clones = require "tarn.lineage.clones"
local columns = require "tarn.lineage.columns"
local coverage = require "tarn.lineage.coverage"
local data = require "tarn.lineage.data"
local fault = require "base.fault"
local http = require "native.http"
local merge = require "tarn.lineage.merge"
local names = require "tarn.lineage.names"
local settings = require "tarn.lineage.settings"
local states = require "tarn.lineage.ask.state"

local M = {}

local OP <const> = "tarn lineage"

---@class tarn.LineageAsk
---@field id string           of the pipeline
---@field since integer       ms: how far back reads and writes are searched
---@field source "auto"|"rest"|"sql"
---@field warehouse? string   id
---@field code? boolean       read the code even if an update has defined the graph
---@field columns? boolean    ask for columns and their edges too
---@field check? boolean      ask their workspaces whether copies and origins still exist
---@field dataset? string     a glob: only tables that are connected with these
---@field open? fun(profile: string): tarn.WorkspaceClient for `check`
---@field progress? fun(done: integer, total?: integer, what?: string)

-- Sources that know which datasets the pipeline has.
local DATASET_SOURCES <const> = { "events", "event_log", "event_log_table",
  "system.lakeflow.pipeline_events", "system.lakeflow_pipeline_events_preview.pipeline_events",
  "code", "unity_catalog", states.TABLE_LINEAGE, "lineage_tracking" }

local function new_state(ws, ask, pipeline, org_id)
  local spec = type(pipeline.spec) == "table" and pipeline.spec or {}
  local place = names.place(spec)
  local state = {
    ws = ws, ask = ask, pipeline = pipeline, spec = spec, place = place, org_id = org_id,
    coverage = coverage.new(), observed = {}, tables = {}, listed = {}, described = {},
    failures = {}, ingested = settings.ingested(spec), own_log = settings.find_log(spec, place),
    progress = ask.progress or function() end,
  }
  state.coverage:answered("settings", #state.ingested)
  return state
end

-- ---- coverage ----

local function has_answer(state, list)
  for _, source in ipairs(list) do
    local entry = state.coverage:find(source)
    if entry and (entry.status == "answered" or entry.status == "partial" and entry.found > 0) then
      return true
    end
  end
  return false
end

-- Raise a fault if no source could name a dataset and one of them failed: that does not mean that
-- the pipeline has no datasets.
local function check_answers(state)
  if #state.ingested > 0 or has_answer(state, DATASET_SOURCES) then
    return
  end
  local worst, reasons = nil, {}
  for _, source in ipairs(DATASET_SOURCES) do
    local entry = state.coverage:find(source)
    if entry and (entry.status == "failed" or entry.status == "partial") then
      worst = worst or entry
      reasons[#reasons + 1] = entry ~= worst and ("%s: %s"):format(source, entry.reason) or nil
    end
  end
  -- a pipeline that has never run has no definitions in its events
  local events = state.coverage:find "events"
  local never_ran = events and events.status == "empty"
    and not (state.pipeline.latest_updates or {})[1]
  if worst and not never_ran then
    fault.raise { kind = worst.kind, op = OP, status = worst.http_status, code = worst.code,
      cause = worst.fault,
      message = ("no source knows the datasets of the pipeline; %s: %s"):format(worst.source,
        worst.reason),
      hint = #reasons > 0 and "also asked: " .. table.concat(reasons, "; ") or nil }
  end
end

local function has_definitions(state)
  return state.graph ~= nil or state.code ~= nil
end

-- Add to the coverage what no source knows.
local function add_unknown(state)
  local c = state.coverage
  local has_run = (state.pipeline.latest_updates or {})[1] ~= nil
  if not has_definitions(state) and has_run then
    c:unsure("datasets", "temporary views and unpublished datasets: no definitions were found")
  end
  if not has_definitions(state) then
    for _, schema in ipairs(settings.whole_schemas(state.spec)) do
      c:unsure("datasets", ("the tables of %s, which is ingested as a whole"):format(schema))
    end
  end
  local listing = c:find "unity_catalog"
  if listing and (listing.status == "failed" or listing.status == "partial") then
    c:unsure("datasets", ("tables of this pipeline without a definition: %s"):format(
      listing.reason))
    if not has_definitions(state) and #state.described > 0 then
      c:unsure("datasets", ("which pipelines own the %d tables of %s: information_schema does not "
        .. "say"):format(#state.described, names.join(state.place.catalog, state.place.schema)))
    end
  end
  local observed = c:has(states.TABLE_LINEAGE) or c:has "lineage_tracking"
  if not observed then
    local tracking = c:find "lineage_tracking"
    local why = tracking and tracking.reason or "no source was asked"
    c:unsure("downstream", "tables that others make from these datasets: " .. why)
    c:unsure("upstream", has_definitions(state)
      and "inputs that the definitions do not name: " .. why
      or "the inputs of the datasets: " .. why)
  end
end

-- ---- clones ----

local function find_clones(state)
  local c = state.coverage
  local list, e = fault.try(clones.find, { org_id = state.org_id,
    pipeline_id = state.pipeline.pipeline_id })
  if not list then
    c:failed("journal", e)
    c:unsure("clones", "copies and origins: " .. e.message)
    return {}
  end
  c:answered("journal", #list)
  if #list == 0 or not state.ask.check then
    if #list > 0 then
      c:skipped("copies", "--check asks their workspaces")
    end
    return list
  end
  local asked, failed, first = clones.check(list,
    { ws = state.ws, org_id = state.org_id }, state.ask.open)
  if failed == asked then
    c:failed("copies", first)
  elseif failed > 0 then
    c:partial("copies", asked - failed, first.message, first)
  else
    c:answered("copies", asked)
  end
  return list
end

-- ---- columns ----

local function ask_columns(state, g)
  local own = {}
  for _, node in ipairs(g.nodes) do
    own[#own + 1] = node.own and node or nil
  end
  local c = state.coverage
  if state.ask.source ~= "sql" then
    local failed, first = columns.fill(state.ws, own)
    if failed > 0 then
      c:unsure("columns", ("the columns of %d tables: %s"):format(failed, first.message))
    end
  end
  if not c:has(columns.SYSTEM) and state.ask.source ~= "sql" then
    local list, failed, first = columns.tracking(state.ws, own)
    state.pairs = list
    if failed > 0 and #list == 0 then
      c:failed(columns.TRACKING, first)
    elseif failed > 0 then
      c:partial(columns.TRACKING, #list, first.message, first)
    else
      c:answered(columns.TRACKING, #list)
    end
  end
  if not c:has(columns.SYSTEM) and not c:has(columns.TRACKING) then
    c:unsure("columns", "the lineage of columns: no source answered")
  end
  merge.columns(g, state.pairs or {})
end

--- Read the lineage of a pipeline.
---@param ws tarn.WorkspaceClient
---@param ask tarn.LineageAsk
---@return table data as `tarn lineage -o json` prints it: datasets, upstream, downstream, edges,
--- clones, coverage
function M.read(ws, ask)
  local pipeline, response = ws:request("GET", "/api/2.0/pipelines/" .. http.escape(ask.id))
  local org = response.headers["x-databricks-org-id"]
  local state = new_state(ws, ask, pipeline, org and tostring(org) or ws:host())
  ask_all.all(state)
  check_answers(state)
  local g = merge.graph(state)
  if ask.columns then
    ask_columns(state, g)
  end
  add_unknown(state)
  local list = find_clones(state)
  g:sort()
  local found = ask.dataset and g:focus(ask.dataset)
  if found == 0 then
    fault.not_found(OP, ("no table of this lineage has the name '%s'"):format(ask.dataset),
      "leave out --dataset to see all of them")
  end
  return data.of(state, g, list)
end

-- Parts that other subjects use.
return require("base.lazy").fields(M, { code = "tarn.lineage.code", names = "tarn.lineage.names" })
