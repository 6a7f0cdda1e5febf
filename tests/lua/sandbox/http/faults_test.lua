local http = require "native.http"
local json = require "native.json"
local workspace = require "testing.workspace"
local task = require "native.task"

local PATH <const> = "/api/2.0/pipelines"

-- An action, the status of its answer, and a part of the body.
local ANSWERS <const> = {
  { "429", 429, "REQUEST_LIMIT_EXCEEDED" }, { "503", 503, "TEMPORARILY_UNAVAILABLE" },
  { "503_html", 503, "<html>" }, { "500", 500, "INTERNAL_ERROR" }, { "500_empty", 500, "" },
  { "400_retryable", 400, "RPC token bucket limit" }, { "not_json", 200, "oops" },
  { "html_200", 200, "<html>" }, { "expired_token", 401, "expired" },
  { "403", 403, "PERMISSION_DENIED" }, { "404_message_only", 404, '{"message":' },
  { "409", 409, "RESOURCE_CONFLICT" }, { "integer_code", 400, '"error_code":400' },
  { "api12", 400, '"error":' }, { "scim", 404, '"detail"' }, { "text", 400, "INVALID_STATE: " },
  { "login_redirect", 302, "" }, { "504", 504, "DEADLINE_EXCEEDED" },
}

local function get(w, fault, path)
  return http.request("GET", w.url .. (path or PATH), { retry = false, headers = {
    Authorization = "Bearer demo-token", ["X-Sandbox-Fault"] = fault } })
end

test("a header of a request chooses a fault", function(t)
  local w <close> = workspace.start { scenario = "large:2,1,1" }
  for _, case in ipairs(ANSWERS) do
    local response = get(w, case[1])
    t.equal(response.status, case[2], case[1])
    t.match(response.body, case[3])
    t.equal(response.headers["x-databricks-org-id"], "70421337900113842")
  end
  t.equal(get(w, "429;retry_after=7").headers["retry-after"], "7")
  t.is_nil(get(w, "429;retry_after=false").headers["retry-after"])
  t.match(get(w, "login_redirect").headers.location, "/login.html")
  local response = get(w, "explode")
  t.equal(response.status, 400)
  t.match(response.body, "no action 'explode'")
end)

test("a body ends early or arrives slowly", function(t)
  local w <close> = workspace.start { scenario = "large:2,1,1" }
  t.equal(t.fault(get, w, "truncate;bytes=40").kind, "network")
  local before = task.now()
  local response = get(w, "drip;bytes=200;seconds=0.03", PATH .. "?max_results=1")
  t.is_true(task.now() - before >= 0.03)
  t.equal(#json.decode(response.body).statuses, 1)
  before = task.now()
  get(w, "latency;ms=50")
  t.is_true(task.now() - before >= 0.05)
end)

test("a connection is reset before or after the request has taken effect", function(t)
  local w <close> = workspace.start()
  local body = { name = "r", libraries = { { notebook = { path = "/x" } } } }
  local function create(fault)
    return w:call("POST", PATH, body, { headers = { ["X-Sandbox-Fault"] = fault } })
  end
  t.equal(t.fault(create, "reset_before").kind, "network")
  t.is_nil(w:ok("GET", PATH).statuses)
  t.equal(t.fault(create, "reset_after").kind, "network")
  t.equal(#w:ok("GET", PATH).statuses, 1)
end)

test("answers have unknown values, unknown fields and other types", function(t)
  local w <close> = workspace.start { scenario = "large:2,2,1" }
  local page = json.decode(get(w, "unknown_enum").body)
  t.equal(page.statuses[1].state, "SUSPENDED_BY_POLICY")
  local id = page.statuses[1].pipeline_id
  local pipeline = json.decode(get(w, "int64_as_string", PATH .. "/" .. id).body)
  t.equal(type(pipeline.last_modified), "string")
  pipeline = json.decode(get(w, "unknown_field", PATH .. "/" .. id).body)
  t.equal(json.encode(pipeline.a_field_of_tomorrow), '{"x":[]}')
  t.equal(pipeline.pipeline_id, id)
end)

test("an empty page has a token that leads to the real page", function(t)
  local w <close> = workspace.start { scenario = "large:5,0,0",
    faults = { { action = "empty_page" } } }
  local items, pages = w:all(PATH .. "?max_results=2", "statuses")
  t.equal({ #items, pages }, { 5, 6 })
end)

test("rules match by method, path, count, probability and workspace", function(t)
  local w <close> = workspace.start { faults = {
    { method = "GET", path = "/api/2.0/pipelines", nth = 2, action = "429" },
    { path = "/api/2.0/permissions/*", count = 2, action = "503" },
    { path = "/api/2.1/*", probability = 0.5, action = "500" },
    { workspace = "demo-dr", action = "403" },
  } }
  local function statuses(path, n, opts)
    local list = {}
    for i = 1, n do
      list[i] = (w:call("GET", path, nil, opts))
    end
    return list
  end
  t.equal(statuses(PATH, 3), { 200, 429, 200 })
  t.equal(statuses("/api/2.0/permissions/pipelines/x", 3), { 503, 503, 404 })
  t.equal(statuses(PATH, 1, { token = "demo-dr-token" }), { 403 })
  local failed = 0
  for _, status in ipairs(statuses("/api/2.1/unity-catalog/catalogs", 60)) do
    failed = failed + (status == 500 and 1 or 0)
  end
  t.is_true(failed > 15 and failed < 45, "about half")
end)

-- Files that cannot be used, and words of the error.
local BROKEN <const> = {
  { "c.json", '[{"action":"explode"}]', "no action 'explode'" },
  { "d.json", '[{"action":"429","nth":"two"}]', "'nth' must be a number" },
  { "e.lua", "return os.exit()", "os" },
  { "f.json", '[{"action":"429","retryafter":2}]', "429 has no option 'retryafter'" },
}

test("rules are read from JSON and from Lua, and errors in them are reported", function(t)
  local faults = require "sandbox.http.faults"
  local dir <close> = require("testing.program").dir()
  local path = dir.write("a.json", '{"rules":[{"action":"429","retry_after":2}]}')
  t.equal(faults.read(path)[1].retry_after, 2)
  path = dir.write("b.lua", 'return { { path = "/x", action = "reset_after" } }')
  t.equal(faults.read(path)[1].action, "reset_after")
  for _, case in ipairs(BROKEN) do
    t.raises(case[3], faults.read, dir.write(case[1], case[2]))
  end
  t.equal(t.fault(faults.read, dir.path .. "/missing.json").kind, "io")
end)

test("docs/guide/sandbox.md names every fault", function(t)
  local text = require("native.fs").read "docs/guide/sandbox.md"
  for name in pairs(require "sandbox.http.troubles") do
    t.match(text, "`" .. name .. "`")
  end
end)
