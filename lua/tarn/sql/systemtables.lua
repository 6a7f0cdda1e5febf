--- System tables, which have different names or are missing in some workspaces.

local fault = require "base.fault"
local json = require "native.json"

local M = {}

--- True if a fault says that the table does not exist, or is hidden from this user.
---@param e tarn.Fault
---@return boolean
function M.is_missing(e)
  local text = tostring(e.message)
  return e.code == "TABLE_OR_VIEW_NOT_FOUND" or e.kind == "sql"
    and (text:find("TABLE_OR_VIEW_NOT_FOUND", 1, true) or text:find("SCHEMA_NOT_FOUND", 1, true)
      or text:find("NO_SUCH_CATALOG", 1, true) or text:find("42P01", 1, true)) ~= nil
end

--- Call `f(name)` for each name until a call raises no fault.
---@param names string[]
---@param f fun(name: string): any
---@return any answer of that call; nil if all calls raised faults
---@return table[] tried { source, answered, reason?, kind?, code? } for each name that was tried
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

--- The text of a cell, or nil for NULL.
---@param cell any
---@return string?
function M.text(cell)
  return cell ~= json.null and cell or nil
end

return M
