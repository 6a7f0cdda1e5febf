--- Names inside of statements: what comes from data is quoted, or refused.

local fault = require "base.fault"

local M = {}

local OP <const> = "sql"
local LONGEST <const> = 255 -- of Unity Catalog
local UUID <const> = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

-- A back quote inside of quotes is written twice, so no text can end them. What no catalog can
-- have as a name is refused: a server that cut it at a NUL would look at another table.
local function part(text)
  if type(text) ~= "string" or text == "" or #text > LONGEST or text:find "[%c\127]"
    or not utf8.len(text) then
    fault.raise { kind = "sql", op = OP, code = "INVALID_IDENTIFIER",
      message = ("%q cannot be the name of a catalog, schema or table"):format(tostring(text)) }
  end
  return "`" .. text:gsub("`", "``") .. "`"
end

--- A name of one or more parts, quoted: identifier("main", "sales") is "`main`.`sales`".
---@param ... string
---@return string
function M.identifier(...)
  local parts = { ... }
  for i = 1, select("#", ...) do
    parts[i] = part(parts[i])
  end
  return table.concat(parts, ".")
end

--- The event log of a pipeline, by the function: its argument must be a literal.
---@param pipeline_id string
---@return string
function M.event_log(pipeline_id)
  if type(pipeline_id) ~= "string" or not pipeline_id:find(UUID) then
    fault.raise { kind = "sql", op = OP, code = "INVALID_IDENTIFIER",
      message = ("%q is no id of a pipeline"):format(tostring(pipeline_id)) }
  end
  return ("event_log('%s')"):format(pipeline_id:lower())
end

--- The event log of a pipeline as a table, or nil where it has no catalog and schema for one.
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
