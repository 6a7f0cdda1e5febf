--- Names of tables in events, catalogs and settings. Pure.
--
-- Events have bare names of datasets in legacy publishing mode, and full names otherwise. A bare
-- name is in the catalog and schema to which the pipeline publishes. Unity Catalog and the Hive
-- metastore ignore case and store names in lower case.

local strings = require "base.strings"

local M = {}

---@class tarn.LineagePlace the catalog and schema to which a pipeline publishes
---@field catalog? string nil: the datasets are files that no catalog knows
---@field schema? string

---@class tarn.LineageName
---@field catalog? string
---@field schema? string
---@field table string
---@field fqn string
---@field kind "table"|"path"

--- The catalog and schema that settings name.
---@param spec table
---@return tarn.LineagePlace
function M.place(spec)
  local schema = strings.non_empty(spec.schema) or strings.non_empty(spec.target)
  if strings.non_empty(spec.catalog) then
    return { catalog = spec.catalog:lower(), schema = (schema or "default"):lower() }
  elseif schema then
    return { catalog = "hive_metastore", schema = schema:lower() }
  end
  return {}
end

--- True if the pipeline publishes to the Hive metastore or to no catalog, so that Unity Catalog
-- does not know its datasets.
---@param place tarn.LineagePlace
---@return boolean
function M.is_hive(place)
  return place.catalog == nil or place.catalog == "hive_metastore"
end

-- The parts between dots. A part in back quotes may contain dots.
local function split(text)
  local parts, at = {}, 1
  while at <= #text + 1 do
    local quoted, after = text:match("^`(.-[^`])`()%f[.\0]", at)
    if quoted then
      parts[#parts + 1] = quoted:gsub("``", "`")
      at = after + 1
    else
      local plain, stop = text:match("^([^.]*)()", at)
      parts[#parts + 1] = plain
      at = stop + 1
    end
  end
  return parts
end

--- The parts of a name, in lower case, without back quotes.
---@param text string
---@return string[]
function M.parts(text)
  return split(text:lower())
end

local function written(part)
  if part:find "[.`]" then
    return "`" .. part:gsub("`", "``") .. "`"
  end
  return part
end

--- Join the parts of a name; a part with a dot is put in back quotes.
---@param ... string? nil parts are left out
---@return string
function M.join(...)
  local parts = {}
  for i = 1, select("#", ...) do
    local part = (select(i, ...))
    parts[#parts + 1] = part and written(part) or nil
  end
  return table.concat(parts, ".")
end

local function of(catalog, schema, name)
  return { catalog = catalog, schema = schema, table = name, kind = "table",
    fqn = M.join(catalog, schema, name) }
end

--- A name of three parts.
---@param catalog string
---@param schema string
---@param name string
---@return tarn.LineageName
function M.of(catalog, schema, name)
  return of(catalog:lower(), schema:lower(), name:lower())
end

--- The full name of a text in a pipeline that publishes to `place`; nil if the text is not a name.
---@param text any
---@param place tarn.LineagePlace
---@return tarn.LineageName?
function M.find(text, place)
  if not strings.non_empty(text) then
    return nil
  elseif text:find "^/" or text:find "^%a[%w+.-]*:/" then
    return { table = text, fqn = text, kind = "path" }
  end
  local parts = split(text:lower())
  if #parts == 2 and parts[1] == "live" then
    table.remove(parts, 1)
  end
  if #parts >= 3 then
    return of(parts[1], parts[2], table.concat(parts, ".", 3))
  elseif #parts == 2 then
    return of(place.catalog or "hive_metastore", parts[1], parts[2])
  end
  return of(place.catalog, place.schema, parts[1])
end

--- True for internal tables of the platform: event logs, and the tables behind materialized views.
---@param name tarn.LineageName
---@param own_log? string name of the pipeline's published event log
---@return boolean
function M.is_internal(name, own_log)
  if name.kind ~= "table" then
    return false
  end
  return name.catalog == "__databricks_internal"
    or name.table:find "^__materialization_" ~= nil
    or name.table:find("^event_log_" .. ("%x"):rep(8) .. "_%x+_%x+_%x+_"
      .. ("%x"):rep(12) .. "$") ~= nil
    or own_log ~= nil and name.fqn == own_log
end

return M
