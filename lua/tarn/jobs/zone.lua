--- Offsets of time zones, from the files of the system's zone database (TZif, RFC 8536).

local fs = require "native.fs"

local M = {}

local FOLDER <const> = "/usr/share/zoneinfo/"

local known = { UTC = { first = 0 }, ["Etc/UTC"] = { first = 0 }, GMT = { first = 0 } }

-- The size of a block of data behind a header of 44 bytes, with times of `width` bytes.
local function block_size(text, at, width)
  local isutc, isstd, leap, times, types, chars = (">I4I4I4I4I4I4"):unpack(text, at + 20)
  return times * width + times + types * 6 + chars + leap * (width + 4) + isstd + isutc,
    times, types
end

local function parse(text)
  if not text or text:sub(1, 4) ~= "TZif" or text:byte(5) < 0x32 then
    return nil
  end
  local at = 1 + 44 + block_size(text, 1, 4) -- the second block has times of 8 bytes
  local _, times, types = block_size(text, at, 8)
  local zone, first = { times = {}, offsets = {} }, at + 44
  local offset_of = {}
  for i = 0, types - 1 do
    offset_of[i] = (">i4"):unpack(text, first + times * 9 + i * 6)
  end
  for i = 1, times do
    zone.times[i] = (">i8"):unpack(text, first + (i - 1) * 8)
    zone.offsets[i] = offset_of[text:byte(first + times * 8 + i - 1)]
  end
  zone.first = offset_of[0]
  return zone
end

local function read(name)
  if known[name] == nil and name:find "^%a[%w_+/-]*$" then
    local ok, zone = pcall(parse, fs.find_read(FOLDER .. name))
    known[name] = ok and zone or false
  end
  return known[name]
end

--- What a zone's clock is ahead of UTC; nil if the zone is not known here.
---@param name string
---@param seconds integer UTC, since 1970
---@return integer? seconds
function M.find_offset(name, seconds)
  local zone = read(name)
  if not zone then
    return nil
  end
  local low, high = 0, zone.times and #zone.times or 0
  while low < high do
    local middle = (low + high + 1) // 2
    if zone.times[middle] <= seconds then
      low = middle
    else
      high = middle - 1
    end
  end
  return low == 0 and zone.first or zone.offsets[low]
end

return M
