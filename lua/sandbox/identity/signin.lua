--- Log-in of people with a browser (OAuth U2M): the page that asks who one is, the codes that it
--- gives, and the refresh tokens that those become.
--
-- A code and a refresh token serve once. If either is shown again, somebody else may have it, so
-- everything that came from it is revoked.

local http = require "native.http"
local errors = require "sandbox.http.errors"
local page = require "sandbox.identity.page"
local people = require "sandbox.identity.people"
local reply = require "sandbox.http.reply"
local router = require "sandbox.http.router"
local sha256 = require "sandbox.identity.sha256"

local M = {}

local CLIENT <const> = "databricks-cli"
local CODE_TTL <const> = 60 -- seconds
local REFRESH_TTL <const> = 90 * 86400

-- `family`: all that came from one log-in. `state`: "new", "used".
M.schema = [[
CREATE TABLE IF NOT EXISTS signin_codes(
  code TEXT PRIMARY KEY, family TEXT NOT NULL, principal TEXT NOT NULL, scope TEXT NOT NULL,
  challenge TEXT NOT NULL, redirect TEXT NOT NULL, expires INTEGER NOT NULL,
  state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS signin_refresh(
  token TEXT PRIMARY KEY, family TEXT NOT NULL, principal TEXT NOT NULL, scope TEXT NOT NULL,
  expires INTEGER NOT NULL, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS signin_access(
  token TEXT PRIMARY KEY, family TEXT NOT NULL) WITHOUT ROWID;
]]

--- A secret of 256 bits, behind a prefix that tells what it is.
---@param prefix string
---@return string
function M.random(prefix)
  local words = {}
  for i = 1, 4 do
    words[i] = ("%016x"):format(math.random(0))
  end
  return prefix .. table.concat(words)
end

-- ---- the authorization endpoint ----

local function redirect(query, fields)
  local parts = {}
  fields[#fields + 1] = query.state and { "state", query.state } or nil
  for i, field in ipairs(fields) do
    parts[i] = field[1] .. "=" .. http.escape(field[2])
  end
  local sign = query.redirect_uri:find("?", 1, true) and "&" or "?"
  return reply.new { status = 303, body = "", headers = { ["Cache-Control"] = "no-store",
    Location = query.redirect_uri .. sign .. table.concat(parts, "&") } }
end

local function refuse(query, code, description)
  error(redirect(query, { { "error", code }, { "error_description", description } }), 0)
end

local PARAMETERS <const> = { "client_id", "redirect_uri", "response_type", "scope", "state",
  "code_challenge", "code_challenge_method" }

-- A client or an address that is not known gets no redirect: it could lead anywhere.
local function check(query)
  for _, name in ipairs(PARAMETERS) do
    if type(query[name]) == "table" then
      page.refuse("The request has the parameter %s twice.", name)
    end
  end
  if query.client_id ~= CLIENT then
    page.refuse("The client '%s' is not known here.", query.client_id or "")
  elseif not (query.redirect_uri or ""):find "^http://localhost:%d+/?$"
    and not (query.redirect_uri or ""):find "^http://127%.0%.0%.1:%d+/?$" then
    page.refuse("The client may not be sent to '%s'.", query.redirect_uri or "")
  elseif query.response_type ~= "code" then
    refuse(query, "unsupported_response_type", "response_type must be code")
  elseif not (query.code_challenge or ""):find "^[%w_-]+$" or #query.code_challenge ~= 43
    or query.code_challenge_method ~= "S256" then
    refuse(query, "invalid_request", "A public client must send a code_challenge with S256")
  elseif (query.scope or "") == "" then
    refuse(query, "invalid_scope", "The request names no scope")
  end
end

local function authorize(server, req)
  check(req.query)
  return page.ask(server.workspaces, req.path, req.query, PARAMETERS)
end

local function find_person(server, name)
  local workspace, user = (name or ""):match "^([^/]+)/(.+)$"
  for _, w in ipairs(server.workspaces) do
    local person = w.name == workspace and people.find(w.people, user)
    if person then
      return w, person
    end
  end
  page.refuse "Nobody of that name can sign in."
end

local function answer(server, req)
  local form = router.query(req.body)
  check(form)
  if form.answer ~= "allow" then
    refuse(form, "access_denied", "The user refused the log-in")
  end
  local w, person = find_person(server, form.person)
  local code = M.random "code-"
  w:write(function()
    w.db:exec("DELETE FROM signin_codes WHERE expires < ?", { w.clock:now() - 86400000 })
    w.db:exec("INSERT INTO signin_codes VALUES (?, ?, ?, ?, ?, ?, ?, 'new')",
      { code, M.random "family-", person.user_name, form.scope, form.code_challenge,
        form.redirect_uri, w.clock:now() + CODE_TTL * 1000 })
  end)
  local base = req.path:gsub("/v1/authorize$", "")
  return redirect(form, { { "code", code }, { "iss", server:url(req) .. base } })
end

-- ---- the token endpoint ----

local function find_row(server, sql, value)
  for _, w in ipairs(server.workspaces) do
    local row = w.db:find_row(sql, { value })
    if row then
      return w, row
    end
  end
end

local function revoke_family(w, family)
  w:write(function()
    w.db:exec("DELETE FROM tokens WHERE token IN "
      .. "(SELECT token FROM signin_access WHERE family = ?)", { family })
    w.db:exec("DELETE FROM signin_access WHERE family = ?", { family })
    w.db:exec("DELETE FROM signin_refresh WHERE family = ?", { family })
  end)
end

local function challenge_of(verifier)
  local text = http.base64_encode(sha256.digest(verifier))
  return (text:gsub("+", "-"):gsub("/", "_"):gsub("=", ""))
end

local function invalid_grant(description)
  errors.oauth(400, "invalid_grant", description)
end

local function granted(w, row)
  return { w = w, person = people.find(w.people, row.principal), scope = row.scope,
    family = row.family }
end

--- The log-in that a code stands for; a code serves once.
---@param server table
---@param form table<string, string>
---@return table granted { w, person, scope, family }
function M.by_code(server, _, form)
  if form.client_id ~= CLIENT then
    errors.oauth(401, "invalid_client", "Client authentication failed")
  end
  local w, row = find_row(server, "SELECT * FROM signin_codes WHERE code = ?", form.code or "")
  if not row then
    invalid_grant "The authorization code is invalid"
  elseif row.state ~= "new" then
    revoke_family(w, row.family)
    invalid_grant "The authorization code has been used"
  elseif row.expires <= w.clock:now() then
    invalid_grant "The authorization code has expired"
  elseif row.redirect ~= form.redirect_uri then
    invalid_grant "redirect_uri is not that of the authorization request"
  elseif row.challenge ~= challenge_of(form.code_verifier or "") then
    invalid_grant "code_verifier does not fit the code_challenge"
  end
  w:write(function()
    w.db:exec("UPDATE signin_codes SET state = 'used' WHERE code = ?", { row.code })
  end)
  return granted(w, row)
end

--- The log-in of a refresh token, which is used up.
---@param server table
---@param form table<string, string>
---@return table granted
function M.by_refresh_token(server, _, form)
  if form.client_id ~= CLIENT then
    errors.oauth(401, "invalid_client", "Client authentication failed")
  end
  local w, row = find_row(server, "SELECT * FROM signin_refresh WHERE token = ?",
    form.refresh_token or "")
  if row and row.state ~= "new" then
    revoke_family(w, row.family)
  end
  if not row or row.state ~= "new" or row.expires <= w.clock:now() then
    errors.oauth(400, "invalid_request", "Refresh token is invalid")
  end
  w:write(function()
    w.db:exec("UPDATE signin_refresh SET state = 'used' WHERE token = ?", { row.token })
  end)
  return granted(w, row)
end

--- Make the refresh token that goes with a new access token; nil if the client asked for none.
---@param found table what by_code or by_refresh_token returned
---@param access_token string
---@return string?
function M.refresh_token(found, access_token)
  local w = found.w
  local token = found.scope:find "offline_access" and M.random "dorf-" or nil
  w:write(function()
    w.db:exec("INSERT INTO signin_access VALUES (?, ?)", { access_token, found.family })
    if token then
      w.db:exec("INSERT INTO signin_refresh VALUES (?, ?, ?, ?, ?, 'new')", { token, found.family,
        found.person.user_name, found.scope, w.clock:now() + REFRESH_TTL * 1000 })
    end
  end)
  return token
end

-- RFC 7009: a token that is not known is no error.
local function revoke(server, req)
  local form = router.query(req.body)
  for _, name in ipairs { "signin_refresh", "signin_access" } do
    local w, row = find_row(server, ("SELECT family FROM %s WHERE token = ?"):format(name),
      form.token or "")
    if row then
      revoke_family(w, row.family)
    end
  end
  return {}
end

M.routes = {}

for _, base in ipairs { "/oidc/v1", "/oidc/accounts/{account}/v1" } do
  table.insert(M.routes, { "GET", base .. "/authorize", authorize, { public = true } })
  table.insert(M.routes, { "POST", base .. "/authorize", answer, { public = true, raw = true } })
  table.insert(M.routes, { "POST", base .. "/revoke", revoke, { public = true, raw = true } })
end

return M
