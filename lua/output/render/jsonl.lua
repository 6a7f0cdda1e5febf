--- Renders JSON lines: each row, or the one value, on a line of its own.

local json = require "native.json"
local rows = require "output.render.rows"

---@param write fun(text: string)
---@param data any
return function(write, _, _, data, ...)
  local f, state, first, closing = rows.each(data, ...)
  if not f then
    write(json.encode(data == nil and json.null or data) .. "\n")
    return
  end
  for row in f, state, first, closing do
    write(json.encode(row) .. "\n")
  end
end
