--- Parameters of a URL's query string: a text for each key, a list of texts for a repeated key.

local http = require "native.http"

local M = {}

--- Add a parameter; a key that has a value already gets a list.
---@param query table<string, string|string[]>
---@param key string
---@param value string
function M.add(query, key, value)
  local before = query[key]
  if before == nil then
    query[key] = value
  elseif type(before) == "table" then
    before[#before + 1] = value
  else
    query[key] = { before, value }
  end
end

--- Parse a query string, given without the "?".
---@param text string
---@return table<string, string|string[]>
function M.parse(text)
  local query = {}
  for pair in text:gmatch "[^&]+" do
    local key, value = pair:match "^([^=]*)=(.*)$"
    M.add(query, http.unescape(key or pair, true), http.unescape(value or "", true))
  end
  return query
end

return M
