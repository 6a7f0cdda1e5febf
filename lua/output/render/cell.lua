--- Renders one value as one line of text.

local json = require "native.json"

local M = {}

local EARLIEST <const> = 100000000000 -- smaller integers are no milliseconds since 1970

-- True for the names of fields that hold timestamps.
local function is_time_name(name)
  return name:find "_time$" or name:find "_at$" or name == "timestamp" or name == "last_modified"
    or name == "last_seen" or name == "as_of"
end

--- The text of a value for a person.
---@param screen tarn.Screen
---@param name string the field that has the value
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
  elseif math.type(value) == "integer" and is_time_name(name) and value > EARLIEST then
    return screen:time(value)
  elseif math.type(value) == "float" and value == value and math.abs(value) < 1e15 then
    return ("%.14g"):format(value) -- 7.601616, where adding up gave 7.601616000000003
  elseif type(value) == "number" then
    return json.encode(value)
  elseif type(value) == "table" and getmetatable(value) == nil or json.is_array(value) then
    return screen:clean(json.encode(value))
  end
  return screen:clean(tostring(value))
end

return M
