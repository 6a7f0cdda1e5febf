--- The lineage of a table as data.

local json = require "native.json"
local time = require "base.time"

local M = {}

local function or_null(value)
  if value == nil then
    return json.null
  end
  return value
end

-- The first of the pipelines that write a table, with its name if that is known.
local function writer_of(walk, fqn)
  local ids = {}
  for id in pairs(walk.writers[fqn] or {}) do
    ids[#ids + 1] = id
  end
  table.sort(ids)
  local found = ids[1] and walk.pipelines[ids[1]] or { pipeline_id = ids[1] }
  return or_null(found.pipeline_id), or_null(found.name)
end

local function row_of(walk, name, direction, depth)
  local id, pipeline_name = writer_of(walk, name.fqn)
  return { direction = direction, depth = depth, fqn = name.fqn, catalog = or_null(name.catalog),
    schema = or_null(name.schema), table = name.table, kind = name.kind or "table",
    type = or_null(walk.types[name.fqn]), pipeline_id = id, pipeline_name = pipeline_name,
    via = json.array {}, format = json.null, comment = json.null, evidence = json.array {} }
end

local function rows_of(walk, direction, side, by_name)
  local list = json.array {}
  for _, name in ipairs(side and side.names or {}) do
    local row = by_name[name.fqn] or row_of(walk, name, direction, side.depths[name.fqn])
    if not by_name[name.fqn] then
      by_name[name.fqn] = row
      list[#list + 1] = row
    end
  end
  table.sort(list, function(a, b)
    if a.depth ~= b.depth then
      return a.depth < b.depth
    end
    return a.fqn < b.fqn
  end)
  return list
end

-- The edges along which the walk went. The last ones may lead to tables that are too many.
local function edges_of(walk, by_name)
  local list = json.array {}
  for _, below in pairs(walk.below) do
    for _, edge in pairs(below) do
      local is_up, is_down = edge.directions.up, edge.directions.down
      local known = by_name[edge.source.fqn] and by_name[edge.target.fqn]
      if known and (is_up or is_down) then
        table.sort(edge.evidence)
        table.sort(edge.pipelines)
        list[#list + 1] = { source = edge.source.fqn, target = edge.target.fqn,
          direction = is_up and is_down and "both" or is_up and "upstream" or "downstream",
          pipelines = json.array(edge.pipelines), evidence = json.array(edge.evidence),
          flows = json.array {}, last_seen = edge.last_seen }
      end
    end
  end
  table.sort(list, function(a, b)
    if a.source ~= b.source then
      return a.source < b.source
    end
    return a.target < b.target
  end)
  return list
end

-- `via` of a table names its neighbours that are nearer to the asked one.
local function add_ways(edges, by_name)
  for _, edge in ipairs(edges) do
    local source, target = by_name[edge.source], by_name[edge.target]
    for _, pair in ipairs { { source, target, "upstream" }, { target, source, "downstream" } } do
      local far, near = pair[1], pair[2]
      if far.direction == pair[3] and near.depth < far.depth
        and (near.direction == far.direction or near.depth == 0) then
        far.via[#far.via + 1] = near.fqn
        for _, evidence in ipairs(edge.evidence) do
          far.evidence[#far.evidence + 1] = evidence
        end
      end
    end
  end
end

-- Each evidence once.
local function tidy(list)
  local seen, kept = {}, json.array {}
  table.sort(list)
  for _, value in ipairs(list) do
    kept[#kept + 1] = not seen[value] and value or nil
    seen[value] = true
  end
  return kept
end

-- The pipelines along the edges, with the tables that they read and write there.
local function pipelines_of(walk, edges)
  local by_id, list = {}, json.array {}
  for _, edge in ipairs(edges) do
    for _, id in ipairs(edge.pipelines) do
      local one = by_id[id]
      if not one then
        one = { pipeline_id = id, name = or_null((walk.pipelines[id] or {}).name),
          reads = json.array {}, writes = json.array {} }
        by_id[id], list[#list + 1] = one, one
      end
      one.reads[#one.reads + 1], one.writes[#one.writes + 1] = edge.source, edge.target
    end
  end
  for _, one in ipairs(list) do
    one.reads, one.writes = tidy(one.reads), tidy(one.writes)
  end
  table.sort(list, function(a, b)
    return tostring(a.name) .. a.pipeline_id < tostring(b.name) .. b.pipeline_id
  end)
  return list
end

--- The data that `tarn lineage TABLE` returns.
---@param ws tarn.WorkspaceClient
---@param found tarn.TableName
---@param walk table of tarn.lineage.table.walk
---@param ask tarn.TableAsk
---@param coverage tarn.LineageCoverage
---@return table
function M.of(ws, found, walk, ask, coverage)
  local root = row_of(walk, found.name, "self", 0)
  local exists = found.info ~= nil
  if found.fault or found.name.catalog == "hive_metastore" then
    exists = json.null -- Unity Catalog was not asked, or did not say
  end
  local info = found.info or {}
  root.type = or_null(info.type or walk.types[found.name.fqn])
  root.format, root.comment = or_null(info.format), or_null(info.comment)
  local by_name = { [root.fqn] = root }
  local up = rows_of(walk, "upstream", walk.up, by_name)
  local down = rows_of(walk, "downstream", walk.down, by_name)
  local edges = edges_of(walk, by_name)
  add_ways(edges, by_name)
  for _, row in pairs(by_name) do
    row.evidence = tidy(row.evidence)
  end
  return {
    fqn = root.fqn, type = root.type, pipeline_id = root.pipeline_id,
    pipeline_name = root.pipeline_name, exists = exists, host = ws:host(),
    since = time.iso(ask.since), depth = or_null(ask.depth), up = ask.up, down = ask.down,
    datasets = json.array { root }, upstream = up, downstream = down, edges = edges,
    pipelines = pipelines_of(walk, edges), clones = json.array {}, coverage = coverage:report(),
  }
end

return M
