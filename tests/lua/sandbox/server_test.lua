local workspace = require "testing.workspace"

test("every answer has the id of its workspace, with all 17 digits", function(t)
  local w <close> = workspace.start()
  local _, _, headers = w:call("GET", "/api/2.0/pipelines")
  t.equal(headers["x-databricks-org-id"], "70421337900113842")
  t.match(headers["x-request-id"], "^%x+%-%x+%-%x+%-%x+%-%x+$", true)
  _, _, headers = w:call("GET", "/api/2.0/pipelines", nil, { token = "demo-dr-token" })
  t.equal(headers["x-databricks-org-id"], "2814749767106563")
  _, _, headers = w:call("GET", "/api/2.0/nothing")
  t.equal(headers["x-databricks-org-id"], "70421337900113842", "a refusal too")
end)

test("the token chooses the workspace", function(t)
  local w <close> = workspace.start()
  w:pipeline { name = "here" }
  local there = w:ok("GET", "/api/2.0/pipelines", nil, { token = "demo-dr-token" })
  t.is_nil(there.statuses)
  t.equal(#w:ok("GET", "/api/2.0/pipelines").statuses, 1)
end)

test("without a known token the answer is 401 UNAUTHENTICATED", function(t)
  local w <close> = workspace.start()
  for _, token in ipairs { "", "wrong", "demo-toke" } do
    local status, body = w:call("GET", "/api/2.0/pipelines", nil, { token = token })
    t.equal({ status, body.error_code }, { 401, "UNAUTHENTICATED" }, token)
  end
  local status, body = w:call("GET", "/api/2.0/pipelines", nil, { token = false })
  t.equal({ status, body.error_code }, { 401, "UNAUTHENTICATED" }, "none at all")
end)

test("an unknown path or method is 404 ENDPOINT_NOT_FOUND", function(t)
  local w <close> = workspace.start()
  local status, body = w:call("GET", "/api/2.0/pipelinez")
  t.equal({ status, body.error_code, body.message },
    { 404, "ENDPOINT_NOT_FOUND", "No API found for 'GET /pipelinez'" })
  status, body = w:call("PATCH", "/api/2.0/pipelines")
  t.equal({ status, body.message }, { 404, "No API found for 'PATCH /pipelines'" })
  t.equal((w:call("GET", "/.well-known/nothing", nil, { token = false })), 404)
end)

test("double and trailing slashes are accepted", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  t.equal(w:ok("GET", "//api//2.0/pipelines/" .. id .. "/").pipeline_id, id)
  t.equal(#w:ok("GET", "/api/2.0/pipelines/").statuses, 1)
end)

test("a body that is not JSON is 400 MALFORMED_REQUEST", function(t)
  local w <close> = workspace.start()
  for _, text in ipairs { "{", "nope", '{"name":}', "[1,2" } do
    local status, body = w:call("POST", "/api/2.0/pipelines", nil, { text = text })
    t.equal({ status, body.error_code }, { 400, "MALFORMED_REQUEST" }, text)
  end
end)

test("an unknown option or scenario of the server is an error that names it", function(t)
  local server = require "sandbox.server"
  t.raises("unknown option 'latenzy'", server.start, { latenzy = 5 })
  t.raises("'big' is not a scenario", server.start, { scenario = "big", state = false })
end)

test("latency delays every answer", function(t)
  local task = require "native.task"
  local w <close> = workspace.start { latency = 60 }
  local before = task.now()
  w:ok("GET", "/api/2.0/pipelines")
  t.is_true(task.now() - before >= 0.06)
end)
