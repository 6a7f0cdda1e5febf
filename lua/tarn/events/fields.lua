--- Read the fields of an event.

local time = require "base.time"

local M = {}

--- The timestamp of an event; nil if it has none.
---@param event table
---@return integer? ms
function M.at(event)
  return type(event.timestamp) == "string" and time.find_iso(event.timestamp) or nil
end

--- The exceptions of an event, from the outermost to the cause.
---@param event table
---@return { class_name?: string, message?: string }[]
function M.exceptions(event)
  local e = event.error
  return type(e) == "table" and type(e.exceptions) == "table" and e.exceptions or {}
end

return M
