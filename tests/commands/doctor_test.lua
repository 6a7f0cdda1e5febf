--- The commands api, sql and doctor against the embedded workspace, over real HTTP.

local program = require "testing.program"
local json = require "native.json"

-- One state for all tests of this file; the first test fills it.
local state = program.dir()

local function demo(...)
  return program.run({ "--profile", "demo", ... }, { env = { XDG_STATE_HOME = state.path } })
end

local function data(t, ...)
  local value, r = program.data({ "--profile", "demo", ... },
    { env = { XDG_STATE_HOME = state.path } })
  t.equal(r.stderr, "")
  return value
end

test("api prints the answer as JSON, also with -o text", function(t)
  local me = data(t, "api", "GET", "/api/2.0/preview/scim/v2/Me")
  t.match(me.userName, "@")
  t.equal(json.decode(demo("api", "get", "/api/2.0/preview/scim/v2/Me").stdout), me)
  local raw = demo("api", "GET", "/api/2.0/preview/scim/v2/Me", "--raw").stdout
  t.equal(json.decode(raw), me)
end)

test("api sends query and body", function(t)
  local page = data(t, "api", "GET", "/api/2.0/pipelines", "--query", "max_results=3")
  t.equal(#page.statuses, 3)
  local made = data(t, "api", "POST", "/api/2.0/pipelines", "--body",
    [[{"name": "made by api", "catalog": "main", "schema": "s", "serverless": true,
       "libraries": [{"notebook": {"path": "/Shared/x"}}]}]])
  local found = data(t, "api", "GET", "/api/2.0/pipelines/" .. made.pipeline_id)
  t.equal(found.name, "made by api")
end)

test("a dry run of api sends nothing", function(t)
  local sent = data(t, "api", "POST", "/api/2.0/pipelines", "--body", '{"a": [1, null]}',
    "--query", "x=1", "--query", "x=2", "--dry-run")
  t.equal(sent, { method = "POST", path = "/api/2.0/pipelines", body = { a = { 1, json.null } },
    query = { x = { "1", "2" } } })
end)

test("api reports wrong arguments before it sends anything", function(t)
  for _, case in ipairs {
    { { "GET", "api/2.0/pipelines" }, "did you mean '/api/2.0/pipelines'?" },
    { { "GET", "https://host/api" }, "the endpoint must be a path, not a URL" },
    { { "FETCH", "/api" }, "'FETCH' is not one of GET, POST" },
    { { "POST", "/api", "--body", "{" }, "--body is not JSON" },
    { { "POST", "/api", "--body", "@/no/such" }, "/no/such" },
    { { "GET", "/api", "--query", "x" }, "'x' is not KEY=VALUE" },
  } do
    local r = demo("api", table.unpack(case[1]))
    t.equal(r.status, 2, case[2])
    t.match(r.stderr, case[2])
  end
end)

test("a refusal keeps the workspace's status and error code", function(t)
  local path = "/api/2.0/pipelines/11111111-2222-3333-4444-555555555555"
  local r = demo("-o", "json", "api", "GET", path)
  t.equal(r.status, 3)
  t.equal(r.stdout, "")
  local e = json.decode(r.stderr)
  t.equal(e.status, 404)
  t.equal(e.code, "RESOURCE_DOES_NOT_EXIST")
  t.equal(e.kind, "http")
end)

test("sql prints rows with the columns in their order, and null as null", function(t)
  t.equal(demo("sql", "SELECT 'x' AS b, 1 AS a, NULL AS n", "-o", "csv").stdout,
    "b,a,n\r\nx,1,\r\n")
  t.equal(data(t, "sql", "SELECT 'x' AS b, 1 AS a, NULL AS n"), { { b = "x", a = "1",
    n = json.null } })
  t.match(demo("sql", "SELECT 'x' AS b, 1 AS a").stdout, "^B +A\nx +1\n", true)
end)

test("sql binds parameters, and does not paste them into the statement", function(t)
  local rows = data(t, "sql", "SELECT :a AS a, :b AS b, :c AS c, :t AS t", "--param",
    "a='; DROP TABLE x", "--param", "b=5:INT", "--param", "c", "--param", "t=10:30")
  t.equal(rows, { { a = "'; DROP TABLE x", b = "5", c = json.null, t = "10:30" } })
  t.equal(data(t, "sql", "SELECT :x", "--param", "x=2026-01-02:DATE", "--dry-run"), {
    statement = "SELECT :x", parameters = { x = { value = "2026-01-02", type = "DATE" } } })
end)

test("a statement without rows has its columns, and is not a failure", function(t)
  t.equal(demo("sql", "SELECT 1 AS a WHERE 1 = 0", "-o", "csv").stdout, "a\r\n")
  t.equal(data(t, "sql", "SELECT 1 AS a WHERE 1 = 0"), {})
end)

test("a failed statement is a fault, never an empty result", function(t)
  local r = demo("sql", "SELECT * FROM no_such_table", "-o", "json")
  t.equal(r.status, 1)
  t.equal(r.stdout, "")
  t.equal(json.decode(r.stderr).kind, "sql")
end)

test("sql reads a statement from a file, and takes one statement", function(t)
  local dir <close> = program.dir()
  local path = dir.write("q.sql", "SELECT 42 AS a\n")
  t.equal(demo("sql", "-f", path, "-o", "csv").stdout, "a\r\n42\r\n")
  t.equal(demo("sql").status, 2)
  t.equal(demo("sql", "SELECT 1", "-f", path).status, 2)
  t.equal(demo("sql", "-f", "/no/such").status, 1)
  t.match(demo("sql", "SELECT 1", "--param", "1x=2").stderr, "is not NAME=VALUE")
end)

test("all checks of the doctor pass for a good workspace", function(t)
  local rows = data(t, "doctor")
  local names = {}
  for i, row in ipairs(rows) do
    names[i] = row.check
    t.equal(row.status, "ok", row.check)
  end
  t.equal(table.concat(names, ", "), "version, overrides, hooks, profiles, credentials, "
    .. "network, clock, permissions, warehouse, system tables")
  t.match(demo("doctor").stdout, "^ok +version +tarn ", true)
end)

test("a failed check does not end the others, and says what to do", function(t)
  local r = program.run({ "doctor", "-o", "json", "--timeout", "2" },
    { env = program.env("http://127.0.0.1:9", { DATABRICKS_TOKEN = "secret-token" }) })
  t.equal(r.status, 1)
  t.no_match(r.stdout .. r.stderr, "secret-token")
  local by_name = {}
  for _, row in ipairs(json.decode(r.stdout)) do
    by_name[row.check] = row
  end
  t.equal(by_name.credentials.status, "ok")
  t.equal(by_name.network.status, "fail")
  t.is_true(by_name.network.todo)
  t.equal(by_name.clock.status, "skip")
  t.equal(by_name["system tables"].status, "skip")
  r = program.run { "doctor", "-o", "json" }
  t.equal(r.status, 1, "no credentials at all")
end)

test("--profile is also the workspace of a script's library", function(t)
  local dir <close> = program.dir()
  local path = dir.write("x.lua", [[
local tarn = require "tarn"
local ws = tarn.workspace "demo"
local n = 0
for p in ws:pipelines() do n = n + (p.name and 1 or 0) end
local counts = tarn.map({ 1, 2 }, function(i) return ws:sql("SELECT :n AS n", { n = i })().n end)
local made = {}
for row in tarn.list { filter = "made*" } do made[#made + 1] = row.name end
return { n = n, counts = counts, made = made }]])
  local got = data(t, "run", path)
  t.is_true(got.n > 10)
  t.equal(got.counts, { 1, 2 })
  t.equal(got.made, { "made by api" })
end)

test("the state of these tests is removed", function(t)
  state.close()
  t.is_nil(require("native.fs").find_stat(state.path))
end)
