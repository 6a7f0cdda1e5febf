--- The routes of log-in: tokens for service principals (OAuth M2M and token exchange) and for
--- people who have signed in, and the documents in which a client finds the endpoints.

local http = require "native.http"
local json = require "native.json"
local auth = require "sandbox.identity.auth"
local errors = require "sandbox.http.errors"
local people = require "sandbox.identity.people"
local router = require "sandbox.http.router"
local signin = require "sandbox.identity.signin"

local M = {}

local TOKEN_TTL <const> = 3600 -- seconds, unless the server was started with `token_ttl`
local EXCHANGE <const> = "urn:ietf:params:oauth:grant-type:token-exchange"
local JWT <const> = "urn:ietf:params:oauth:token-type:jwt"

local function discovery(server, req)
  local account = req.params.account
  local issuer = server:url(req) .. "/oidc" .. (account and "/accounts/" .. account or "")
  return {
    issuer = issuer,
    authorization_endpoint = issuer .. "/v1/authorize",
    token_endpoint = issuer .. "/v1/token",
    revocation_endpoint = issuer .. "/v1/revoke",
    scopes_supported = { "all-apis", "offline_access", "openid", "email", "profile", "sql" },
    response_types_supported = { "code" },
    grant_types_supported = { "client_credentials", "authorization_code", "refresh_token",
      EXCHANGE },
    code_challenge_methods_supported = { "S256" },
    token_endpoint_auth_methods_supported = { "client_secret_basic", "client_secret_post",
      "none" },
  }
end

-- The server stands for two workspaces. What only one of them has is told to a caller whose token
-- says which one it means.
local function config(server, req)
  local w = auth.find_workspace(server, req.headers)
  return {
    oidc_endpoint = server:url(req) .. "/oidc",
    account_id = server.workspaces[1].account_id,
    workspace_id = w and w.org_text,
    cloud = w and w.cloud,
    host_type = "WORKSPACE",
  }
end

-- The service principals with that application id: both workspaces may have one.
local function candidates(server, application_id)
  local found = {}
  for _, w in ipairs(server.workspaces) do
    local person = people.find(w.people, application_id)
    if person and person.application_id then
      found[#found + 1] = { w = w, person = person }
    end
  end
  return found
end

local function client_of(req, form)
  local basic = (req.headers.authorization or ""):match "^[Bb]asic +(%S+)$"
  if not basic then
    return form.client_id, form.client_secret
  end
  local ok, text = pcall(http.base64_decode, basic)
  local id, secret = (ok and text or ""):match "^([^:]*):(.*)$"
  return id and http.unescape(id, true), secret and http.unescape(secret, true)
end

local function invalid_client()
  errors.oauth(401, "invalid_client", "Client authentication failed")
end

local function by_secret(server, req, form)
  local id, secret = client_of(req, form)
  for _, candidate in ipairs(candidates(server, id or "")) do
    if secret and secret == candidate.person.client_secret then
      return candidate
    end
  end
  invalid_client()
end

local function claims_of(token)
  local middle = type(token) == "string" and token:match "^[%w_-]+%.([%w_-]+)%.[%w_-]*$"
  if not middle then
    return nil
  end
  local text = middle:gsub("-", "+"):gsub("_", "/")
  local ok, bytes = pcall(http.base64_decode, text .. ("="):rep(-#text % 4))
  local fine, claims = pcall(json.decode, ok and bytes or "")
  return fine and type(claims) == "table" and claims or nil
end

-- The account has one federation policy: any issuer; the subject is the client. For a principal of
-- both workspaces, `aud` names the workspace; otherwise it is the first.
local function by_subject_token(server, _, form)
  if form.subject_token_type ~= JWT then
    errors.oauth(400, "invalid_request", "subject_token_type must be " .. JWT)
  end
  local claims = claims_of(form.subject_token)
  if not claims then
    errors.oauth(400, "invalid_grant", "The subject token is not a JWT")
  end
  local expiry = math.tointeger(claims.exp)
  if expiry and expiry * 1000 <= server.clock:now() then
    errors.oauth(400, "invalid_grant", "The subject token has expired")
  end
  local found = candidates(server, form.client_id or claims.sub or "")
  for _, candidate in ipairs(found) do
    if claims.aud == candidate.w.name then
      return candidate
    end
  end
  return found[1] or invalid_client()
end

local grants = { client_credentials = by_secret, [EXCHANGE] = by_subject_token,
  authorization_code = signin.by_code, refresh_token = signin.by_refresh_token }

local function form_of(req)
  local kind = req.headers["content-type"] or ""
  if not kind:lower():find "^application/x%-www%-form%-urlencoded" then
    errors.oauth(400, "invalid_request", "The body must be application/x-www-form-urlencoded")
  end
  return router.query(req.body)
end

local function token(server, req)
  local form = form_of(req)
  local grant = grants[form.grant_type or ""]
  if not grant then
    errors.oauth(400, "unsupported_grant_type",
      "grant_type " .. tostring(form.grant_type) .. " is not supported")
  end
  local found = grant(server, req, form)
  local scope = found.scope or form.scope or ""
  if not scope:find "all%-apis" then
    errors.oauth(400, "invalid_scope", "scope must name all-apis")
  end
  local ttl = server.token_ttl or TOKEN_TTL
  local access_token = signin.random "doat"
  auth.issue(found.w, access_token, found.person.user_name, ttl)
  return {
    access_token = access_token,
    token_type = "Bearer",
    expires_in = ttl,
    scope = scope,
    refresh_token = found.family and signin.refresh_token(found, access_token),
  }
end

M.routes = {
  { "GET", "/.well-known/databricks-config", config, { public = true } },
}

for _, base in ipairs { "/oidc", "/oidc/accounts/{account}" } do
  table.insert(M.routes, { "GET", base .. "/.well-known/oauth-authorization-server", discovery,
    { public = true } })
  table.insert(M.routes, { "POST", base .. "/v1/token", token, { public = true, raw = true } })
end

return M
