--- Who may call: somebody with the token, from our own pages or from no page at all.
--
-- The token itself is compared in C (native.server); here only the word for the result is
-- seen. A browser is a danger of its own: any page that it shows can make it send requests
-- here. Host guards against names that were bent to this address, Origin and Sec-Fetch-Site
-- against other pages, other ports of this machine included.

local errors = require "server.errors"

local M = {}

--- Paths that anybody may ask for, by whatever name of this machine.
M.public = { ["/healthz"] = true, ["/readyz"] = true }

local LOOPBACK <const> = { ["localhost"] = true, ["127.0.0.1"] = true, ["[::1]"] = true }

--- True for an address that only this machine can reach.
---@param host string
---@return boolean
function M.is_loopback(host)
  return LOOPBACK[host] ~= nil or host == "::1" or host:find "^127%.%d+%.%d+%.%d+$" ~= nil
end

---@class tarn.Guards
---@field hosts table<string, boolean>   values of Host that are ours, in lower case
---@field origins table<string, boolean> values of Origin that are ours

--- What Host and Origin may say.
---@param scheme "http"|"https"
---@param bind string
---@param port integer
---@param public? string the URL under which others see us: https://tarn.example.com
---@return tarn.Guards
function M.guards(scheme, bind, port, public)
  local guards = { hosts = {}, origins = {} }
  local default = scheme == "https" and 443 or 80
  local function add(host)
    for _, name in ipairs { ("%s:%d"):format(host, port), port == default and host or nil } do
      guards.hosts[name] = true
      guards.origins[scheme .. "://" .. name] = true
    end
  end
  for name in pairs(LOOPBACK) do
    add(name)
  end
  if bind ~= "0.0.0.0" and bind ~= "::" then
    add(bind:find ":" and "[" .. bind .. "]" or bind:lower())
  end
  if public then
    local origin = public:lower():match "^(https?://[^/]+)"
    guards.origins[origin] = true
    guards.hosts[origin:match "//(.+)$"] = true
  end
  return guards
end

-- A page of somebody else's, as far as the browser says.
local function is_foreign(self, request)
  local origin, site = request.headers.origin, request.headers["sec-fetch-site"]
  return origin and not self.guards.origins[origin:lower()]
    or site and site ~= "same-origin" and site ~= "none"
end

--- Refuse a request that names another machine, or that another page sent.
---@param self table the server
---@param request tarn.Request
function M.check_origin(self, request)
  local host = request.headers.host
  if not host or not self.guards.hosts[host:lower()] then
    errors.refuse(403, "HOST_NOT_ALLOWED", "the header Host does not name this server",
      "--public-url says under which address others see it")
  end
  if is_foreign(self, request)
    and not (request.headers["sec-fetch-mode"] == "navigate" and request.method == "GET") then
    errors.refuse(403, "CROSS_SITE", "a page of another origin sent this request")
  end
end

local HINT <const> = "send `Authorization: Bearer TOKEN`, or open the link that tarn serve printed"

--- Refuse a request without the token. One in the query is for /login alone: it would stay in
-- histories and logs.
---@param request tarn.Request
function M.check_token(request)
  local access = request.access
  if access == "wrong" then
    errors.refuse(401, "TOKEN_WRONG", "the token is wrong, or of an earlier run", HINT)
  elseif access ~= "bearer" and access ~= "cookie" then
    errors.refuse(401, "TOKEN_REQUIRED", "the token of this server is needed", HINT)
  end
end

--- A body is JSON, and says so: what a form of another page can send is not. Without a body
-- only a program with a bearer token needs no type.
---@param request tarn.Request
function M.check_type(request)
  local kind = request.headers["content-type"]
  if not kind and request.body == "" and not request.malformed and request.access == "bearer" then
    return
  end
  if not kind or kind:lower():match "^%s*([^;%s]*)" ~= "application/json" then
    errors.refuse(415, "UNSUPPORTED_MEDIA_TYPE", "the body must be application/json")
  end
end

return M
