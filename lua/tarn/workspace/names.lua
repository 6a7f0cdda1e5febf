--- Names of pipelines, catalogs, warehouses and updates, for completion.
--
-- Completion asks at each TAB, so names are kept for a minute below $XDG_CACHE_HOME/tarn/names. A
-- workspace has two seconds to answer. After that the names that have arrived are used, or the
-- older ones of the file if these are more.

local fault = require "base.fault"
local fs = require "native.fs"
local http = require "native.http"
local json = require "native.json"
local pages = require "base.pages"
local task = require "native.task"

local M = {}

local FRESH <const> = 60       -- seconds
local FRESH_PART <const> = 10  -- seconds, for an incomplete list
local PATIENCE <const> = 2     -- seconds for the workspace's answer
local NEWEST <const> = 25      -- updates

---@alias tarn.Name { [1]: string, [2]: string } the word and its description

-- Kind -> function that calls `add(word, description)` for each name.
local sources = {}

-- A name that several pipelines have is of no use alone, so their ids follow it.
function sources.pipeline(ws, add)
  local pipelines = require "tarn.pipelines"
  local first = {}
  for item in pipelines.states(ws) do
    local name = item.name or ""
    if first[name] == nil then
      first[name] = item
      add(name, item.state)
    else
      for _, one in ipairs { first[name] or item, first[name] and item } do
        add(one.pipeline_id, ("%s, %s"):format(name, pipelines.about(one)))
      end
      first[name] = false
    end
  end
end

function sources.catalog(ws, add)
  for catalog in pages.items(function(query)
    return (ws:request("GET", "/api/2.1/unity-catalog/catalogs", { query = query }))
  end, "catalogs", { op = "catalogs.list", id = "name" }) do
    add(catalog.name, type(catalog.comment) == "string" and catalog.comment or "catalog")
  end
end

function sources.warehouse(ws, add)
  for _, warehouse in ipairs(require("tarn.sql").warehouses.all(ws)) do
    add(warehouse.id, ("%s, %s"):format(warehouse.name, warehouse.state))
  end
end

function sources.update(ws, add, pipeline)
  local id = require("tarn.pipelines").find_id(ws, pipeline)
  for update in ws:updates(id, { max = NEWEST }) do
    add(update.update_id, update.state)
  end
end

-- ---- the cache ----

-- The file for the names of a kind, and its folder; nil if there is no folder for caches.
local function find_path(ws, kind, of)
  local cache = require("base.directories").find_cache_dir()
  local dir = cache and cache .. "/names"
  local workspace = require("tarn.workspace")
  local whom = workspace.is_embedded(ws.profile) and ws.profile or ws:host()
  return dir and ("%s/%s.%s.json"):format(dir, http.escape(whom),
    http.escape(of and kind .. "/" .. of or kind)), dir
end

-- The names in the file, and whether they are fresh. A file that cannot be read counts as missing.
local function find_kept(path)
  local text = path and fs.find_read(path)
  local kept = text and fault.try(json.decode, text)
  if type(kept) ~= "table" or type(kept.at) ~= "number" or type(kept.names) ~= "table" then
    return nil, false
  end
  local age = task.time() / 1000 - kept.at
  return kept.names, age >= 0 and age < (kept.whole and FRESH or FRESH_PART)
end

-- Write the names to the file; an error does not matter.
local function keep(path, dir, names, whole)
  fault.try(function()
    fs.mkdir(dir, { parents = true, mode = 448 })
    fs.write(path, json.encode { at = task.time() / 1000, names = names, whole = whole },
      { mode = 384 })
  end)
end

--- The names of a kind in a workspace; none if the workspace does not answer in time.
---@param ws tarn.WorkspaceClient
---@param kind "pipeline"|"catalog"|"warehouse"|"update"
---@param of? string the pipeline, for kind "update"
---@return tarn.Name[]
function M.all(ws, kind, of)
  local path, dir = find_path(ws, kind, of)
  local kept, fresh = find_kept(path)
  if fresh then
    return kept
  end
  local names = json.array {}
  local _, e = fault.try(require("base.pool").timeout, PATIENCE, sources[kind], ws,
    function(word, what) names[#names + 1] = { word, what } end, of)
  if fault.is(e, "cancelled") then
    fault.raise(e)
  elseif e and #names < #(kept or {}) then
    return kept
  elseif path and (#names > 0 or not e) then
    keep(path, dir, names, not e)
  end
  return names
end

return M
