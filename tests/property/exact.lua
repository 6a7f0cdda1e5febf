-- The program behind exact_json.py and exact_yaml.py. A request is a line with a word and a size,
-- and a text of that size; an answer is a line "ok SIZE" with the result, or "no SIZE" with the
-- message of an error.

local json = require "native.json"
local yaml = require "native.yaml"

local work = {}

-- JSON decoded and encoded again.
function work.json(text)
  local once = json.encode(json.decode(text))
  assert(json.encode(json.decode(once)) == once, once)
  return once
end

-- JSON to YAML.
function work.to_yaml(text)
  local value = json.decode(text)
  local out = yaml.encode(value, { quoted = { "configuration" }, first = { "name" } })
  assert(json.encode(yaml.decode(out)) == json.encode(value), out)
  return out
end

-- YAML to JSON.
function work.from_yaml(text)
  return json.encode(yaml.decode(text))
end

for line in io.stdin:lines() do
  local word, size = line:match "^([%l_]+) (%d+)$"
  size = math.tointeger(size)
  local text = size > 0 and io.stdin:read(size) or "" -- read(0) would wait for a byte
  local ok, answer = pcall(work[word], text)
  if not ok and word == "json" then
    assert(answer.kind == "parse", answer)
  end
  answer = not ok and type(answer) == "table" and answer.message or tostring(answer)
  io.stdout:write(ok and "ok " or "no ", #answer, "\n", answer)
  io.stdout:flush()
end
