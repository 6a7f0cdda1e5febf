-- Lists whose pages shift while they are read: each item comes once, and pages have an end.

local catalog = require "tarn.lineage.catalog"
local events = require "tarn.events"
local fake = require "testing.fake"
local json = require "native.json"
local names = require "tarn.workspace.names"
local pipelines = require "tarn.pipelines"
local warehouses = require("tarn.sql").warehouses

local ID <const> = "00000001-0000-4000-8000-000000000000"
local BASE <const> = "GET /api/2.0/pipelines"

local function collected(source, field)
  local list = {}
  for item in source do
    list[#list + 1] = item[field]
  end
  return list
end

-- Each listing: its endpoint, the field with its items, an item, the field that identifies it, and
-- a function that reads the ids of all of them.
local LISTINGS <const> = {
  pipelines = { BASE, "statuses", "pipeline_id", function(ws)
    return collected(pipelines.states(ws), "pipeline_id")
  end },
  updates = { BASE .. "/" .. ID .. "/updates", "updates", "update_id", function(ws)
    return collected(pipelines.updates(ws, ID), "update_id")
  end },
  ["events of a pipeline"] = { BASE .. "/" .. ID .. "/events", "events", "id", function(ws)
    return collected(pipelines.events(ws, ID), "id")
  end },
  ["events with criteria"] = { BASE .. "/" .. ID .. "/events", "events", "id", function(ws)
    return collected(events.list(ws, ID, { criteria = events.criteria("t", { grep = "x" }) }), "id")
  end },
  warehouses = { "GET /api/2.0/sql/warehouses", "warehouses", "id", function(ws)
    local list = {}
    for i, one in ipairs(warehouses.all(ws)) do
      list[i] = one.id
    end
    return list
  end },
  catalogs = { "GET /api/2.1/unity-catalog/catalogs", "catalogs", "name", function(ws)
    local list = {}
    for i, one in ipairs(names.all(ws, "catalog")) do
      list[i] = one[1]
    end
    return list
  end },
  tables = { "GET /api/2.1/unity-catalog/tables", "tables", "full_name", function(ws)
    local list = {}
    for i, one in ipairs(catalog.list(ws, "c", "s")) do
      list[i] = one.name.table
    end
    return list
  end },
}

-- A workspace with these pages of ids. After the last page the token is `last`.
local function paged(listing, pages, last)
  return fake.workspace { [listing[1]] = function(request)
    local at = math.tointeger(tonumber((request.query or ""):match "page_token=(%d+)" or 1))
    local items = json.array {}
    for i, id in ipairs(pages[math.min(at, #pages)]) do
      items[i] = { [listing[3]] = id, name = id, message = "x", catalog_name = "c",
        schema_name = "s" }
    end
    return { [listing[2]] = items,
      next_page_token = pages[at + 1] and tostring(at + 1) or last }
  end }
end

test("each id comes once, though the pages shift", function(t)
  for what, listing in pairs(LISTINGS) do
    local ws <close> = paged(listing, { { "a", "b" }, { "b", "c" }, {}, { "c", "d" } })
    t.equal(listing[4](ws), { "a", "b", "c", "d" }, what)
  end
end)

test("a page token that comes again is a fault", function(t)
  for what, listing in pairs(LISTINGS) do
    if what ~= "catalogs" then -- completion shows what it has
      local ws <close> = paged(listing, { { "a" }, { "b" } }, "2")
      local e = t.fault(listing[4], ws)
      t.equal(e.kind, "parse", what)
      t.match(e.message, "repeat the same page")
    end
  end
end)
