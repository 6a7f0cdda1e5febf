--- Renders one YAML document, the same value as JSON. The rows of an iterator are the items of a
-- list, and are written as they come.

local json = require "native.json"
local rows = require "output.render.rows"
local yaml = require "native.yaml"

local function items(write, data, ...)
  local any = false
  for item in rows.each(data, ...) do
    any = true
    write(yaml.encode(json.array { item }))
  end
  if not any then
    write "[]\n"
  end
end

return rows.document(items, yaml.encode)
