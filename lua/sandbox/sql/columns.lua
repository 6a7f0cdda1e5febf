--- The columns of the tables that the embedded workspace shows, written as text, and instants in
--- their form.

local M = {}

--- Columns from a text, "name TYPE, name TYPE". A struct may name the types of its fields:
-- "settings STRUCT(photon BOOLEAN; edition STRING)".
---@param text string
---@return { name: string, type: string, fields?: table<string, string> }[]
function M.parse(text)
  local list = {}
  for line in text:gmatch "[^,]+" do
    local name, kind, inner = line:match "^%s*(%S+)%s+([%w<>]+)%(?([^)]*)%)?%s*$"
    local fields
    for field, field_type in inner:gmatch "([%w_]+) (%w+)" do
      fields = fields or {}
      fields[field] = field_type
    end
    list[#list + 1] = { name = name, type = kind, fields = fields }
  end
  return list
end

--- An SQL expression in milliseconds, as one that gives the timestamp as ISO text.
---@param expr string
---@return string
function M.iso(expr)
  return ("strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', (%s) / 1000.0, 'unixepoch')"):format(expr)
end

return M
