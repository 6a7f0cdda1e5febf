local program = require "testing.program"
local fake = require "testing.fake"
local json = require "native.json"

local TOKEN <const> = "dapi-secret-of-the-test-0123456789"
local SECRET <const> = "dose-secret-of-the-test-0123456789"
local ME <const> = "/api/2.0/preview/scim/v2/Me"
local ORG <const> = "12345678901234567"

-- A workspace with one user, which gives tokens. `refusal` is its answer to a request for the user.
local function workspace(refusal)
  local ws
  local me = { id = "7", userName = "ana@example.com", displayName = "Ana" }
  local answers = {
    ["GET " .. ME] = refusal or fake.reply { body = json.encode(me),
      headers = { ["X-Databricks-Org-Id"] = ORG } },
    ["GET /oidc/.well-known/oauth-authorization-server"] = function()
      return { token_endpoint = ws.url .. "/oidc/v1/token" }
    end,
    ["POST /oidc/v1/token"] = { access_token = "made-token", expires_in = 3600 },
  }
  ws = fake.server(answers)
  return ws
end

local function attribute(data, name)
  for _, item in ipairs(data.attributes) do
    if item.name == name then
      return item
    end
  end
end

local function no_secrets(t, result)
  for _, secret in ipairs { TOKEN, SECRET, "made-token" } do
    t.no_match(result.stdout, secret)
    t.no_match(result.stderr, secret)
  end
end

test("describe shows the user, and the source of each attribute", function(t)
  local ws <close> = workspace()
  local r = program.run({ "auth", "describe", "-o", "json", "-vv" },
    { env = { DATABRICKS_HOST = ws.url .. "/?o=12", DATABRICKS_TOKEN = TOKEN } })
  t.equal(r.status, 0)
  local data = json.decode(r.stdout)
  t.equal(data.host, ws.url)
  t.equal(data.auth_type, "pat")
  t.equal(data.user, "ana@example.com")
  t.equal(data.org_id, ORG)
  t.equal(data.check.status, "ok")
  t.equal(attribute(data, "token"), { name = "token", value = "***", source = "DATABRICKS_TOKEN" })
  t.equal(attribute(data, "host").source, "DATABRICKS_HOST")
  t.equal(attribute(data, "workspace_id").value, "12")
  t.equal(ws.seen[1].headers.authorization, "Bearer " .. TOKEN)
  no_secrets(t, r)
end)

test("an explicit profile beats the environment", function(t)
  local ws <close> = workspace()
  local home <close> = program.dir()
  local file = home.write(".databrickscfg", ("[prod]\nhost = %s\ntoken = %s # mine\n")
    :format(ws.url, TOKEN))
  local r = program.run({ "auth", "describe", "--profile", "prod", "-o", "json" },
    { home = home.path, env = { DATABRICKS_TOKEN = "other" } })
  t.equal(r.status, 0)
  local data = json.decode(r.stdout)
  t.equal(data.host, ws.url)
  t.equal(data.profile, "prod")
  t.equal(attribute(data, "token").source, "profile prod in " .. file)
  t.equal(ws.seen[1].headers.authorization, "Bearer " .. TOKEN)
end)

