--- Reading system tables: the first of several names that answers.

local fault = require "base.fault"
local json = require "native.json"

local M = {}

--- True if a fault says that there is no such table, for this reader at least.
---@param e tarn.Fault
---@return boolean
function M.is_missing(e)
  local text = tostring(e.message)
  return e.code == "TABLE_OR_VIEW_NOT_FOUND" or e.kind == "sql"
    and (text:find("TABLE_OR_VIEW_NOT_FOUND", 1, true) or text:find("SCHEMA_NOT_FOUND", 1, true)
      or text:find("NO_SUCH_CATALOG", 1, true) or text:find("42P01", 1, true)) ~= nil
end

--- Call `f(name)` for one name after the other until one does not raise a fault. Returns what
-- it returned (nil if none did), and what was tried: { source, answered, reason? } each.
---@param names string[]
---@param f fun(name: string): any
---@return any answer, table[] tried
function M.first(names, f)
  local tried = json.array {}
  for _, name in ipairs(names) do
    local answer, e = fault.try(f, name)
    if answer ~= nil then
      tried[#tried + 1] = { source = name, answered = true }
      return answer, tried
    elseif e.kind == "cancelled" then
      fault.raise(e)
    end
    tried[#tried + 1] = { source = name, answered = false, reason = e.message, kind = e.kind,
      code = e.code }
  end
  return nil, tried
end

--- A cell, or nil for NULL.
---@param cell any
---@return string?
function M.text(cell)
  return cell ~= json.null and cell or nil
end

return M
