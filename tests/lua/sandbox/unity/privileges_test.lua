local workspace = require "testing.workspace"

local PATH <const> = "/api/2.1/unity-catalog/"
local VIEWER <const> = { token = "demo-viewer-token" }

local function change(principal, add, remove)
  return { changes = { { principal = principal, add = add, remove = remove } } }
end

local function shown(answer)
  local list = {}
  for i, one in ipairs(answer.privilege_assignments or {}) do
    list[i] = one.principal .. ": " .. table.concat(one.privileges, " ")
  end
  return list
end

test("grants are given, taken back, and read for one principal", function(t)
  local w <close> = workspace.start()
  local path = PATH .. "permissions/schema/main.default"
  t.equal(w:ok("GET", path), {})
  local answer = w:ok("PATCH", path, change("analysts", { "SELECT", "USE_SCHEMA" }))
  t.equal(shown(answer), { "analysts: SELECT USE_SCHEMA" })
  w:ok("PATCH", path, change("lars.nygaard@example.com", { "MODIFY" }))
  w:ok("PATCH", path, change("analysts", nil, { "SELECT" }))
  t.equal(shown(w:ok("GET", path)), { "analysts: USE_SCHEMA", "lars.nygaard@example.com: MODIFY" })
  t.equal(shown(w:ok("GET", path .. "?principal=analysts")), { "analysts: USE_SCHEMA" })
end)

test("what is granted on a catalog holds for its schemas and tables", function(t)
  local w <close> = workspace.start()
  w:ok("PATCH", PATH .. "permissions/catalog/main", change("users", { "SELECT", "USE_CATALOG" }))
  w:ok("PATCH", PATH .. "permissions/SCHEMA/main.default", change("users", { "USE_SCHEMA" }))
  local answer = w:ok("GET", PATH .. "effective-permissions/schema/main.default")
  local list = {}
  for i, one in ipairs(answer.privilege_assignments[1].privileges) do
    list[i] = one.privilege .. " " .. (one.inherited_from_name or "-")
  end
  t.equal(list, { "USE_SCHEMA -", "SELECT main" }, "USE_CATALOG is of catalogs only")
end)

test("wrong grants are refused", function(t)
  local w <close> = workspace.start()
  for _, case in ipairs {
    { "catalog/main", change("nobody", { "SELECT" }), 404, "PRINCIPAL_DOES_NOT_EXIST" },
    { "catalog/main", change("users", { "READ_FILES" }), 400, "INVALID_PARAMETER_VALUE" },
    { "catalog/main", change(nil, { "SELECT" }), 400, "INVALID_PARAMETER_VALUE" },
    { "catalog/no", change("users", { "SELECT" }), 404, "CATALOG_DOES_NOT_EXIST" },
    { "schema/main.no", change("users", { "SELECT" }), 404, "SCHEMA_DOES_NOT_EXIST" },
    { "table/main.default.no", change("users", { "SELECT" }), 404, "TABLE_DOES_NOT_EXIST" },
    { "connection/no", change("users", { "USE_CONNECTION" }), 404, "CONNECTION_DOES_NOT_EXIST" },
    { "planet/main", change("users", { "SELECT" }), 400, "INVALID_PARAMETER_VALUE" },
  } do
    local status, answer = w:call("PATCH", PATH .. "permissions/" .. case[1], case[2])
    t.equal({ status, answer.error_code }, { case[3], case[4] }, case[1])
  end
  t.equal((w:call("PATCH", PATH .. "permissions/catalog/main", change("users", { "SELECT" }),
    VIEWER)), 403)
end)

test("volumes hold files, and go with them", function(t)
  local w <close> = workspace.start()
  local volume = { catalog_name = "main", schema_name = "default", name = "v",
    volume_type = "MANAGED" }
  t.equal(w:ok("POST", PATH .. "volumes", volume).full_name, "main.default.v")
  t.equal((w:call("POST", PATH .. "volumes", volume)), 400)
  local file = "/api/2.0/fs/files/Volumes/main/default/v/a/b.bin"
  t.equal((w:call("PUT", file, nil, { text = "\0\1\2" })), 204)
  t.equal((w:call("PUT", file, nil, { text = "x" })), 409)
  t.equal((w:call("PUT", file .. "?overwrite=true", nil, { text = "\0\1\2\3" })), 204)
  local status, bytes = w:call("GET", file)
  t.equal({ status, bytes }, { 200, "\0\1\2\3" })
  status, bytes = w:call("GET", file, nil, { headers = { Range = "bytes=1-2" } })
  t.equal({ status, bytes }, { 206, "\1\2" })
  local folder = "/api/2.0/fs/directories/Volumes/main/default/v/a"
  t.equal(w:ok("GET", folder).contents[1].file_size, 4)
  t.equal((w:call("DELETE", folder)), 400, "it is not empty")
  w:ok("DELETE", PATH .. "volumes/main.default.v")
  t.equal((w:call("GET", file)), 404)
  w:ok("POST", PATH .. "volumes", volume)
  t.equal((w:call("GET", file)), 404, "a new volume is empty")
end)

test("an option of a connection that is a secret is never shown", function(t)
  local w <close> = workspace.start()
  w:ok("POST", PATH .. "connections", { name = "c", connection_type = "MYSQL",
    options = { host = "db", password = "hunter2" } })
  t.equal(w:ok("GET", PATH .. "connections/c").options, { host = "db" })
  t.equal((w:call("POST", PATH .. "connections", { name = "d", connection_type = "PIGEON",
    options = {} })), 400)
end)
