local http = require "native.http"
local workspace = require "testing.workspace"

local PATH <const> = "/api/2.0/secrets/"
local VIEWER <const> = { token = "demo-viewer-token" }
local LARS <const> = "lars.nygaard@example.com"

test("a secret can be put, read in base64, listed and deleted", function(t)
  local w <close> = workspace.start()
  w:ok("POST", PATH .. "scopes/create", { scope = "s" })
  t.equal(w:ok("GET", PATH .. "scopes/list").scopes,
    { { name = "s", backend_type = "DATABRICKS" } })
  t.is_nil(w:ok("GET", PATH .. "list?scope=s").secrets)
  w:ok("POST", PATH .. "put", { scope = "s", key = "text", string_value = "välue" })
  w:ok("POST", PATH .. "put", { scope = "s", key = "bytes",
    bytes_value = http.base64_encode "\0\255" })
  t.equal(w:ok("GET", PATH .. "get?scope=s&key=text").value, http.base64_encode "välue")
  t.equal(w:ok("GET", PATH .. "get?scope=s&key=bytes").value, http.base64_encode "\0\255")
  t.equal(#w:ok("GET", PATH .. "list?scope=s").secrets, 2)
  w:ok("POST", PATH .. "delete", { scope = "s", key = "text" })
  t.equal((w:call("GET", PATH .. "get?scope=s&key=text")), 404)
  w:ok("POST", PATH .. "scopes/delete", { scope = "s" })
  t.equal((w:call("GET", PATH .. "list?scope=s")), 404)
end)

test("wrong requests about secrets are refused", function(t)
  local w <close> = workspace.start()
  w:ok("POST", PATH .. "scopes/create", { scope = "s" })
  for _, case in ipairs {
    { "scopes/create", { scope = "s" }, 400, "RESOURCE_ALREADY_EXISTS" },
    { "scopes/create", { scope = "a b" }, 400, "INVALID_PARAMETER_VALUE" },
    { "scopes/create", {}, 400, "INVALID_PARAMETER_VALUE" },
    { "scopes/create", { scope = 1 }, 400, "MALFORMED_REQUEST" },
    { "scopes/delete", { scope = "x" }, 404, "RESOURCE_DOES_NOT_EXIST" },
    { "put", { scope = "s", key = "k" }, 400, "INVALID_PARAMETER_VALUE" },
    { "put", { scope = "s", key = "k", string_value = "a", bytes_value = "YQ==" }, 400,
      "INVALID_PARAMETER_VALUE" },
    { "put", { scope = "s", key = "k", bytes_value = "%%" }, 400, "INVALID_PARAMETER_VALUE" },
    { "put", { scope = "s", key = "k", string_value = ("x"):rep(131073) }, 400,
      "INVALID_PARAMETER_VALUE" },
    { "delete", { scope = "s", key = "k" }, 404, "RESOURCE_DOES_NOT_EXIST" },
    { "acls/put", { scope = "s", principal = "no", permission = "READ" }, 404,
      "RESOURCE_DOES_NOT_EXIST" },
    { "acls/put", { scope = "s", principal = LARS, permission = "SEE" }, 400,
      "INVALID_PARAMETER_VALUE" },
  } do
    local status, answer = w:call("POST", PATH .. case[1], case[2])
    t.equal({ status, answer.error_code }, { case[3], case[4] }, case[1])
  end
end)

test("an access list says who may read, write and manage a scope", function(t)
  local w <close> = workspace.start()
  w:ok("POST", PATH .. "scopes/create", { scope = "s" })
  w:ok("POST", PATH .. "put", { scope = "s", key = "k", string_value = "v" })
  local function allowed()
    local read = w:call("GET", PATH .. "get?scope=s&key=k", nil, VIEWER)
    local write = w:call("POST", PATH .. "put", { scope = "s", key = "n", string_value = "v" },
      VIEWER)
    local manage = w:call("GET", PATH .. "acls/list?scope=s", nil, VIEWER)
    return { read, write, manage }
  end
  t.equal(allowed(), { 403, 403, 403 })
  for permission, want in pairs { READ = { 200, 403, 403 }, WRITE = { 200, 200, 403 },
    MANAGE = { 200, 200, 200 } } do
    w:ok("POST", PATH .. "acls/put", { scope = "s", principal = LARS, permission = permission })
    t.equal(allowed(), want, permission)
    t.equal(w:ok("GET", PATH .. "acls/get?scope=s&principal=" .. LARS).permission, permission)
  end
  w:ok("POST", PATH .. "acls/delete", { scope = "s", principal = LARS })
  t.equal(allowed(), { 403, 403, 403 })
  w:ok("POST", PATH .. "acls/put", { scope = "s", principal = "analysts", permission = "READ" })
  t.equal(allowed(), { 200, 403, 403 }, "by a group")
  t.is_nil(w:ok("GET", PATH .. "scopes/list", nil, { token = "demo-dr-token" }).scopes)
end)

test("a pipeline finds a secret that was put", function(t)
  local w <close> = workspace.start()
  w:ok("POST", PATH .. "scopes/create", { scope = "s" })
  w:ok("POST", PATH .. "put", { scope = "s", key = "k", string_value = "v" })
  t.is_true(w.w.db:find_row "SELECT 1 AS yes FROM secrets WHERE scope = 's' AND key = 'k'")
end)