test("a host in the environment and another one in the profile are refused, and nothing is sent",
  function(t)
    local ws <close> = workspace()
    local home <close> = program.dir()
    home.write(".databrickscfg", ("[prod]\nhost = %s\ntoken = %s\n"):format(ws.url, TOKEN))
    for _, case in ipairs {
      { words = { "-p", "prod", "list" }, env = { DATABRICKS_HOST = "https://elsewhere.net" } },
      { words = { "list" }, env = { DATABRICKS_CONFIG_PROFILE = "prod",
        DATABRICKS_HOST = "https://elsewhere.net", DATABRICKS_TOKEN = "other" } },
    } do
      local r = program.run(case.words, { home = home.path, env = case.env })
      t.equal(r.status, 4)
      t.match(r.stderr, "two hosts are configured: " .. ws.url)
      t.match(r.stderr, "https://elsewhere.net (DATABRICKS_HOST)")
      t.no_match(r.stderr, TOKEN)
    end
    t.equal(#ws.seen, 0)
  end)

test("the environment completes a profile that holds no secret", function(t)
  local ws <close> = workspace()
  local home <close> = program.dir()
  home.write(".databrickscfg", ("[ci]\nhost = %s\n"):format(ws.url))
  local r = program.run({ "auth", "describe", "-p", "ci", "-o", "json" },
    { home = home.path, env = { DATABRICKS_TOKEN = TOKEN } })
  t.equal(r.status, 0, r.stderr)
  t.equal(ws.seen[1].headers.authorization, "Bearer " .. TOKEN)
end)

test("a client secret is exchanged for a token, and neither is shown", function(t)
  local ws <close> = workspace()
  local r = program.run({ "auth", "-vv" }, { env = { DATABRICKS_HOST = ws.url,
    DATABRICKS_CLIENT_ID = "app", DATABRICKS_CLIENT_SECRET = SECRET } })
  t.equal(r.status, 0)
  t.match(r.stdout, "oauth-m2m")
  t.match(r.stdout, "DATABRICKS_CLIENT_SECRET")
  t.match(r.stdout, "ok  ana@example.com in workspace " .. ORG)
  t.equal(ws.seen[#ws.seen].headers.authorization, "Bearer made-token")
  no_secrets(t, r)
end)

test("a refusal is shown beside the attributes, and sets the status", function(t)
  local ws <close> = workspace(fake.refusal(403, "PERMISSION_DENIED", "Invalid access token."))
  local r = program.run({ "auth", "describe" },
    { env = { DATABRICKS_HOST = ws.url, DATABRICKS_TOKEN = TOKEN } })
  t.equal(r.status, 4)
  t.match(r.stdout, "DATABRICKS_TOKEN")
  t.match(r.stdout, "failed")
  t.match(r.stdout, "Invalid access token.")
  no_secrets(t, r)
end)

test("offline nothing is sent", function(t)
  local ws <close> = workspace()
  local r = program.run({ "auth", "describe", "--offline" },
    { env = { DATABRICKS_HOST = ws.url, DATABRICKS_TOKEN = TOKEN } })
  t.equal(r.status, 0)
  t.match(r.stdout, "not checked")
  t.equal(#ws.seen, 0)
end)

-- Wrong configurations, each with a part of the message, and the status.
local WRONG <const> = {
  { why = "nothing at all", status = 4, says = "no credentials: ", hint = "--profile demo" },
  { why = "two methods", status = 4, hint = "azure: ARM_TENANT_ID, pat: DATABRICKS_TOKEN",
    env = { DATABRICKS_HOST = "x.net", DATABRICKS_TOKEN = TOKEN, ARM_TENANT_ID = "t" },
    says = "validate: more than one authorization method configured: azure and pat" },
  { why = "an unknown profile", status = 4, words = { "--profile", "gone" },
    file = "[a]\nhost = https://a.net\n[b]\nhost = https://b.net\n",
    says = "has no gone profile configured", hint = "profiles there: a, b" },
  { why = "a broken file", status = 4, file = "[a]\nhost = https://a.net\nnonsense\n",
    words = { "--profile", "a" }, says = "line 3: neither a [section]" },
  { why = "a file that is named and does not exist", status = 4,
    env = { DATABRICKS_CONFIG_FILE = "/nowhere/cfg" }, says = "/nowhere/cfg: No such file",
    hint = "DATABRICKS_CONFIG_FILE" },
  { why = "a method that is not supported", status = 4,
    env = { DATABRICKS_HOST = "x.net", DATABRICKS_AUTH_TYPE = "external-browser" },
    says = "auth_type external-browser (DATABRICKS_AUTH_TYPE) is not supported",
    hint = "tarn auth login" },
  { why = "a token without TLS", status = 4, hint = "DATABRICKS_HOST",
    env = { DATABRICKS_HOST = "http://x.net", DATABRICKS_TOKEN = TOKEN },
    says = "http://x.net: without https" },
  { why = "a host and nothing else, without the CLI", status = 4,
    env = { DATABRICKS_HOST = "https://x.net", PATH = "/nowhere" },
    says = "the Databricks CLI (databricks) is not installed", hint = "tarn auth login" },
}

for _, case in ipairs(WRONG) do
  test("wrong: " .. case.why, function(t)
    local home <close> = program.dir()
    if case.file then
      home.write(".databrickscfg", case.file)
    end
    local words = { "list", "-o", "json", table.unpack(case.words or {}) }
    local r = program.run(words, { home = home.path, env = case.env })
    t.equal(r.status, case.status)
    t.equal(r.stdout, "")
    local f = json.decode(r.stderr)
    t.match(f.message, case.says)
    t.match(f.hint or "", case.hint or "")
    no_secrets(t, r)
  end)
end

test("the environment is enough without a home directory", function(t)
  local ws <close> = workspace()
  local r = program.run({ "auth", "describe" },
    { env = { HOME = false, DATABRICKS_HOST = ws.url, DATABRICKS_TOKEN = TOKEN } })
  t.equal(r.status, 0)
end)

test("profiles are listed, each with its host and its method", function(t)
  local home <close> = program.dir()
  home.write(".databrickscfg", ("[DEFAULT]\nhost = https://d.net\ntoken = %s\n"
    .. "[m2m]\nhost = m.net\nclient_id = a\nclient_secret = %s\n"
    .. "[both]\nhost = b.net\nclient_id = a\ntoken = %s\n"
    .. "[__settings__]\ndefault_profile = m2m\n"):format(TOKEN, SECRET, TOKEN))
  local r = program.run({ "auth", "profiles", "--offline", "-o", "json" }, { home = home.path })
  t.equal(r.status, 0)
  t.equal(json.decode(r.stdout), {
    { name = "DEFAULT", host = "https://d.net", auth_type = "pat", default = false },
    { name = "m2m", host = "https://m.net", auth_type = "oauth-m2m", default = true },
    { name = "both", default = false,
      problem = "validate: more than one authorization method configured: oauth and pat" },
  })
  no_secrets(t, r)
  r = program.run({ "auth", "profiles", "--offline" }, { home = home.path })
  t.match(r.stdout, "m2m (default)")
  t.match(r.stdout, "oauth and pat")
  no_secrets(t, r)
end)

test("each workspace is asked whether it accepts its profile", function(t)
  local ws <close> = workspace()
  local home <close> = program.dir()
  home.write(".databrickscfg", ("[good]\nhost = %s\ntoken = %s\n[dead]\nhost = "
    .. "http://127.0.0.1:1\ntoken = x\n[none]\nhost = %s\nauth_type = basic\n")
    :format(ws.url, TOKEN, ws.url))
  local r = program.run({ "auth", "profiles", "-o", "json" }, { home = home.path })
  t.equal(r.status, 0, r.stderr)
  local rows = json.decode(r.stdout)
  t.equal({ rows[1].valid, rows[1].user }, { true, "ana@example.com" })
  t.equal(rows[2].valid, false)
  t.match(rows[2].problem, "127.0.0.1")
  t.equal(rows[3].valid, false)
  no_secrets(t, r)
  r = program.run({ "auth", "profiles" }, { home = home.path })
  t.match(r.stdout, "ok, ana@example.com")
end)

test("no file is an empty list of profiles", function(t)
  local r = program.run { "auth", "profiles", "-o", "json" }
  t.equal(r.status, 0)
  t.equal(r.stdout, "[]\n")
  r = program.run { "auth", "profiles" }
  t.match(r.stdout, "there are no profiles, except demo and demo-dr")
end)

test("doctor warns of a config file that others can read", function(t)
  local fs = require "native.fs"
  local home <close> = program.dir()
  local path = home.path .. "/.databrickscfg"
  local function line(mode)
    fs.write(path, "[a]\nhost = https://a.net\ntoken = t\n", { mode = mode })
    local ws <close> = workspace()
    local r = program.run({ "doctor", "-o", "json" }, { home = home.path,
      env = { DATABRICKS_HOST = ws.url, DATABRICKS_TOKEN = TOKEN } })
    for _, check in ipairs(json.decode(r.stdout)) do
      if check.check == "profiles" then
        return check
      end
    end
  end
  t.equal(line(416), { -- 0640
    check = "profiles", status = "warn", message = path .. " can be read by others",
    todo = "chmod 600 " .. path,
  })
  t.equal(line(384).status, "ok") -- 0600
end)
