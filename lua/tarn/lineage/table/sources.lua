--- The sources of a table's lineage, and the edges that they have told so far.
--
-- Two kinds of sources tell edges: what the platform has recorded (the system table, or lineage
-- tracking), and the definitions of pipelines.

local collections = require "base.collections"
local fault = require "base.fault"
local flows = require "tarn.lineage.table.flows"
local names = require "tarn.lineage.names"
local observed = require "tarn.lineage.observed"
local pool = require "base.pool"
local sql = require "tarn.lineage.ask.sql"
local states = require "tarn.lineage.ask.state"

local M = {}

---@class tarn.TableEdge
---@field source tarn.LineageName
---@field target tarn.LineageName
---@field pipelines string[] the ids of those that write the target from the source
---@field evidence string[]
---@field last_seen? string
---@field directions table<"up"|"down", true> in which the walk went along the edge

---@class tarn.TableSources
---@field above table<string, table<string, tarn.TableEdge>> by full names: target, source
---@field below table<string, table<string, tarn.TableEdge>> source, target
---@field writers table<string, table<string, true>> table -> ids of pipelines
---@field pipelines table<string, { pipeline_id: string, name?: string }>
---@field types table<string, string>
---@field unrecorded boolean  no source of recorded edges answers
---@field loaded_all? boolean the definitions of all pipelines have been read
local Sources = {}
Sources.__index = Sources

-- ---- edges ----

-- Remember an edge between two tables; what several sources say of it is one edge.
function Sources:put(source, target, evidence, more)
  if not source or not target or source.fqn == target.fqn or names.is_internal(source)
    or names.is_internal(target) then
    return
  end
  local below = self.below[source.fqn] or {}
  local edge = below[target.fqn]
  if not edge then
    edge = { source = source, target = target, pipelines = {}, evidence = {}, directions = {} }
    self.below[source.fqn], below[target.fqn] = below, edge
    self.above[target.fqn] = self.above[target.fqn] or {}
    self.above[target.fqn][source.fqn] = edge
  end
  collections.add_once(edge.evidence, evidence)
  if more.pipeline_id then
    collections.add_once(edge.pipelines, more.pipeline_id)
    self.writers[target.fqn] = self.writers[target.fqn] or {}
    self.writers[target.fqn][more.pipeline_id] = true
  end
  if more.at and (edge.last_seen or "") < more.at then
    edge.last_seen = more.at
  end
end

function Sources:put_observed(list, evidence)
  for _, edge in ipairs(list) do
    self:put(edge.source, edge.target, evidence, edge)
    for _, side in ipairs { "source", "target" } do
      local name, kind = edge[side], edge[side .. "_type"]
      if name and kind then
        self.types[name.fqn] = self.types[name.fqn] or kind
      end
    end
  end
end

-- ---- what the platform has recorded ----

