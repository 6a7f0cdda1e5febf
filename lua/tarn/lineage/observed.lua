--- Edges from reads and writes of tables that the platform has recorded.
--
-- The system table is asked first. The fallback is the REST endpoint of the catalog's web page,
-- which is not documented and answers for one table at a time.

local fault = require "base.fault"
local names = require "tarn.lineage.names"
local pool = require "base.pool"
local statements = require "tarn.statements"
local strings = require "base.strings"

local M = {}

local text = strings.non_empty

---@class tarn.ObservedEdge
---@field source? tarn.LineageName nil: a write without a table that was read
---@field source_type? string
---@field target tarn.LineageName
---@field target_type? string
---@field at? string
---@field mine? boolean        true: by this pipeline; nil: not known
---@field pipeline_id? string  the pipeline that has written the target
---@field entity? { type: string, id: string } what has written the target, if not a pipeline

local NOWHERE <const> = {}

local function edge_of(row, id)
  local pipeline = text(row.pipeline)
    or row.entity_type == "PIPELINE" and text(row.entity_id) or nil
  local entity = not pipeline and text(row.entity_type) and text(row.entity_id)
  return {
    source = names.find(text(row.source) or text(row.source_path), NOWHERE),
    source_type = text(row.source_type), target = names.find(text(row.target), NOWHERE),
    target_type = text(row.target_type), at = text(row.at), mine = pipeline == id,
    pipeline_id = pipeline,
    entity = entity and { type = row.entity_type, id = row.entity_id } or nil,
  }
end

--- All edges of the pipeline, and those from its outputs, from the system table.
---@param ws tarn.WorkspaceClient
---@param ask { id: string, since: integer, warehouse?: string }
---@return tarn.ObservedEdge[]
function M.system(ws, ask)
  local list = {}
  local sql, params = statements.lineage.tables(ask)
  local rows <close> = ws:sql(sql, params, { text = true, warehouse_id = ask.warehouse })
  for row in rows do
    list[#list + 1] = edge_of(row, ask.id)
  end
  return list
end

--- The edges to tables, or from them, from the system table. `mine` is false in all of them.
---@param ws tarn.WorkspaceClient
---@param ask { names: tarn.LineageName[], up: boolean, since: integer, warehouse?: string }
---@return tarn.ObservedEdge[]
function M.around(ws, ask)
  local list, plain = {}, {}
  for i, name in ipairs(ask.names) do
    plain[i] = ("%s.%s.%s"):format(name.catalog, name.schema, name.table)
  end
  local sql, params = statements.lineage.around { names = plain, up = ask.up, since = ask.since }
  local rows <close> = ws:sql(sql, params, { warehouse_id = ask.warehouse })
  for row in rows do
    list[#list + 1] = edge_of(row, false)
  end
  return list
end

-- ---- REST ----

local function file_of(info)
  local file = info.fileInfo
  if type(file) == "table" and type(file[1]) == "table" then
    file = file[1]
  end
  return type(file) == "table" and names.find(text(file.path), NOWHERE) or nil
end

local function end_of(info)
  local found = type(info.tableInfo) == "table" and info.tableInfo or nil
  if found and text(found.name) and text(found.catalog_name) and text(found.schema_name) then
    return names.of(found.catalog_name, found.schema_name, found.name), text(found.table_type),
      text(found.lineage_timestamp)
  end
  return file_of(info)
end

-- Whether this pipeline has written the target, and the pipeline that has; nil if none is named.
local function is_mine(info, id)
  local infos = type(info.pipelineInfos) == "table" and info.pipelineInfos or {}
  local other
  for _, pipeline in ipairs(infos) do
    if pipeline.pipeline_id == id then
      return true, id
    end
    other = other or text(pipeline.pipeline_id)
  end
  if other then
    return false, other
  end
end

local function add(list, infos, id, name, is_up)
  for _, info in ipairs(type(infos) == "table" and infos or {}) do
    local other, kind, at = end_of(info)
    if other then
      local mine, pipeline = is_mine(info, id)
      list[#list + 1] = is_up
        and { source = other, source_type = kind, target = name, at = at, mine = mine,
          pipeline_id = pipeline }
        or { source = name, target = other, target_type = kind, at = at, mine = mine,
          pipeline_id = pipeline }
    end
  end
end

local function ask_one(ws, id, name)
  local answer = ws:request("GET", "/api/2.0/lineage-tracking/table-lineage", { query = {
    table_name = name.fqn, include_entity_lineage = true } })
  local list = {}
  add(list, answer.upstreams, id, name, true)
  add(list, answer.downstreams, id, name, false)
  return list
end

--- The edges to one table and from it, from the lineage tracking API. `mine` is never true.
---@param ws tarn.WorkspaceClient
---@param name tarn.LineageName
---@return tarn.ObservedEdge[]
function M.neighbours(ws, name)
  return ask_one(ws, false, name)
end

--- The edges of each of these tables from the lineage tracking API. Raises the fault of the first
-- request; later faults are counted.
---@param ws tarn.WorkspaceClient
---@param id string
---@param tables tarn.LineageName[]
---@param progress? fun(done: integer, total: integer)
---@return tarn.ObservedEdge[] edges
---@return integer failed
---@return tarn.Fault? first
function M.tracking(ws, id, tables, progress)
  if #tables == 0 then
    return {}, 0
  end
  local all, failed, first, done = ask_one(ws, id, tables[1]), 0, nil, 1
  local rest = table.move(tables, 2, #tables, 1, {})
  for _, list in ipairs(pool.map(rest, function(name)
    local list, e = fault.try(ask_one, ws, id, name)
    if e and e.kind == "cancelled" then
      fault.raise(e)
    end
    done = done + 1
    if progress then
      progress(done, #tables)
    end
    if e then
      failed, first = failed + 1, first or e
    end
    return list or {}
  end)) do
    table.move(list, 1, #list, #all + 1, all)
  end
  return all, failed, first
end

return M
