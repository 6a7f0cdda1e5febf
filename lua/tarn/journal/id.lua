--- Ids of operations: "260819-4f7k". They sort by time.

local M = {}

-- Without letters that resemble digits.
local DIGITS <const> = "0123456789abcdefghjkmnpqrstvwxyz"
local TICKS <const> = 12 -- per second; a day has fewer than 32^4

local function id_of(ms)
  local tick = ms % 86400000 * TICKS // 1000
  local letters = {}
  for i = 4, 1, -1 do
    local digit = tick % 32
    letters[i] = DIGITS:sub(digit + 1, digit + 1)
    tick = tick // 32
  end
  return os.date("!%y%m%d-", ms // 1000) .. table.concat(letters)
end

--- An id that no operation has: that of the time, or of a little later.
---@param db tarn.Database
---@param ms integer
---@return string
function M.free(db, ms)
  while true do
    local id = id_of(ms)
    if not db:find_row("SELECT 1 FROM operations WHERE id = ?", { id }) then
      return id
    end
    ms = ms + 1000 // TICKS
  end
end

return M
