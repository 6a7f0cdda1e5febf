--- SHA-256 (FIPS 180-4), by which a client of OAuth shows that it is the one that asked (PKCE).

local M = {}

local WORD <const> = 0xffffffff

-- The first 32 bits of the fractional parts of roots of the first primes: cube roots for the
-- rounds, square roots for the start.
local ROUNDS <const>, START <const> = {}, {}

local function fraction(x)
  return math.floor((x - math.floor(x)) * 2 ^ 32)
end

do
  local candidate = 2
  while #ROUNDS < 64 do
    local prime = true
    for divisor = 2, math.floor(candidate ^ 0.5) do
      prime = prime and candidate % divisor ~= 0
    end
    if prime then
      ROUNDS[#ROUNDS + 1] = fraction(candidate ^ (1 / 3))
      START[#START + 1] = #START < 8 and fraction(candidate ^ 0.5) or nil
    end
    candidate = candidate + 1
  end
end

local function rotate(x, n)
  return (x >> n | x << (32 - n)) & WORD
end

local function schedule(block)
  local w = { (">" .. ("I4"):rep(16)):unpack(block) }
  for i = 17, 64 do
    local a, b = w[i - 15], w[i - 2]
    w[i] = w[i - 16] + w[i - 7] + (rotate(a, 7) ~ rotate(a, 18) ~ a >> 3)
      + (rotate(b, 17) ~ rotate(b, 19) ~ b >> 10) & WORD
  end
  return w
end

local function compress(state, block)
  local w = schedule(block)
  local a, b, c, d, e, f, g, h = table.unpack(state)
  for i = 1, 64 do
    local one = h + (rotate(e, 6) ~ rotate(e, 11) ~ rotate(e, 25)) + (e & f ~ ~e & g)
      + ROUNDS[i] + w[i]
    local two = (rotate(a, 2) ~ rotate(a, 13) ~ rotate(a, 22)) + (a & b ~ a & c ~ b & c)
    a, b, c, d, e, f, g, h = one + two & WORD, a, b, c, d + one & WORD, e, f, g
  end
  for i, value in ipairs { a, b, c, d, e, f, g, h } do
    state[i] = state[i] + value & WORD
  end
end

--- The digest of a text, 32 bytes.
---@param text string
---@return string
function M.digest(text)
  local state = table.move(START, 1, 8, 1, {})
  local padded = text .. "\x80" .. ("\0"):rep((55 - #text) % 64) .. (">I8"):pack(#text * 8)
  for at = 1, #padded, 64 do
    compress(state, padded:sub(at, at + 63))
  end
  return (">" .. ("I4"):rep(8)):pack(table.unpack(state))
end

return M
