--- Event streams (text/event-stream): written so that every client understands them.

local json = require "native.json"

local M = {}

--- One event as text: data is one line of JSON.
---@param name string
---@param data any
---@param id? string
---@return string
function M.event(name, data, id)
  return ("%sevent: %s\ndata: %s\n\n"):format(id and "id: " .. id .. "\n" or "", name,
    json.encode(data))
end

--- The headers of a stream; a proxy must hand on each event as it comes.
M.headers = { ["Content-Type"] = "text/event-stream", ["Cache-Control"] = "no-store",
  ["X-Accel-Buffering"] = "no" }

--- True if the client asks for a stream.
---@param request tarn.Request
---@return boolean
function M.wanted(request)
  return (request.headers.accept or ""):lower():find("text/event-stream", 1, true) ~= nil
end

return M
