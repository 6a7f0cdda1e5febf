--- Zip archives without compression, for directories that are exported.
--
-- Pure: the same files always give the same bytes.

local M = {}

local DOS_DATE <const> = 0x0021 -- 1 January 1980, the first day that the format knows

local function crc_table()
  local t = {}
  for i = 0, 255 do
    local c = i
    for _ = 1, 8 do
      c = c & 1 == 1 and 0xEDB88320 ~ (c >> 1) or c >> 1
    end
    t[i] = c
  end
  return t
end

local crcs

--- CRC-32 of some bytes.
---@param bytes string
---@return integer
function M.crc32(bytes)
  crcs = crcs or crc_table()
  local c = 0xFFFFFFFF
  for i = 1, #bytes do
    c = crcs[(c ~ bytes:byte(i)) & 0xFF] ~ (c >> 8)
  end
  return c ~ 0xFFFFFFFF
end

--- An archive of these files, in this order.
---@param files { name: string, bytes: string }[]
---@return string
function M.archive(files)
  local out, directory, offset = {}, {}, 0
  for _, file in ipairs(files) do
    local sum, size, name = M.crc32(file.bytes), #file.bytes, file.name
    local common = string.pack("<I2I2I2I2I4I4I4I2I2", 0x0800, 0, 0, DOS_DATE, sum, size, size,
      #name, 0) -- 0x0800: names are UTF-8
    local entry = "PK\3\4" .. string.pack("<I2", 20) .. common .. name .. file.bytes
    out[#out + 1] = entry
    directory[#directory + 1] = "PK\1\2" .. string.pack("<I2I2", 20, 20) .. common
      .. string.pack("<I2I2I2I4I4", 0, 0, 0, 0, offset) .. name
    offset = offset + #entry
  end
  local index = table.concat(directory)
  out[#out + 1] = index
  out[#out + 1] = "PK\5\6"
    .. string.pack("<I2I2I2I2I4I4I2", 0, 0, #files, #files, #index, offset, 0)
  return table.concat(out)
end

return M
