--- Find an operation of the journal by its id, or a part of the id.

local fault = require "base.fault"
local file = require "tarn.journal.file"
local rows = require "tarn.journal.row"

local M = {}

local OP <const> = "journal"

-- Replace letters that ids do not have by the digits that they resemble.
local function normal(id)
  return (id:lower():gsub("[ilo]", { i = "1", l = "1", o = "0" }))
end

--- An operation: by its id, by the unique beginning of the id or of its part behind the dash, or
-- "last". Raises a fault if no operation matches, or more than one.
---@param name string
---@return tarn.OperationRecord
function M.find(name)
  if name == "last" then
    local newest = file.rows("SELECT * FROM operations WHERE parent IS NULL "
      .. "ORDER BY started DESC, length(id) DESC, id DESC LIMIT 1")[1]
    return newest and rows.operation(newest) or fault.not_found(OP, "the journal is empty")
  end
  local id = normal(name)
  local exact = file.rows("SELECT * FROM operations WHERE id = ?", { id })[1]
  if exact then
    return rows.operation(exact)
  end
  local found = file.rows("SELECT * FROM operations WHERE substr(id, 1, length(:id)) = :id "
    .. "OR substr(id, 8, length(:id)) = :id ORDER BY started DESC, id", { id = id })
  -- the ids of an operation's items begin with its own id
  local whole = {}
  for _, row in ipairs(found) do
    if not row.parent or id:find(".", 1, true) then
      whole[#whole + 1] = row
    end
  end
  if #whole == 1 then
    return rows.operation(whole[1])
  elseif #whole == 0 then
    fault.not_found(OP, ("there is no operation '%s' in the journal"):format(name),
      "`tarn journal` lists the operations")
  end
  local names = {}
  for i = 1, math.min(#whole, 5) do
    names[i] = whole[i].id
  end
  fault.usage(OP, ("'%s' may be any of %s%s"):format(name, table.concat(names, ", "),
    #whole > 5 and (" and %d more"):format(#whole - 5) or ""), "give more of the id")
end

return M
