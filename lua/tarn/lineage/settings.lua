--- Lineage from a pipeline's settings: the sources and targets of an ingestion. Pure.

local names = require "tarn.lineage.names"
local strings = require "base.strings"

local M = {}

local text = strings.non_empty

local function definition_of(spec)
  return type(spec.ingestion_definition) == "table" and spec.ingestion_definition or nil
end

--- A table of another system, as a node: "connection:catalog.schema.table".
---@param spec table
---@param from { catalog?: string, schema?: string, table: string }
---@return table
function M.source(spec, from)
  local definition = definition_of(spec) or {}
  local system = text(definition.connection_name) or text(definition.ingestion_gateway_id)
    or text(definition.source_type) or "source"
  return { kind = "source", catalog = from.catalog, schema = from.schema, table = from.table,
    fqn = system .. ":" .. names.join(from.catalog, from.schema, from.table) }
end

local function of_object(spec, object)
  local one = object.table or object.report
  if type(one) ~= "table" then
    return nil -- a whole schema, whose tables only the source knows
  end
  local name = text(one.destination_table) or text(one.source_table)
  local catalog, schema = text(one.destination_catalog), text(one.destination_schema)
  if not name or not catalog or not schema then
    return nil
  end
  local url = text(one.source_url)
  return { target = names.of(catalog, schema, name),
    source = url and { kind = "path", table = url, fqn = url }
      or M.source(spec, { catalog = text(one.source_catalog), schema = text(one.source_schema),
        table = text(one.source_table) or name }) }
end

--- The tables that an ingestion writes, and their sources.
---@param spec table
---@return { target: tarn.LineageName, source: table }[]
function M.ingested(spec)
  local list = {}
  local definition = definition_of(spec)
  for _, object in ipairs(definition and definition.objects or {}) do
    list[#list + 1] = type(object) == "table" and of_object(spec, object) or nil
  end
  return list
end

--- Schemas of other systems that are ingested as a whole; the settings do not name their tables.
---@param spec table
---@return string[]
function M.whole_schemas(spec)
  local list, definition = {}, definition_of(spec)
  for _, object in ipairs(definition and definition.objects or {}) do
    local whole = type(object) == "table" and type(object.schema) == "table" and object.schema
    local schema = whole and text(whole.source_schema)
    list[#list + 1] = schema and names.join(text(whole.source_catalog), schema) or nil
  end
  return list
end

--- The name of the table to which the settings publish the event log, or nil.
---@param spec table
---@param place tarn.LineagePlace
---@return string? fqn
function M.find_log(spec, place)
  local log = type(spec.event_log) == "table" and spec.event_log
  local name = log and text(log.name)
  local catalog = log and text(log.catalog) or place.catalog
  local schema = log and text(log.schema) or place.schema
  return name and catalog and schema and names.of(catalog, schema, name).fqn or nil
end

return M
