--- Names in statements: quoted, or refused.

local fault = require "base.fault"

local M = {}

local OP <const> = "sql"
local LONGEST <const> = 255 -- characters of a name in Unity Catalog
local UUID <const> = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

-- A back quote in a name is doubled, so no name can end the quotes. A text that cannot be a name in
-- a catalog is refused: a server that cuts it at a NUL would read another table.
local function part(text)
  if type(text) ~= "string" or text == "" or text:find "[%c\127]"
    or (utf8.len(text) or math.huge) > LONGEST then
    fault.raise { kind = "sql", op = OP, code = "INVALID_IDENTIFIER",
      message = ("%q cannot be the name of a catalog, schema or table"):format(tostring(text)) }
  end
  return "`" .. text:gsub("`", "``") .. "`"
end

--- A quoted name of one or more parts: identifier("main", "sales") is "`main`.`sales`".
---@param ... string
---@return string
function M.identifier(...)
  local parts = { ... }
  for i = 1, select("#", ...) do
    parts[i] = part(parts[i])
  end
  return table.concat(parts, ".")
end

--- A call of the function event_log for a pipeline, for FROM.
---@param pipeline_id string
---@return string
function M.event_log(pipeline_id)
  if type(pipeline_id) ~= "string" or not pipeline_id:find(UUID) then
    fault.raise { kind = "sql", op = OP, code = "INVALID_IDENTIFIER",
      message = ("%q is not the id of a pipeline"):format(tostring(pipeline_id)) }
  end
  return ("event_log('%s')"):format(pipeline_id:lower())
end

--- The table of a pipeline's event log; nil for a pipeline without catalog and schema.
---@param pipeline table GetPipelineResponse
---@return string?
function M.event_log_table(pipeline)
  local spec = pipeline.spec or {}
  local log = type(spec.event_log) == "table" and spec.event_log or {}
  local catalog = log.catalog or spec.catalog
  local schema = log.schema or spec.schema or spec.target
  if not catalog or not schema then
    return nil
  end
  return M.identifier(catalog, schema,
    log.name or "event_log_" .. pipeline.pipeline_id:gsub("-", "_"))
end

return M
