--- Copies and origins of a pipeline, and the names of its datasets there.
--
-- They come from the journal, over any number of clones. Only their workspaces know whether they
-- still exist; they are asked if the caller wants it.

local fault = require "base.fault"
local http = require "native.http"
local journal = require "tarn.journal"
local json = require "native.json"
local names = require "tarn.lineage.names"
local pool = require "base.pool"
local strings = require "base.strings"

local M = {}

local MOST <const> = 1000 -- pipelines

---@class tarn.LineageClone
---@field direction "copy"|"origin"
---@field depth integer    number of clones between them, from 1
---@field from string      id of the pipeline that it is a copy of, or that is a copy of it
---@field pipeline_id string
---@field name? string
---@field host? string
---@field org_id string
---@field profile? string
---@field at integer
---@field op string
---@field spec? table      its settings, if they are known
---@field exists? boolean  nil: not asked, or no answer

-- ---- copies and origins ----

local function key(side)
  return ("%s %s"):format(side.org_id, side.pipeline_id)
end

local function walk(start, direction, step, seen)
  local found, queue, head = {}, { start }, 1
  while queue[head] and #found < MOST do
    local at = queue[head]
    for _, record in ipairs(step(at)) do
      if not seen[key(record)] then
        seen[key(record)] = true
        local spec, of = journal.settings(record.op)
        if direction == "origin" then
          spec = of
        end
        local clone = { direction = direction, depth = (at.depth or 0) + 1,
          from = at.pipeline_id, pipeline_id = record.pipeline_id, name = record.name,
          host = record.host, org_id = record.org_id, profile = record.profile,
          at = record.at, op = record.op, spec = spec, before = at }
        found[#found + 1], queue[#queue + 1] = clone, clone
      end
    end
    head = head + 1
  end
  return found
end

--- Copies and origins of a pipeline, the nearest first. Raises a fault if the journal cannot
-- be read.
---@param side { org_id: string, pipeline_id: string }
---@return tarn.LineageClone[]
function M.find(side)
  local seen = { [key(side)] = true }
  local list = walk(side, "copy", journal.copies, seen)
  for _, origin in ipairs(walk(side, "origin", journal.origins, seen)) do
    list[#list + 1] = origin
  end
  return list
end

-- ---- whether they exist ----

local function ask_one(clone, here, open)
  local ws = here.ws
  if clone.org_id ~= here.org_id then
    if not clone.profile then
      fault.raise { kind = "usage", op = "tarn lineage",
        message = ("the journal does not say which profile leads to %s"):format(
          clone.host or clone.org_id) }
    end
    ws = open(clone.profile)
  end
  local pipeline, response = ws:request("GET",
    "/api/2.0/pipelines/" .. http.escape(clone.pipeline_id))
  local org = response.headers["x-databricks-org-id"]
  if org and tostring(org) ~= clone.org_id then
    fault.raise { kind = "conflict", op = "tarn lineage",
      message = ("profile %s leads to another workspace now (%s, not %s)"):format(
        clone.profile or "?", org, clone.org_id) }
  end
  return pipeline
end

--- Ask the workspaces whether these pipelines exist.
---@param list tarn.LineageClone[]
---@param here { ws: tarn.WorkspaceClient, org_id: string }
---@param open? fun(profile: string): tarn.WorkspaceClient nil: ask only this workspace
---@return integer asked
---@return integer failed
---@return tarn.Fault? first
function M.check(list, here, open)
  local asked, failed, first = 0, 0, nil
  pool.each(list, function(clone)
    if not open and clone.org_id ~= here.org_id then
      return
    end
    asked = asked + 1
    local pipeline, e = fault.try(ask_one, clone, here, open)
    if pipeline then
      clone.exists, clone.spec = pipeline.state ~= "DELETED", pipeline.spec or {}
      clone.name = pipeline.name or clone.name
    elseif e.status == 404 and e.code ~= "ENDPOINT_NOT_FOUND" then
      clone.exists = false
    elseif e.kind == "cancelled" then
      fault.raise(e)
    else
      clone.reason, failed, first = e.message, failed + 1, first or e
    end
  end)
  return asked, failed, first
end

-- ---- names of datasets ----

local function objects_of(spec)
  local definition = type(spec.ingestion_definition) == "table" and spec.ingestion_definition
  return definition and type(definition.objects) == "table" and definition.objects or {}
end

local function text(value)
  local found = strings.non_empty(value)
  return found and found:lower()
end

-- The destination of an ingestion's object: catalog, schema, and the table if it is a table.
local function destination_of(object)
  local one = object.table or object.report
  local whole = one or object.schema or {}
  return text(whole.destination_catalog), text(whole.destination_schema),
    one and (text(one.destination_table) or text(one.source_table))
end

-- Rename by the objects of an ingestion, whose order a clone keeps.
local function through_objects(node, from, to)
  local there = objects_of(to)
  for i, object in ipairs(objects_of(from)) do
    local catalog, schema, name = destination_of(object)
    if catalog == node.catalog and schema == node.schema and (not name or name == node.table)
      and there[i] then
      local new_catalog, new_schema, new_name = destination_of(there[i])
      if new_catalog and new_schema then
        return names.of(new_catalog, new_schema, name and new_name or node.table)
      end
    end
  end
end

--- The name that a dataset of a pipeline with the settings `from` has with the settings `to`. The
-- pipeline's catalog and schema change with the settings; a name that the code writes in full
-- stays.
---@param node tarn.LineageNode
---@param from table
---@param to table
---@return tarn.LineageName? name
---@return boolean certain false: it is not known whether the code names the catalog
function M.rename(node, from, to)
  if node.kind ~= "table" then
    return nil, false
  end
  local found = through_objects(node, from, to)
  if found then
    return found, true
  end
  local here, there = names.place(from), names.place(to)
  if node.catalog == here.catalog and node.schema == here.schema then
    if not there.catalog then
      return { table = node.table, fqn = names.join(node.table), kind = "table" }, true
    end
    return names.of(there.catalog, there.schema, node.table), true
  elseif node.catalog == here.catalog and here.catalog ~= there.catalog and there.catalog then
    return names.of(there.catalog, node.schema, node.table), false
  end
  return { catalog = node.catalog, schema = node.schema, table = node.table, fqn = node.fqn,
    kind = "table" }, true
end

-- Rename step by step along the chain of clones.
local function renamed(node, clone, spec)
  local before = clone.before
  local name, certain
  if before and before.direction then
    name, certain = renamed(node, before, spec)
    spec = before.spec
  else
    name, certain = node, true
  end
  if not name or not spec or not clone.spec then
    return nil, false
  end
  name.kind = "table"
  local next_name, sure = M.rename(name, spec, clone.spec)
  return next_name, certain and sure
end

--- The names of a pipeline's datasets in a copy or an origin.
---@param clone tarn.LineageClone
---@param own tarn.LineageNode[]
---@param spec table the pipeline's settings
---@return { fqn: string, there: string, certain: boolean }[]
function M.datasets(clone, own, spec)
  local list = json.array {}
  for _, node in ipairs(own) do
    if node.kind == "table" then
      local name, certain = renamed(node, clone, spec)
      if name then
        list[#list + 1] = { fqn = node.fqn, there = name.fqn, certain = certain }
      end
    end
  end
  return list
end

return M
