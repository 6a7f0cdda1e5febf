--- The access log: a line on stderr for each request, when it is answered.
--
-- Neither query nor header nor body is in it, where secrets could be.

local time = require "base.time"

local M = {}

local UNSAFE <const> = "[%c\x7f-\xff\"\\ ]"

-- What a client sends must not make lines of its own, nor move the terminal's cursor.
local function clean(text)
  if not text:find(UNSAFE) then
    return text
  end
  return (text:gsub(UNSAFE, function(c) return ("%%%02X"):format(c:byte()) end))
end

--- The line for one request.
---@param request tarn.Request
---@param status integer
---@param size? integer  bytes of the body; nil: a stream
---@param seconds number
---@param id string
---@param now integer ms since 1970
---@return string
function M.line(request, status, size, seconds, id, now)
  return ('%s %s "%s %s" %d %s %.3f %s'):format(time.iso(now), request.remote,
    clean(request.method), clean(request.path), status, size and ("%d"):format(size) or "-",
    seconds, id)
end

return M
