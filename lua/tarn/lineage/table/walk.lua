--- Walk from a table along the edges of its lineage: up to what it is made from, and down to what
--- is made from it.
--
-- The definitions of the pipelines that are found on the way are read, too, since they may have
-- edges that are not recorded yet. If nothing recorded can be read, those of all pipelines are.

local catalog = require "tarn.lineage.catalog"
local fault = require "base.fault"
local pool = require "base.pool"
local sources = require "tarn.lineage.table.sources"

local M = {}

local MOST <const> = 2000 -- tables in a direction

---@class tarn.TableAsk
---@field since integer      ms: how far back reads and writes are searched
---@field source "auto"|"rest"|"sql"
---@field warehouse? string
---@field up boolean
---@field down boolean
---@field depth? integer     steps from the table; default: as far as it goes
---@field progress? fun(done: integer, total?: integer, what?: string)

-- The names that edges of the tables in `seen` lead to and that are not seen yet, sorted.
local function fresh_of(s, seen, up, depth)
  local found = {}
  for fqn, at in pairs(seen) do
    for _, edge in pairs((up and s.above or s.below)[fqn] or {}) do
      local other = up and edge.source or edge.target
      if at < (depth or math.huge) then
        edge.directions[up and "up" or "down"] = true
        if not seen[other.fqn] and not found[other.fqn] then
          found[other.fqn] = { name = other, depth = at + 1 }
        elseif found[other.fqn] then
          found[other.fqn].depth = math.min(found[other.fqn].depth, at + 1)
        end
      end
    end
  end
  local list = {}
  for _, one in pairs(found) do
    list[#list + 1] = one
  end
  table.sort(list, function(a, b) return a.name.fqn < b.name.fqn end)
  return list
end

local function writers_of(s, list)
  local ids = {}
  for _, name in ipairs(list) do
    for id in pairs(s.writers[name.fqn] or {}) do
      ids[#ids + 1] = id
    end
  end
  table.sort(ids)
  return ids
end

-- Walk in one direction. Returns the depth of each table that was reached, and their names.
local function go(s, up)
  local seen, reached, frontier = { [s.root.fqn] = 0 }, {}, { s.root }
  local depth = s.ask.depth
  while #frontier > 0 do
    local open = {}
    for _, name in ipairs(frontier) do
      open[#open + 1] = seen[name.fqn] < (depth or math.huge) and name or nil
    end
    s:observe(open, up)
    if s.unrecorded and not s.loaded_all and s.ask.source ~= "sql" then
      s:load_all()
    end
    local list = fresh_of(s, seen, up, depth)
    -- the pipelines that are found may define more edges than were recorded
    local around = { table.unpack(open) }
    for _, one in ipairs(list) do
      around[#around + 1] = one.name
    end
    if s.ask.source ~= "sql" and s:load(writers_of(s, around)) then
      list = fresh_of(s, seen, up, depth)
    end
    frontier = {}
    for _, one in ipairs(list) do
      if #reached >= MOST then
        s.coverage:unsure(up and "upstream" or "downstream",
          ("more than %d tables: --depth bounds them"):format(MOST))
        return seen, reached
      end
      seen[one.name.fqn] = one.depth
      reached[#reached + 1], frontier[#frontier + 1] = one.name, one.name
    end
  end
  return seen, reached
end

-- The last tables of a bounded walk were not asked for what they are made from: Unity Catalog knows
-- the pipelines that manage them.
local function name_last(s, reached, depths)
  local last, ids = {}, {}
  for _, name in ipairs(sources.trackable(reached)) do
    last[#last + 1] = depths[name.fqn] == s.ask.depth and not s.writers[name.fqn] and name
      or nil
  end
  pool.each(last, function(name)
    local info, e = fault.try(catalog.find, s.ws, name)
    if e and e.kind == "cancelled" then
      fault.raise(e)
    elseif info then
      s.types[name.fqn] = s.types[name.fqn] or info.type
    end
    local id = info and info.pipeline_id
    if id then
      s.writers[name.fqn], ids[#ids + 1] = { [id] = true }, id
    end
  end)
  table.sort(ids)
  s:load(ids)
end

--- Walk from a table.
---@param ws tarn.WorkspaceClient
---@param root tarn.LineageName
---@param owner? string the id of the pipeline that Unity Catalog names
---@param ask tarn.TableAsk
---@param coverage tarn.LineageCoverage
---@return tarn.TableSources found with `up` and `down`: { depths: table<string, integer>, names:
--- tarn.LineageName[] }
function M.from(ws, root, owner, ask, coverage)
  local s = sources.new(ws, root, ask, coverage)
  if owner then
    s.writers[root.fqn] = { [owner] = true }
  end
  for _, up in ipairs { true, false } do
    if up and ask.up or not up and ask.down then
      local depths, reached = go(s, up)
      s[up and "up" or "down"] = { depths = depths, names = reached }
      if ask.depth and ask.source ~= "sql" then
        name_last(s, reached, depths)
      end
    end
  end
  if ask.source ~= "sql" then
    s:cover_definitions()
  end
  if s.unrecorded and (s.loaded_all or ask.source == "sql") then
    for what, wanted in pairs { upstream = ask.up, downstream = ask.down } do
      if wanted then
        coverage:unsure(what, "tables that no pipeline names in its definitions: no source of "
          .. "recorded reads and writes answered")
      end
    end
  end
  return s
end

return M
