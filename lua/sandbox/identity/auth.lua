--- Finds the workspace and the principal of a bearer token.

local errors = require "sandbox.http.errors"
local people = require "sandbox.identity.people"

local M = {}

local SCOPES <const> = "all-apis"

--- Let `w` accept `token` for the principal named `name` during `ttl` seconds.
---@param w table
---@param token string
---@param name string user name or application id
---@param ttl integer seconds
function M.issue(w, token, name, ttl)
  w:write(function()
    w.db:exec("DELETE FROM tokens WHERE expires < ?", { w.clock:now() - 86400000 })
    w.db:exec("INSERT INTO tokens VALUES (?, ?, ?)",
      { token, name, w.clock:now() + ttl * 1000 })
  end)
end

local function find_fixed(server, token)
  for _, w in ipairs(server.workspaces) do
    if token == w.token then
      return w, w.principal
    elseif token == w.viewer_token then
      return w, w.people[2]
    end
  end
end

local function find_issued(server, token)
  for _, w in ipairs(server.workspaces) do
    local row = w.db:find_row("SELECT principal, expires FROM tokens WHERE token = ?", { token })
    if row then
      if row.expires <= w.clock:now() then
        errors.raise(401, "UNAUTHENTICATED", "Access token has expired")
      end
      return w, people.find(w.people, row.principal)
    end
  end
end

--- The workspace and the principal of a request; 401 without a valid token.
---@param server table
---@param headers table<string,string>
---@return table workspace, table principal
function M.check(server, headers)
  local header = headers.authorization
  if not header then
    errors.raise(401, "UNAUTHENTICATED", "Credential was not sent or was of an unsupported type "
      .. "for this API.", { errors.info("CREDENTIALS_MISSING", nil, { scopes = SCOPES }) })
  end
  local token = header:match "^[Bb]earer +(%S+)$"
  if not token then
    errors.raise(401, "UNAUTHENTICATED", "Credential was not sent or was of an unsupported type "
      .. "for this API.")
  end
  local w, principal = find_fixed(server, token)
  if not w then
    w, principal = find_issued(server, token)
  end
  if not principal then
    errors.raise(401, "UNAUTHENTICATED", "Invalid access token.")
  end
  return w, principal
end

--- The workspace whose token a request has; nil without a valid token.
---@param server table
---@param headers table<string,string>
---@return table? workspace
function M.find_workspace(server, headers)
  local ok, w = pcall(M.check, server, headers)
  return ok and w or nil
end

return M
