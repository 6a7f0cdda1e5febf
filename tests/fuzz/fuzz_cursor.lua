-- The file of `events --follow --cursor`: what it holds is taken, kept and written again, or
-- refused in words.

local follow = require "tarn.follow"
local fs = require "native.fs"
local json = require "native.json"

local path = os.getenv "HOME" .. "/cursor.json"
local ws = { key = function() return "https://example.org 1" end }

-- All but the key of the workspace, which is hard to guess.
local function file_of(bytes)
  return '{"version":1,"workspace":' .. json.encode(ws:key()) .. ',"pipelines":' .. bytes .. "}"
end

local function refuses(e)
  return type(e) == "table" and (e.kind == "parse" or e.kind == "usage") and e.hint ~= nil
end

return function(bytes)
  fs.write(path, bytes:sub(1, 1) == "=" and bytes:sub(2) or file_of(bytes))
  local ok, saved = pcall(follow.load, "fuzz", path, ws)
  if not ok then
    assert(refuses(saved), tostring(saved))
    return
  end
  for _, one in pairs(saved) do
    local cursor = follow.cursor(one)
    local text = json.encode(cursor:saved())
    assert(json.encode(follow.cursor(json.decode(text)):saved()) == text, text)
  end
end
