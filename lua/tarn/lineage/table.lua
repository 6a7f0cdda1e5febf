--- The lineage of a table across pipelines: what feeds it, and what reads it.

local coverages = require "tarn.lineage.coverage"
local data = require "tarn.lineage.table.data"
local fault = require "base.fault"
local resolve = require "tarn.lineage.table.resolve"
local walks = require "tarn.lineage.table.walk"

local M = {}

local OP <const> = "tarn lineage"

--- Raise the fault that no table has this name, with similar ones.
---@param ws tarn.WorkspaceClient
---@param text string
---@param similar fun(): string?
---@param pipelines? tarn.Fault that of a search for a pipeline of this name
function M.not_found(ws, text, similar, pipelines)
  fault.not_found(OP, ("no %stable is named '%s' in %s"):format(pipelines and "pipeline and no "
    or "", text, ws:host()), similar() or pipelines and pipelines.hint
    or "`tarn sql \"SHOW TABLES IN catalog.schema\"` lists the tables of a schema")
end

--- The table of a name, if there is one.
---@param ws tarn.WorkspaceClient
---@param text string catalog.schema.table, or less of it where that is unique
---@return tarn.TableName? found
---@return (fun(): string?)? similar a function that returns a hint
function M.find(ws, text)
  return resolve.find(ws, text)
end

--- Read the lineage of a table. A table that Unity Catalog does not show has a lineage if reads or
-- writes of it were recorded, or if a pipeline defines it; otherwise it is not found.
---@param ws tarn.WorkspaceClient
---@param found tarn.TableName
---@param ask tarn.TableAsk
---@return table? data nil: nobody knows the table
function M.read(ws, found, ask)
  local coverage = coverages.new()
  if found.fault then
    coverage:failed("unity_catalog", found.fault)
  else
    coverage:answered("unity_catalog", found.info and 1 or 0)
  end
  local walk = walks.from(ws, found.name, found.info and found.info.pipeline_id, ask, coverage)
  local fqn = found.name.fqn
  if not found.info and not walk.above[fqn] and not walk.below[fqn]
    and not walk.writers[fqn] then
    return found.fault and fault.raise(found.fault) or nil
  end
  return data.of(ws, found, walk, ask, coverage)
end

return M
