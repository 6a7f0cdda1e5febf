local http = require "native.http"
local json = require "native.json"
local workspace = require "testing.workspace"

local BOT <const> = "6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718"
local ME <const> = "/api/2.0/preview/scim/v2/Me"

local function request_token(w, form, secret, id)
  local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }
  if secret then
    headers.Authorization = "Basic " .. http.base64_encode((id or BOT) .. ":" .. secret)
  end
  return w:call("POST", "/oidc/v1/token", nil, { token = false, text = form, headers = headers })
end

local M2M <const> = "grant_type=client_credentials&scope=all-apis"

test("Me gives the owner of a token, with names and groups", function(t)
  local w <close> = workspace.start()
  local me, headers = w:ok("GET", ME)
  t.equal(me.userName, "ada.okafor@example.com")
  t.equal(me.emails[1].value, "ada.okafor@example.com")
  t.is_true(me.active)
  local _, _, all = w:call("GET", ME)
  t.equal(all["x-databricks-org-id"], "70421337900113842")
  t.is_nil(headers)
end)

test("a request can choose attributes, and exclude some", function(t)
  local w <close> = workspace.start()
  local chosen = w:ok("GET", ME .. "?attributes=userName,groups")
  t.is_nil(chosen.displayName)
  t.is_true(chosen.groups)
  local others = w:ok("GET", ME .. "?excludedAttributes=entitlements")
  t.is_nil(others.entitlements)
  t.equal(others.userName, "ada.okafor@example.com")
end)

test("a service principal gets a token for itself in its workspace", function(t)
  local w <close> = workspace.start()
  local status, answer = request_token(w, M2M, "demo-secret")
  t.equal(status, 200)
  t.equal(answer.token_type, "Bearer")
  t.equal(answer.expires_in, 3600)
  local me = w:ok("GET", ME, nil, { token = answer.access_token })
  t.equal(me.userName, BOT)
  t.is_nil(me.emails)
  local _, other = request_token(w, M2M, "demo-dr-secret")
  local _, _, headers = w:call("GET", ME, nil, { token = other.access_token })
  t.equal(headers["x-databricks-org-id"], "2814749767106563", "the secret chooses the workspace")
end)

test("the client's id and secret may also be in the form", function(t)
  local w <close> = workspace.start()
  t.equal(request_token(w, M2M .. "&client_secret=demo-secret&client_id=" .. BOT), 200)
end)

test("a token expires", function(t)
  local w <close> = workspace.start()
  local _, answer = request_token(w, M2M, "demo-secret")
  w.clock:advance(3599 * 1000)
  t.equal(w:call("GET", ME, nil, { token = answer.access_token }), 200)
  w.clock:advance(1000)
  local status, refusal = w:call("GET", ME, nil, { token = answer.access_token })
  t.equal(status, 401)
  t.equal(refusal.error_code, "UNAUTHENTICATED")
end)

test("the lifetime of a token can be set", function(t)
  local w <close> = workspace.start { token_ttl = 5 }
  local _, answer = request_token(w, M2M, "demo-secret")
  t.equal(answer.expires_in, 5)
end)

local REFUSED <const> = {
  { why = "a wrong secret", form = M2M, secret = "wrong", status = 401, error = "invalid_client" },
  { why = "an unknown client", form = M2M, secret = "demo-secret", id = "nobody", status = 401,
    error = "invalid_client" },
  { why = "a user instead of a client", form = M2M, secret = "x", id = "ada.okafor@example.com",
    status = 401, error = "invalid_client" },
  { why = "no credentials", form = M2M, status = 401, error = "invalid_client" },
  { why = "another grant", form = "grant_type=password&scope=all-apis", secret = "demo-secret",
    status = 400, error = "unsupported_grant_type" },
  { why = "no scope", form = "grant_type=client_credentials", secret = "demo-secret",
    status = 400, error = "invalid_scope" },
}

test("requests for tokens are refused with the errors of OAuth", function(t)
  local w <close> = workspace.start()
  for _, case in ipairs(REFUSED) do
    local status, answer = request_token(w, case.form, case.secret, case.id)
    t.equal(status, case.status, case.why)
    t.equal(answer.error, case.error, case.why)
    t.is_true(answer.error_description, case.why)
  end
end)

local function jwt(claims)
  local function url(text)
    return (http.base64_encode(text):gsub("+", "-"):gsub("/", "_"):gsub("=", ""))
  end
  return url '{"alg":"RS256"}' .. "." .. url(json.encode(claims)) .. ".c2ln"
end

local function exchange(w, claims, more)
  return request_token(w, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange"
    .. "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt&scope=all-apis"
    .. "&subject_token=" .. (type(claims) == "table" and jwt(claims) or claims) .. (more or ""))
end

test("a subject token is exchanged for a token of the workspace", function(t)
  local w <close> = workspace.start()
  local status, answer = exchange(w, { sub = "repo:x", aud = "demo-dr" }, "&client_id=" .. BOT)
  t.equal(status, 200)
  local _, me, headers = w:call("GET", ME, nil, { token = answer.access_token })
  t.equal(me.userName, BOT)
  t.equal(headers["x-databricks-org-id"], "2814749767106563")
  t.equal(exchange(w, { sub = BOT }), 200)
end)

test("a subject token that is invalid, expired, or of an unknown client is refused", function(t)
  local w <close> = workspace.start()
  local _, invalid = exchange(w, "abc")
  t.equal(invalid.error, "invalid_grant")
  local _, expired = exchange(w, { sub = BOT, exp = w.clock:now() // 1000 - 1 })
  t.equal(expired.error, "invalid_grant")
  local _, unknown = exchange(w, { sub = "nobody" })
  t.equal(unknown.error, "invalid_client")
end)

test("the token endpoint can be found without a token", function(t)
  local w <close> = workspace.start()
  local document = w:ok("GET", "/oidc/.well-known/oauth-authorization-server", nil,
    { token = false })
  t.equal(document.token_endpoint, w.url .. "/oidc/v1/token")
  local config = w:ok("GET", "/.well-known/databricks-config", nil, { token = false })
  t.equal(config.oidc_endpoint, w.url .. "/oidc")
end)

test("the host names a workspace only to a token of that workspace", function(t)
  local w <close> = workspace.start()
  for token, want in pairs { ["demo-token"] = "70421337900113842",
    ["demo-dr-token"] = "2814749767106563", wrong = "none" } do
    local config = w:ok("GET", "/.well-known/databricks-config", nil, { token = token })
    t.equal(config.workspace_id or "none", want)
  end
  local config = w:ok("GET", "/.well-known/databricks-config", nil, { token = false })
  t.equal({ config.workspace_id, config.cloud }, {})
end)

test("a request for another workspace than that of its token is refused", function(t)
  local w <close> = workspace.start()
  for id, want in pairs { ["70421337900113842"] = 200, ["2814749767106563"] = 403, ["1"] = 403 } do
    t.equal((w:call("GET", ME, nil, { headers = { ["X-Databricks-Workspace-Id"] = id } })), want)
  end
end)
