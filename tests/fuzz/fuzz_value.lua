-- native.json: what is decoded and encoded decodes again to what has the same text.

local json = require "native.json"

return function(bytes)
  local ok, value = pcall(json.decode, bytes)
  if not ok then
    assert(value.kind == "parse", tostring(value))
    return
  end
  local text = json.encode(value)
  local again = json.encode(json.decode(text))
  assert(again == text, text)
end
