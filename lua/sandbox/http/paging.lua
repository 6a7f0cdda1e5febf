--- Pages: `max_results`, and page tokens that are opaque to clients.
--
-- A token holds the key of the page's last row, not an offset: rows that come or go do not shift
-- the pages. It also holds a hash of the query: a token of another list is refused.

local http = require "native.http"
local errors = require "sandbox.http.errors"
local ids = require "sandbox.ids"

local M = {}

--- The page size that a query asks for: `default` if it names none, 400 outside of 1..`maximum`.
---@param query table
---@param default integer
---@param maximum integer
---@return integer
function M.size(query, default, maximum)
  local text = query.max_results
  if text == nil or text == "" then
    return default
  end
  local n = math.tointeger(tonumber(text))
  if type(text) ~= "string" or not n then
    errors.invalid("max_results must be an integer, but is '%s'", tostring(text))
  elseif n < 0 then
    errors.invalid("max_results must not be negative, but is %d", n)
  elseif n > maximum then
    errors.invalid("max_results must be at most %d, but is %d", maximum, n)
  end
  return n == 0 and default or n
end

--- The page token of a list, for the rows after the row with these keys.
---@param kind string names the list and what its query filters and orders by
---@param ... string|integer
---@return string
function M.token(kind, ...)
  local parts = { ("%016x"):format(ids.hash(kind)) }
  for i = 1, select("#", ...) do
    local key = select(i, ...)
    parts[i + 1] = (math.type(key) == "integer" and "i" or "s") .. key
  end
  return http.base64_encode(table.concat(parts, "\31"))
end

local function refuse()
  errors.invalid("The page token is not valid for this request.")
end

--- The keys in a token that `M.token(kind, ...)` made; refuses other tokens with 400.
---@param kind string
---@param token string
---@return (string|integer)[]
function M.keys(kind, token)
  local ok, text = pcall(http.base64_decode, token)
  if not ok then
    refuse()
  end
  local parts = {}
  for part in (text .. "\31"):gmatch "(.-)\31" do
    parts[#parts + 1] = part
  end
  if #parts < 2 or parts[1] ~= ("%016x"):format(ids.hash(kind)) then
    refuse()
  end
  local keys = {}
  for i = 2, #parts do
    local form, value = parts[i]:match "^(.)(.*)$"
    keys[i - 1] = form == "i" and math.tointeger(tonumber(value)) or value
  end
  return keys
end

--- One page of rows that are all in memory, and the token of the next page.
---@param query table has `page_token`
---@param kind string as for `M.token`
---@param rows table[]
---@param size integer? nil: all that follow
---@param key string|fun(row: table): string names a row: a column, or a function; it is unique
---@return table[] page
---@return string? next_page_token
function M.page(query, kind, rows, size, key)
  local function name(row)
    return type(key) == "string" and row[key] or key(row)
  end
  local token, first = M.find_token(query), 1
  if token then
    local keys = M.keys(kind, token)
    while rows[first] and name(rows[first]) ~= keys[1] do
      first = first + 1
    end
    -- Where the last row is gone, the next one has taken its place.
    first = rows[first] and first + 1 or math.tointeger(keys[2]) or refuse()
  end
  local stop = math.min(#rows, first + (size or #rows) - 1)
  local page = table.move(rows, first, stop, 1, {})
  return page, stop < #rows and page[1] and M.token(kind, name(page[#page]), stop) or nil
end

--- The page token in a query; nil for the first page, which an empty token also means.
function M.find_token(query)
  local token = query.page_token
  if type(token) == "table" then
    token = token[#token]
  end
  return token ~= "" and token or nil
end

return M
