-- The other side of exact_yaml.py. Each request is a line with a word and a size, and a text:
-- "write" turns JSON into YAML, "read" YAML into JSON. Each answer is a line "ok SIZE" or
-- "no SIZE" and a text.

local json = require "native.json"
local yaml = require "native.yaml"

local work = {}

function work.write(text)
  local value = json.decode(text)
  local out = yaml.encode(value, { quoted = { "configuration" }, first = { "name" } })
  assert(json.encode(yaml.decode(out)) == json.encode(value), out)
  return out
end

function work.read(text)
  return json.encode(yaml.decode(text))
end

for line in io.stdin:lines() do
  local word, size = line:match "^(%l+) (%d+)$"
  size = math.tointeger(size)
  local text = size > 0 and io.stdin:read(size) or ""
  local ok, answer = pcall(work[word], text)
  answer = tostring(answer)
  io.stdout:write(ok and "ok " or "no ", #answer, "\n", answer)
  io.stdout:flush()
end
