--- The access log: one line on stderr for each answered request. It holds no query, header or
-- body, because these may contain secrets.

local time = require "base.time"

local M = {}

local UNSAFE <const> = "[%c\x7f-\xff\"\\ ]"

-- A client must not be able to forge lines of the log or to move the terminal's cursor.
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
---@param seconds number the time until the reply was ready
---@param id string      the request id
---@param now integer    milliseconds since 1970
---@return string
function M.line(request, status, size, seconds, id, now)
  return ('%s %s "%s %s" %d %s %.3f %s'):format(time.iso(now), request.remote,
    clean(request.method), clean(request.path), status, size and ("%d"):format(size) or "-",
    seconds, id)
end

return M