--- The names that Unity Catalog may know.
---@param list tarn.LineageName[]
---@return tarn.LineageName[]
function M.trackable(list)
  local kept = {}
  for _, name in ipairs(list) do
    if name.kind == "table" and name.catalog and name.catalog ~= "hive_metastore" then
      kept[#kept + 1] = name
    end
  end
  return kept
end

function Sources:ask_system(list, up)
  local found, e = fault.try(observed.around, self.ws, { names = list, up = up,
    since = self.ask.since, warehouse = self.warehouse })
  if found then
    self:put_observed(found, states.TABLE_LINEAGE)
    self.found_system = (self.found_system or 0) + #found
    self.coverage:answered(states.TABLE_LINEAGE, self.found_system)
    return true
  elseif e.kind == "cancelled" then
    fault.raise(e)
  end
  self.coverage:failed(states.TABLE_LINEAGE, e)
  return false
end

-- Ask lineage tracking for tables that it was not asked for. False if the first answer is a fault.
function Sources:ask_tracking(list)
  local t = self.tracking
  local left = {}
  for _, name in ipairs(list) do
    left[#left + 1] = not t.asked[name.fqn] and name or nil
    t.asked[name.fqn] = true
  end
  pool.each(left, function(name)
    local found, e = fault.try(observed.neighbours, self.ws, name)
    if e and e.kind == "cancelled" then
      fault.raise(e)
    elseif e and not (e.status == 404 and e.code ~= "ENDPOINT_NOT_FOUND") then
      t.failed, t.first = t.failed + 1, t.first or e
    else
      t.answers = t.answers + 1
      t.found = t.found + #(found or {})
      self:put_observed(found or {}, "lineage_tracking")
    end
    self.progress(t.answers + t.failed, nil, "tables asked for their neighbours")
  end)
  if t.failed > 0 and t.answers == 0 then
    self.coverage:failed("lineage_tracking", t.first)
    return false
  elseif t.failed > 0 then
    self.coverage:partial("lineage_tracking", t.found, ("%d of %d tables could not be asked: %s")
      :format(t.failed, t.failed + t.answers, t.first.message), t.first)
  elseif t.answers > 0 then
    self.coverage:answered("lineage_tracking", t.found)
  end
  return true
end

--- Ask for the recorded edges of tables.
---@param list tarn.LineageName[]
---@param up boolean the edges that lead to them, not those that come from them
function Sources:observe(list, up)
  list = M.trackable(list)
  if #list == 0 or self.unrecorded then
    return
  elseif self.warehouse and not self.no_system then
    self.no_system = not self:ask_system(list, up)
    if not self.no_system then
      return
    end
  end
  if self.ask.source == "sql" or not self:ask_tracking(list) then
    self.unrecorded = true
  end
end

-- ---- definitions ----

--- Read the definitions of pipelines, each once.
---@param ids string[]
---@return boolean any whether one of them was not read before
function Sources:load(ids)
  local left = {}
  for _, id in ipairs(ids) do
    left[#left + 1] = not self.pipelines[id] and id or nil
    self.pipelines[id] = self.pipelines[id] or { pipeline_id = id }
  end
  local d = self.defined
  pool.each(left, function(id)
    local found, e = fault.try(flows.read, self.ws, id, self.root.fqn)
    if e and e.kind == "cancelled" then
      fault.raise(e)
    elseif e then
      -- one that is gone, or is of another workspace, has a name no more
      d.failed, d.first = d.failed + (e.status == 404 and 0 or 1), d.first or e
      return
    end
    self.pipelines[id].name = found.name
    d.read, d.reason = d.read + 1, d.reason or found.reason
    for _, edge in ipairs(found.edges) do
      self:put(edge.source, edge.target, "events", { pipeline_id = id })
      d.found = d.found + 1
    end
    for _, fqn in ipairs(found.outputs) do
      self.writers[fqn] = self.writers[fqn] or {}
      self.writers[fqn][id] = true
    end
    for fqn, kind in pairs(found.types) do
      self.types[fqn] = self.types[fqn] or kind
    end
    self.progress(d.read, nil, "pipelines read")
  end)
  return #left > 0
end

--- Read the definitions of all pipelines: without recorded edges, they tell who reads a table.
function Sources:load_all()
  local ids = {}
  for row in self.ws:pipelines() do
    ids[#ids + 1] = row.pipeline_id
  end
  self.loaded_all = true
  self:load(ids)
end

--- Put the outcome of the definitions into the coverage.
function Sources:cover_definitions()
  local d = self.defined
  if d.failed > 0 and d.read == 0 then
    self.coverage:failed("events", d.first)
  elseif d.failed > 0 then
    self.coverage:partial("events", d.found, ("%d of %d pipelines could not be read: %s"):format(
      d.failed, d.failed + d.read, d.first.message), d.first)
  elseif d.reason then
    self.coverage:partial("events", d.found, d.reason)
  else
    self.coverage:answered("events", d.found)
  end
end

local function skip_sources(self, state)
  if not self.warehouse then
    if state.warehouse_fault then
      self.coverage:failed(states.TABLE_LINEAGE, state.warehouse_fault)
    else
      self.coverage:skipped(states.TABLE_LINEAGE, state.no_warehouse)
    end
  end
  if self.ask.source == "sql" then
    self.coverage:skipped("lineage_tracking", "--source sql")
    self.coverage:skipped("events", "--source sql")
  end
end

--- The sources for a walk from a table. No request is sent yet but for a warehouse.
---@param ws tarn.WorkspaceClient
---@param root tarn.LineageName
---@param ask tarn.TableAsk
---@param coverage tarn.LineageCoverage
---@return tarn.TableSources
function M.new(ws, root, ask, coverage)
  local self = setmetatable({ ws = ws, root = root, ask = ask, coverage = coverage,
    above = {}, below = {}, writers = {}, pipelines = {}, types = {},
    tracking = { asked = {}, failed = 0, answers = 0, found = 0 },
    defined = { read = 0, failed = 0, found = 0 },
    progress = ask.progress or function() end }, Sources)
  local state = { ask = ask, ws = ws }
  self.warehouse = sql.find_warehouse(state)
  skip_sources(self, state)
  self.unrecorded = #M.trackable { root } == 0 -- then only definitions know it
  return self
end

return M
