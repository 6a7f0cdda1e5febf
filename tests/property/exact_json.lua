-- The other side of exact_json.py: reads texts from standard input, each behind a line with its
-- size, and answers each with a line "ok SIZE" and what it decodes to, encoded again, or a
-- line "no SIZE" and the message.

local json = require "native.json"

local function answer(word, text)
  io.stdout:write(word, " ", #text, "\n", text)
  io.stdout:flush()
end

for size in io.stdin:lines() do
  size = math.tointeger(size)
  local text = size > 0 and io.stdin:read(size) or "" -- read(0) would wait for a byte
  local ok, value = pcall(json.decode, text)
  if not ok then
    assert(value.kind == "parse", value)
    answer("no", value.message)
  else
    local once = json.encode(value)
    assert(json.encode(json.decode(once)) == once, once)
    answer("ok", once)
  end
end
