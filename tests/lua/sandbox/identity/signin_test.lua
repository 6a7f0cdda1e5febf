local http = require "native.http"
local sha256 = require "sandbox.identity.sha256"
local workspace = require "testing.workspace"

local ME <const> = "/api/2.0/preview/scim/v2/Me"
local VERIFIER <const> = "a-verifier-of-the-test-0123456789-0123456789-012"
local REDIRECT <const> = "http://localhost:8020"

local function url64(bytes)
  return (http.base64_encode(bytes):gsub("+", "-"):gsub("/", "_"):gsub("=", ""))
end

local function form(fields)
  local parts = {}
  for name, value in pairs(fields) do
    parts[#parts + 1] = name .. "=" .. http.escape(value)
  end
  return table.concat(parts, "&")
end

local function merged(fields, more)
  for name, value in pairs(more or {}) do
    fields[name] = value or nil
  end
  return fields
end

local function request(more)
  return merged({ client_id = "databricks-cli", redirect_uri = REDIRECT, response_type = "code",
    scope = "offline_access all-apis", state = "st&te", code_challenge_method = "S256",
    code_challenge = url64(sha256.digest(VERIFIER)) }, more)
end

local function post(w, path, fields)
  return w:call("POST", path, nil, { token = false, text = form(fields),
    headers = { ["Content-Type"] = "application/x-www-form-urlencoded" } })
end

-- The parameters of the address to which an answer leads.
local function led_to(headers)
  local found = {}
  for name, value in (headers.location or ""):gmatch "[?&]([^=&]+)=([^&]*)" do
    found[name] = http.unescape(value)
  end
  return found
end

local function sign_in(w, more)
  local status, _, headers = post(w, "/oidc/v1/authorize", merged(request {
    person = "demo/lars.nygaard@example.com", answer = "allow" }, more))
  return status, led_to(headers), headers
end

local function exchange(w, code, more)
  return post(w, "/oidc/v1/token", merged({ grant_type = "authorization_code", code = code,
    client_id = "databricks-cli", redirect_uri = REDIRECT, code_verifier = VERIFIER }, more))
end

local function refresh(w, token)
  return post(w, "/oidc/v1/token", { grant_type = "refresh_token", refresh_token = token,
    client_id = "databricks-cli" })
end

test("SHA-256 gives the digests of the standard", function(t)
  for text, digest in pairs {
    [""] = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
    abc = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0",
    [("a"):rep(55)] = "n0OQ-NMMLdkuyfCVtl4rmumwqSWlJY4kHJ8ekQ9zQxg",
    [("a"):rep(56)] = "s1Q5pKxvCUi21vnjxq8PX1kM4g8b3nCQ73lwaG7Gc4o",
    [("a"):rep(64)] = "_-BU_nrgy23GXDr5th1SCfQ5hR20PQulmXM33xVGaOs",
    [("a"):rep(1000)] = "Qe3s5C1j6Nm_UVqbppMuHCDLyfWl0TRkWttdsblzfqM",
  } do
    t.equal(url64(sha256.digest(text)), digest)
  end
end)

test("the page asks who one is, and keeps what the client asked for", function(t)
  local w <close> = workspace.start()
  local status, text, headers = w:call("GET", "/oidc/v1/authorize?" .. form(request()), nil,
    { token = false, raw = true })
  t.equal(status, 200)
  t.match(headers["content-type"], "text/html")
  t.match(headers["content-security-policy"], "default-src 'none'")
  t.equal(headers["cache-control"], "no-store")
  text = tostring(text)
  t.match(text, "demo-dr/lars.nygaard@example.com")
  t.match(text, 'name="state" value="st&amp;te"')
  t.match(text, '<html lang="en">')
  t.no_match(text, "<script")
end)

test("somebody who signs in gets a code, which becomes tokens of that person", function(t)
  local w <close> = workspace.start()
  local status, back, headers = sign_in(w)
  t.equal(status, 303)
  t.match(headers.location, REDIRECT .. "?code=code-")
  t.equal(back.state, "st&te")
  t.match(back.iss, "/oidc")
  local _, answer = exchange(w, back.code)
  t.equal(answer.token_type, "Bearer")
  t.equal(answer.expires_in, 3600)
  t.match(answer.refresh_token, "dorf-")
  t.equal(w:ok("GET", ME, nil, { token = answer.access_token }).userName,
    "lars.nygaard@example.com")
end)

test("the other workspace is chosen with the person", function(t)
  local w <close> = workspace.start()
  local _, back = sign_in(w, { person = "demo-dr/ada.okafor@example.com" })
  local _, answer = exchange(w, back.code)
  local _, _, headers = w:call("GET", ME, nil, { token = answer.access_token })
  t.equal(headers["x-databricks-org-id"], "2814749767106563")
end)

test("a refusal leads back, with the state", function(t)
  local w <close> = workspace.start()
  local status, back = sign_in(w, { answer = "refuse", person = false })
  t.equal(status, 303)
  t.equal(back, { error = "access_denied", error_description = "The user refused the log-in",
    state = "st&te" })
end)

test("requests that the client got wrong lead back, with the error", function(t)
  local w <close> = workspace.start()
  for code, more in pairs {
    unsupported_response_type = { response_type = "token" }, invalid_scope = { scope = "" },
    invalid_request = { code_challenge_method = "plain" },
  } do
    local status, _, headers = w:call("GET", "/oidc/v1/authorize?" .. form(request(more)), nil,
      { token = false })
    t.equal(status, 303)
    t.equal(led_to(headers).error, code)
  end
end)

test("an unknown client and a strange address lead nowhere", function(t)
  local w <close> = workspace.start()
  for _, more in ipairs { { client_id = "other" }, { redirect_uri = "https://evil.example" },
    { redirect_uri = "http://localhost.evil.example:80" }, { redirect_uri = false },
    { person = "demo/nobody@example.com" }, { person = "demo/deploy-bot" } } do
    local status, _, headers = sign_in(w, more)
    t.equal(status, 400)
    t.is_nil(headers.location)
  end
end)

local WRONG_EXCHANGES <const> = {
  { why = "another verifier", more = { code_verifier = "wrong" }, says = "code_verifier" },
  { why = "no verifier", more = { code_verifier = false }, says = "code_verifier" },
  { why = "another address", more = { redirect_uri = "http://localhost:8021" },
    says = "redirect_uri" },
  { why = "an unknown code", more = { code = "code-x" }, says = "is invalid" },
  { why = "another client", more = { client_id = "other" }, says = "authentication failed",
    code = "invalid_client", status = 401 },
}

for _, case in ipairs(WRONG_EXCHANGES) do
  test("no tokens for " .. case.why, function(t)
    local w <close> = workspace.start()
    local _, back = sign_in(w)
    local status, answer = exchange(w, back.code, case.more)
    t.equal(status, case.status or 400)
    t.equal(answer.error, case.code or "invalid_grant")
    t.match(answer.error_description, case.says)
  end)
end

test("a code that is used twice revokes what came from it", function(t)
  local w <close> = workspace.start()
  local _, back = sign_in(w)
  local _, answer = exchange(w, back.code)
  local status, refusal = exchange(w, back.code)
  t.equal(status, 400)
  t.match(refusal.error_description, "has been used")
  t.equal((w:call("GET", ME, nil, { token = answer.access_token })), 401)
  t.equal((refresh(w, answer.refresh_token)), 400)
end)

test("a refresh token is replaced at each use, and shown again it ends the log-in", function(t)
  local w <close> = workspace.start()
  local _, back = sign_in(w)
  local _, first = exchange(w, back.code)
  local _, second = refresh(w, first.refresh_token)
  t.is_true(second.refresh_token ~= first.refresh_token)
  t.equal((w:call("GET", ME, nil, { token = second.access_token })), 200)
  local status, refusal = refresh(w, first.refresh_token)
  t.equal(status, 400)
  t.equal(refusal, { error = "invalid_request", error_description = "Refresh token is invalid" })
  t.equal((refresh(w, second.refresh_token)), 400)
  t.equal((w:call("GET", ME, nil, { token = second.access_token })), 401)
end)

test("without offline_access there is no refresh token", function(t)
  local w <close> = workspace.start()
  local _, back = sign_in(w, { scope = "all-apis" })
  local _, answer = exchange(w, back.code)
  t.is_nil(answer.refresh_token)
end)

test("a token that is revoked ends the log-in", function(t)
  local w <close> = workspace.start()
  local _, back = sign_in(w)
  local _, answer = exchange(w, back.code)
  t.equal((post(w, "/oidc/v1/revoke", { token = answer.refresh_token })), 200)
  t.equal((w:call("GET", ME, nil, { token = answer.access_token })), 401)
  t.equal((refresh(w, answer.refresh_token)), 400)
  t.equal((post(w, "/oidc/v1/revoke", { token = "unknown" })), 200)
end)

test("the documents name the endpoints, of an account too", function(t)
  local w <close> = workspace.start()
  local found = w:ok("GET", "/oidc/accounts/abc/.well-known/oauth-authorization-server", nil,
    { token = false })
  t.match(found.authorization_endpoint, "/oidc/accounts/abc/v1/authorize")
  t.match(found.token_endpoint, "/oidc/accounts/abc/v1/token")
  t.match(found.revocation_endpoint, "/oidc/accounts/abc/v1/revoke")
end)
