--- What the rows of a report are for: a function for each way to add up, of the cells of a usage
-- and its pipeline, which returns a list of the fields that name a row.

local collections = require "base.collections"
local json = require "native.json"
local systemtables = require("tarn.sql").systemtables

local M = {}

local NO_TAG <const>, GONE <const> = "(no tag)", "(deleted)"

-- The texts "key=value" of a usage's tags.
local function tags_of(cells)
  local ok, tags = pcall(json.decode, systemtables.text(cells.tags) or "{}")
  local list = {}
  for _, key in ipairs(collections.keys(ok and type(tags) == "table" and tags or {})) do
    list[#list + 1] = ("%s=%s"):format(key, tostring(tags[key]))
  end
  return #list > 0 and list or { NO_TAG }
end

local function named(cells, pipeline, field, value)
  local key = { pipeline_id = cells.pipeline_id, name = pipeline and pipeline.name or json.null }
  if field then
    key[field] = value
  end
  return { key }
end

function M.pipeline(cells, pipeline)
  return named(cells, pipeline)
end

function M.update(cells, pipeline)
  return named(cells, pipeline, "update_id", cells.update_id)
end

function M.day(cells)
  return { { day = cells.day } }
end

function M.owner(_, pipeline)
  return { { owner = pipeline and pipeline.creator or GONE } }
end

function M.tag(cells)
  local list = {}
  for i, tag in ipairs(tags_of(cells)) do
    list[i] = { tag = tag }
  end
  return list
end

return M
