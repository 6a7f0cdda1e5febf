-- native.yaml: what is decoded and encoded decodes again to the same value, which native.json
-- tells, and has the same text.

local json = require "native.json"
local yaml = require "native.yaml"

return function(bytes)
  local ok, value = pcall(yaml.decode, bytes)
  if not ok then
    assert(value.kind == "parse", tostring(value))
    return
  end
  local text = yaml.encode(value)
  local again = yaml.decode(text)
  assert(yaml.encode(again) == text, text)
  local sayable, said = pcall(json.encode, value) -- JSON has no word for infinity
  local exact = sayable and not said:find "%d[eE][+-]?%d" -- 1e400 becomes 1.0e+400
  assert(not exact or json.encode(again) == said, text)
end
