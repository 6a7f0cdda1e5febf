--- Names of tables, as events, catalogs and settings write them.
--
-- Events write a dataset bare in legacy publishing mode and in full otherwise; what is left out
-- is the pipeline's own place. Case does not count in Unity Catalog or the Hive metastore, and
-- both keep names in lower case. Pure.

local M = {}

---@class tarn.LineagePlace where a pipeline publishes what it names without catalog or schema
---@field catalog? string nil: nowhere, its datasets are files that no catalog knows
---@field schema? string

---@class tarn.LineageName
---@field catalog? string
---@field schema? string
---@field table string
---@field fqn string
---@field kind "table"|"path"

local function is_text(value)
  return type(value) == "string" and value ~= ""
end

--- Where the settings say that datasets go.
---@param spec table
---@return tarn.LineagePlace
function M.place(spec)
  local schema = is_text(spec.schema) and spec.schema or is_text(spec.target) and spec.target or nil
  if is_text(spec.catalog) then
    return { catalog = spec.catalog:lower(), schema = (schema or "default"):lower() }
  elseif schema then
    return { catalog = "hive_metastore", schema = schema:lower() }
  end
  return {}
end

--- True if the Hive metastore, or nothing, is where the pipeline publishes: Unity Catalog knows
-- nothing of it.
---@param place tarn.LineagePlace
---@return boolean
function M.is_hive(place)
  return place.catalog == nil or place.catalog == "hive_metastore"
end

-- The parts between dots; what stands in back quotes is one part, dots and all.
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

local function written(part)
  if part:find "[.`]" then
    return "`" .. part:gsub("`", "``") .. "`"
  end
  return part
end

--- One text for a name of parts; a part that holds a dot is in back quotes.
---@param ... string? parts that are nil are left out
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

--- The name of three parts.
---@return tarn.LineageName
function M.of(catalog, schema, name)
  return of(catalog:lower(), schema:lower(), name:lower())
end

--- What a text names for a pipeline that publishes to `place`; nil if it is no name.
---@param text any
---@param place tarn.LineagePlace
---@return tarn.LineageName?
function M.find(text, place)
  if not is_text(text) then
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

--- True for what the platform keeps for itself: event logs, and the tables behind
-- materialized views.
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
