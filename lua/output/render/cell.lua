--- One value as one line of text.

local json = require "native.json"

local M = {}

-- Fields that hold milliseconds since 1970. Names that end so hold a time or are texts.
local function is_time_name(name)
  return name:find "_time$" or name:find "_at$" or name == "timestamp" or name == "last_modified"
    or name == "last_seen" or name == "as_of"
end

--- The text of a value, as a person reads it.
---@param screen tarn.Screen
---@param name string the field it is in
---@param value any
---@return string
function M.text(screen, name, value)
  if value == nil or value == json.null then
    return "-"
  elseif type(value) == "string" then
    if is_time_name(name) or value:find "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d" then
      value = screen:time(value)
    end
    return screen:clean(value)
  elseif math.type(value) == "integer" and is_time_name(name) and value > 100000000000 then
    return screen:time(value)
  elseif type(value) == "number" then
    return json.encode(value)
  elseif type(value) == "table" and getmetatable(value) == nil or json.is_array(value) then
    return screen:clean(json.encode(value))
  end
  return screen:clean(tostring(value))
end

return M
