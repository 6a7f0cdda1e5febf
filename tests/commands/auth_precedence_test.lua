--- Which host and which credential are used: tests/support/precedence.txt, a test for each row.

local fake = require "testing.fake"
local fs = require "native.fs"
local http = require "native.http"
local json = require "native.json"
local program = require "testing.program"

local VARIABLES <const> = {
  H = "DATABRICKS_HOST", T = "DATABRICKS_TOKEN", I = "DATABRICKS_CLIENT_ID",
  S = "DATABRICKS_CLIENT_SECRET", P = "DATABRICKS_CONFIG_PROFILE", M = "DATABRICKS_AUTH_TYPE",
  C = "DATABRICKS_CONFIG_FILE", W = "DATABRICKS_WAREHOUSE_ID", A = "ARM_CLIENT_ID",
  Z = "ARM_CLIENT_SECRET", N = "ARM_TENANT_ID", O = "DATABRICKS_OIDC_TOKEN",
  V = "DATABRICKS_OIDC_TOKEN_ENV", F = "DATABRICKS_OIDC_TOKEN_FILEPATH",
  G = "ACTIONS_ID_TOKEN_REQUEST_URL", U = "DATABRICKS_USERNAME", K = "DATABRICKS_PASSWORD",
}

-- A workspace whose tokens tell by which credential they were got.
local function workspace()
  local ws
  ws = fake.server {
    ["GET /api/2.0/preview/scim/v2/Me"] = { id = "1", userName = "u" },
    ["GET /oidc/.well-known/oauth-authorization-server"] = function()
      return { token_endpoint = ws.url .. "/oidc/v1/token" }
    end,
    ["POST /oidc/v1/token"] = function(request)
      local basic = (request.headers.authorization or ""):match "^Basic (.*)$"
      local id = request.body:match "client_id=([^&]*)" or ""
      local subject = request.body:match "subject_token=([^&]*)"
      return { expires_in = 3600,
        access_token = basic and http.base64_decode(basic) or id .. ":" .. (subject or "") }
    end,
  }
  return ws
end

local function rows()
  local list = {}
  for line in fs.read "tests/support/precedence.txt":gmatch "[^\n]+" do
    local fields = {}
    for field in (line .. " |"):gmatch "(.-)%s*|%s?" do
      fields[#fields + 1] = field:match "^%s*(.*)$"
    end
    if not line:find "^#" and #fields >= 4 then
      list[#list + 1] = { line = line, words = fields[1], variables = fields[2], file = fields[3],
        want = fields[4] }
    end
  end
  return list
end

-- X and Y as words of their own, or as values, become hosts.
local function with_hosts(text, hosts)
  return (text:gsub("=([XY])%f[%W]", function(name) return "=" .. hosts[name] end))
end

local function environment(text, hosts)
  local env = { PATH = "/usr/bin:/bin", DATABRICKS_AUTH_STORAGE = "plaintext" }
  for _, name in pairs(VARIABLES) do
    env[name] = false
  end
  for name, value in text:gmatch "(%u)=(%S*)" do
    env[VARIABLES[name]] = name == "V" and VARIABLES[value] or hosts[value] or value
  end
  return env
end

local CACHE <const> = [[{"version": 1, "tokens": {
  "me": {"access_token": "of-me", "expiry": "2999-01-01T00:00:00Z"},
  "%s": {"access_token": "of-X", "expiry": "2999-01-01T00:00:00Z"}}}]]

-- What the program used: "X pat e", or "no" and the message.
local function used(row)
  local x <close> = workspace()
  local y <close> = workspace()
  local home <close> = program.dir()
  local hosts = { X = x.url, Y = y.url }
  local file = with_hosts(row.file, hosts):gsub("/(%f[%[%l])", "\n%1")
  home.write(".databrickscfg", file .. "\n")
  home.write(".databricks/token-cache.json", CACHE:format(x.url))
  local words = { "auth", "describe", "-o", "json" }
  local profile = row.words:match "%-p (%S+)"
  if profile then
    table.move({ "-p", profile }, 1, 2, #words + 1, words)
  end
  local r = program.run(words, { home = home.path, env = environment(row.variables, hosts) })
  local data = r.stdout ~= "" and json.decode(r.stdout) or nil
  if r.status ~= 0 then
    local message = data and data.check.message or json.decode(r.stderr).message
    return "no " .. message:gsub(x.url, "X"):gsub(y.url, "Y")
  end
  local credential
  for name, ws in pairs { X = x, Y = y } do
    for _, request in ipairs(ws.seen) do
      if request.path:find "scim" then
        credential = name .. " " .. data.auth_type .. " "
          .. (request.headers.authorization or ""):gsub("^Bearer ", "")
      end
    end
  end
  return credential
end

test("there are at least 100 rows", function(t)
  t.is_true(#rows() >= 100)
end)

for _, row in ipairs(rows()) do
  if row.want ~= "-" then
    test(row.line:gsub(" | [^|]*$", ""), function(t)
      local got = used(row)
      if row.want:find "^no " then
        t.match(got, row.want:sub(4))
        t.match(got, "no ")
      else
        t.equal(got, row.want)
      end
    end)
  end
end
