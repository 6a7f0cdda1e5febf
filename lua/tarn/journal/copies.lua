--- Which pipeline is a copy of which, according to the journal.
--
-- Only the workspace knows whether a copy still exists.

local file = require "tarn.journal.file"
local value_of = require("tarn.journal.row").value

local M = {}

---@class tarn.CopyRecord
---@field org_id string
---@field host? string
---@field profile? string
---@field pipeline_id string
---@field name? string
---@field at integer   ms since 1970
---@field op string

-- The source or the target of each row, each pipeline once.
local function ends(rows, prefix)
  local list, seen = {}, {}
  for _, row in ipairs(rows) do
    local key = ("%s %s"):format(row[prefix .. "org"], row[prefix .. "pipeline"])
    if not seen[key] then
      seen[key] = true
      list[#list + 1] = { org_id = row[prefix .. "org"], host = row[prefix .. "host"],
        profile = row[prefix .. "profile"], pipeline_id = row[prefix .. "pipeline"],
        name = row[prefix .. "name"], at = row.started, op = row.id }
    end
  end
  return list
end

local QUERY <const> = "SELECT * FROM operations WHERE %s_pipeline = ? AND %s_org = ? "
  .. "AND %s_pipeline IS NOT NULL AND undone IS NULL "
  .. "ORDER BY started DESC, length(id) DESC, id DESC"

local function across(from, to, side)
  return ends(file.rows(QUERY:format(from, from, to), { side.pipeline_id, tostring(side.org_id) }),
    to .. "_")
end

--- Where a pipeline was cloned to, newest first, each copy once, without undone clones.
---@param source { org_id: string|integer, pipeline_id: string }
---@return tarn.CopyRecord[]
function M.of(source)
  return across("source", "target", source)
end

--- The pipelines of which a pipeline is a copy, newest first.
---@param target { org_id: string|integer, pipeline_id: string }
---@return tarn.CopyRecord[]
function M.origins(target)
  return across("target", "source", target)
end

--- The newest copy of a pipeline in a workspace, or nil; with `name`, only copies of that name.
---@param query { source: tarn.Side, target_org_id: string|integer, name?: string }
---@return tarn.CopyRecord?
function M.find(query)
  for _, copy in ipairs(M.of(query.source)) do
    if copy.org_id == tostring(query.target_org_id)
      and (not query.name or copy.name == query.name) then
      return copy
    end
  end
end

--- The settings that an operation gave to a copy, and the settings of the source that say where it
-- publishes; nil if the journal does not have them.
---@param op string id of the operation
---@return table? spec
---@return table? source
function M.settings(op)
  local row = file.rows("SELECT what FROM steps WHERE op = ? AND status <> 'failed' "
    .. "AND kind IN ('pipeline.create', 'pipeline.edit') ORDER BY n DESC LIMIT 1", { op })[1]
  local what = row and value_of(row.what, "a step of operation " .. op)
  if type(what) ~= "table" then
    return nil
  end
  return type(what.spec) == "table" and what.spec or nil,
    type(what.of) == "table" and what.of or nil
end

return M
