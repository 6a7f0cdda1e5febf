--- The table that a name means: catalog.schema.table, or less of it where that is unique.

local catalog = require "tarn.lineage.catalog"
local fault = require "base.fault"
local names = require "tarn.lineage.names"
local pages = require "base.pages"
local pool = require "base.pool"
local suggestion = require "base.suggestion"

local M = {}

local OP <const> = "tarn lineage"
local SHOWN <const> = 5          -- candidates in a message
local MOST <const> = 5000        -- names among which a similar one is looked for

---@class tarn.TableName
---@field name tarn.LineageName
---@field info? tarn.LineageTable nil: Unity Catalog does not show the table
---@field fault? tarn.Fault       why Unity Catalog could not be asked
---@field similar fun(): string?  a hint with names that are similar

local function catalogs_of(ws)
  local list = {}
  for item in pages.items(function(query)
    return (ws:request("GET", "/api/2.1/unity-catalog/catalogs", { query = query }))
  end, "catalogs", { op = "catalogs.list", id = "name" }) do
    list[#list + 1] = item.name
  end
  return list
end

-- The names of tables of a catalog that fit two patterns of LIKE.
local function summaries(ws, in_catalog, schema, table_name)
  local list = {}
  for item in pages.items(function(query)
    return (ws:request("GET", "/api/2.1/unity-catalog/table-summaries", { query = {
      catalog_name = in_catalog, schema_name_pattern = schema, table_name_pattern = table_name,
      page_token = query.page_token } }))
  end, "tables", { op = "tables.summaries", id = "full_name", max = MOST }) do
    list[#list + 1] = item.full_name
  end
  return list
end

-- `summaries` of all catalogs. Returns the fault of the first catalog that refuses, too.
local function search(ws, schema, table_name)
  local all, first = {}, nil
  for _, list in ipairs(pool.map(catalogs_of(ws), function(name)
    local list, e = fault.try(summaries, ws, name, schema, table_name)
    if e and e.kind == "cancelled" then
      fault.raise(e)
    end
    first = first or e
    return list or {}
  end)) do
    table.move(list, 1, #list, #all + 1, all)
  end
  return all, first
end

-- ---- names that are not there ----

local function last_part(full)
  local parts = names.parts(full)
  return parts[#parts]
end

local function candidates_text(list)
  local shown = table.move(list, 1, math.min(#list, SHOWN), 1, {})
  if #list > SHOWN then
    shown[#shown + 1] = ("and %d more"):format(#list - SHOWN)
  end
  return table.concat(shown, ", ")
end

-- A hint with the names that have the same last part, or else a similar one.
local function hint_of(wanted, list)
  local bare, by_bare = {}, {}
  for _, full in ipairs(table.move(list, 1, math.min(#list, MOST), 1, {})) do
    local last = last_part(full)
    if not by_bare[last] then
      by_bare[last], bare[#bare + 1] = {}, last
    end
    table.insert(by_bare[last], full)
  end
  local found = by_bare[last_part(wanted)] or by_bare[suggestion.find(last_part(wanted), bare)]
  return found and "did you mean " .. candidates_text(found) or nil
end

-- A function that looks for similar names: in the schema, in the catalog, then everywhere. What is
-- refused is not looked at.
local function similar_to(ws, text, parts)
  return function()
    local tries = {}
    if #parts >= 3 then
      tries[1] = function() return summaries(ws, parts[1], parts[2], "%") end
      tries[2] = function() return summaries(ws, parts[1], "%", "%") end
    end
    tries[#tries + 1] = function() return (search(ws, "%", "%")) end
    for _, try in ipairs(tries) do
      local list, e = fault.try(try)
      if e and e.kind == "cancelled" then
        fault.raise(e)
      end
      local hint = list and hint_of(text, list)
      if hint then
        return hint
      end
    end
  end
end

-- ---- resolving ----

local function of_full_name(ws, text, parts)
  local name = names.of(parts[1], parts[2], table.concat(parts, ".", 3))
  local found = { name = name, similar = similar_to(ws, text, parts) }
  if name.catalog == "hive_metastore" then
    return found
  end
  local info, e = fault.try(function() return { catalog.find(ws, name) } end)
  if e and e.kind == "cancelled" then
    fault.raise(e)
  end
  found.info, found.fault = info and info[1], e
  return found
end

-- LIKE knows wildcards of its own, so the names are compared again.
local function of_short_name(ws, text, parts)
  local list, e = search(ws, #parts == 2 and parts[1] or "%", parts[#parts])
  local found = {}
  for _, full in ipairs(list) do
    local other = names.parts(full)
    if other[#other] == parts[#parts] and (#parts == 1 or other[#other - 1] == parts[1]) then
      found[#found + 1] = full
    end
  end
  if #found > 1 then
    table.sort(found)
    fault.raise { kind = "usage", op = OP, retryable = false,
      message = ("'%s' may be any of %s"):format(text, candidates_text(found)),
      hint = "give the schema, or catalog and schema too" }
  elseif #found == 1 then
    return of_full_name(ws, found[1], names.parts(found[1]))
  elseif e and #list == 0 then
    fault.raise(e)
  end
  return nil, similar_to(ws, text, parts)
end

--- The table of a name. Of a short name all catalogs are searched.
---@param ws tarn.WorkspaceClient
---@param text string
---@return tarn.TableName? found nil: no catalog has a table of this short name
---@return (fun(): string?)? similar a function that returns a hint
function M.find(ws, text)
  local parts = names.parts(text)
  if #parts >= 3 then
    return of_full_name(ws, text, parts)
  end
  return of_short_name(ws, text, parts)
end

return M
