--- Decides who may call: a client with the token, but no page of another origin.
--
-- C compares the token (native.server); Lua sees only the result, `request.access`. Any page in a
-- browser can make the browser send requests here. The check of Host refuses names that an attacker
-- made resolve to this address (DNS rebinding); the checks of Origin and Sec-Fetch-Site refuse
-- other pages, also those from other ports of this machine.

local errors = require "server.errors"

local M = {}

--- Paths that need no token, whatever Host says.
M.public = { ["/healthz"] = true, ["/readyz"] = true }

local LOOPBACK <const> = { ["localhost"] = true, ["127.0.0.1"] = true, ["[::1]"] = true }

--- True for an address that only this machine can reach.
---@param host string
---@return boolean
function M.is_loopback(host)
  return LOOPBACK[host] ~= nil or host == "::1" or host:find "^127%.%d+%.%d+%.%d+$" ~= nil
end

---@class tarn.Guards
---@field hosts table<string, boolean>   allowed values of Host, in lower case
---@field origins table<string, boolean> allowed values of Origin, in lower case

--- The allowed values of Host and Origin.
---@param scheme "http"|"https"
---@param bind string
---@param port integer
---@param public? string the URL by which clients reach the server: https://tarn.example.com
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

-- True if the browser says that a page of another origin sent the request.
local function is_foreign(self, request)
  local origin, site = request.headers.origin, request.headers["sec-fetch-site"]
  return origin and not self.guards.origins[origin:lower()]
    or site and site ~= "same-origin" and site ~= "none"
end

--- Refuse a request whose Host is not allowed, or that a page of another origin sent.
---@param self table the server
---@param request tarn.Request
function M.check_origin(self, request)
  local host = request.headers.host
  if not host or not self.guards.hosts[host:lower()] then
    errors.refuse(403, "HOST_NOT_ALLOWED", "the header Host does not name this server",
      "--public-url names the address by which clients reach it")
  end
  if is_foreign(self, request)
    and not (request.headers["sec-fetch-mode"] == "navigate" and request.method == "GET") then
    errors.refuse(403, "CROSS_SITE", "a page of another origin sent this request")
  end
end

local HINT <const> = "send `Authorization: Bearer TOKEN`, or open the link that tarn serve printed"

--- Refuse a request without the token. A token in the query is accepted for /login only, because
-- URLs stay in histories and logs.
---@param request tarn.Request
function M.check_token(request)
  local access = request.access
  if access == "wrong" then
    errors.refuse(401, "TOKEN_WRONG", "the token is wrong, or belongs to an earlier run", HINT)
  elseif access ~= "bearer" and access ~= "cookie" then
    errors.refuse(401, "TOKEN_REQUIRED", "the request has no token of this server", HINT)
  end
end

--- Refuse a body whose type is not JSON: forms of other pages can send other types only. A request
-- without a body needs no type if it has a bearer token, which a form cannot send.
---@param request tarn.Request
function M.check_type(request)
  local kind = request.headers["content-type"]
  if not kind and request.body == "" and not request.malformed and request.access == "bearer" then
    return
  end
  if not kind or kind:lower():match "^%s*([^;%s]*)" ~= "application/json" then
    errors.refuse(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type must be application/json")
  end
end

return M
