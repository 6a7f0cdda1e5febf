--- Ids in the forms that Databricks uses: random ids, and ids that a scenario makes again.

local M = {}

-- 128 bits as a UUID of version 4.
local function format_uuid(a, b)
  return ("%08x-%04x-4%03x-%04x-%012x"):format(
    a >> 32 & 0xffffffff, a >> 16 & 0xffff, a & 0xfff, 0x8000 | b >> 48 & 0x3fff,
    b & 0xffffffffffff)
end

--- A random UUID.
---@return string
function M.uuid()
  return format_uuid(math.random(0), math.random(0))
end

-- splitmix64: every bit of the result depends on every bit of the seed.
local function mix(n)
  n = n + 0x9e3779b97f4a7c15
  n = (n ~ n >> 30) * 0xbf58476d1ce4e5b9
  n = (n ~ n >> 27) * 0x94d049bb133111eb
  return n ~ n >> 31
end

--- A UUID that depends on nothing but the kind and the number.
---@param kind integer
---@param n integer
---@return string
function M.fixed(kind, n)
  local a = mix(kind << 40 ~ n)
  return format_uuid(a, mix(a))
end

--- A number from 0 to `limit - 1` that depends on nothing but `n`.
---@param n integer
---@param limit integer
---@return integer
function M.pick(n, limit)
  return (mix(n) >> 1) % limit
end

--- A number that depends on nothing but the text.
---@param text string
---@return integer
function M.hash(text)
  local h = 0xcbf29ce484222325
  for i = 1, #text do
    h = (h ~ text:byte(i)) * 0x100000001b3
  end
  return h
end

--- The id of an event. Such ids sort by time, then by number.
---@param ms integer
---@param n integer
---@param salt integer tells apart events with the same time and number
---@return string
function M.event(ms, n, salt)
  return ("%08x-%04x-7%03x-8%03x-%012x"):format(ms >> 16 & 0xffffffff, ms & 0xffff,
    n >> 12 & 0xfff, n & 0xfff, mix(salt ~ n << 40) & 0xffffffffffff)
end

--- The id of a cluster that started at `ms`.
function M.cluster(ms, n)
  local tail, letters = {}, "abcdefghijklmnopqrstuvwxyz0123456789"
  for i = 1, 8 do
    local at = M.pick(n + i * 7919, #letters) + 1
    tail[i] = letters:sub(at, at)
  end
  return os.date("!%m%d-%H%M%S-", ms // 1000) .. table.concat(tail)
end

return M
