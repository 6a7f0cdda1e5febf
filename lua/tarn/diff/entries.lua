--- Differences for the output, with values that look like secrets masked.

local json = require "native.json"
local secrets = require "base.secrets"

local function entry(d)
  local name = d.keys[#d.keys]
  if type(name) == "number" then
    name = d.keys[#d.keys - 1]
  end
  local left, right
  if d.left ~= nil then
    left = secrets.masked(d.left, name)
  end
  if d.right ~= nil then
    right = secrets.masked(d.right, name)
  end
  return { path = d.path, kind = d.kind, left = left, right = right, rule = d.rule, why = d.why }
end

--- Differences as data.
---@param list tarn.Difference[]
---@return table[]
return function(list)
  local out = json.array {}
  for i, d in ipairs(list) do
    out[i] = entry(d)
  end
  return out
end
