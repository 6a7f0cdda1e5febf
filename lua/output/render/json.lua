--- Renders one JSON value, indented. The rows of an iterator are the items of an array, and are
-- written as they come.

local json = require "native.json"
local rows = require "output.render.rows"

local function items(write, data, ...)
  local separator = "[\n  "
  for item in rows.each(data, ...) do
    write(separator)
    write((json.encode(item, { indent = 2 }):gsub("\n", "\n  ")))
    separator = ",\n  "
  end
  write(separator:sub(1, 1) == "[" and "[]\n" or "\n]\n")
end

return rows.document(items, function(value) return json.encode(value, { indent = 2 }) .. "\n" end)
