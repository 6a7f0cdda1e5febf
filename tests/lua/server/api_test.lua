-- The API: commands as routes, their arguments, statuses and errors.

local fake = require "testing.fake"
local json = require "native.json"
local serving = require "support.serving"
local task = require "native.task"

test("the eleven endpoints answer with the documented fields", function(t)
  local s <close> = serving.demo({}, 300)
  local P = "/api/dlt/pipelines"
  local rows = s:ask("GET", P).data
  t.is_true(json.is_array(rows) and #rows > 20)
  for _, name in ipairs { "pipeline_id", "name", "state", "health", "creator", "cluster_id",
    "latest_update", "run_as" } do
    t.is_true(rows[1][name] ~= nil, name)
  end
  local id = s:ask("GET", P .. "?filter=sales_orders_etl").data[1].pipeline_id
  local one = s:ask("GET", P .. "/" .. id).data
  t.equal(one.name, "sales_orders_etl")
  t.is_true(type(one.spec) == "table" and one.creator and one.run_as_user_name
    and one.health)
  local events = s:ask("GET", P .. "/" .. id .. "/events?max_events=7").data
  t.equal(events.event_count, 7)
  t.equal(#events.events, 7)
  t.equal(events.pipeline_id, id)
  local updates = s:ask("GET", P .. "/" .. id .. "/updates").data
  t.is_true(updates[1].update_id and updates[1].creation_time and updates[1].cause)
  local expectations = s:ask("GET", P .. "/" .. id .. "/expectations?days=90").data
  t.is_true(expectations.source and expectations.window and expectations.results[1].pass_rate)
  local lineage = s:ask("GET", P .. "/" .. id .. "/lineage").data
  t.equal(lineage.total_datasets, #lineage.datasets)
  t.equal(lineage.pipeline_name, "sales_orders_etl")
  local dashboard = s:ask("GET", "/api/dlt/dashboard").data
  t.equal(dashboard.summary.total, #rows)
  t.is_true(#dashboard.recent_events <= 20 and dashboard.recent_events[1].pipeline_name)
  local started = s:ask("POST", P .. "/" .. id .. "/trigger", { body = { full_refresh = true } })
  t.equal(started.status, 200)
  t.equal(started.data.status, "triggered")
  t.is_true(started.data.update_id)
  local stopped = s:ask("POST", P .. "/" .. id .. "/stop", { body = {} })
  t.equal(stopped.data.status, "stopping")
  local dry = s:ask("POST", P .. "/" .. id .. "/clone",
    { body = { new_name = "orders copy", dry_run = true } })
  t.equal(dry.status, 200)
  t.equal(dry.data.dry_run, true)
  t.equal(dry.data.new_name, "orders copy")
  t.is_true(dry.data.spec_preview.libraries_count >= 1)
  local made = s:ask("POST", P .. "/" .. id .. "/clone", { body = { new_name = "orders copy" } })
  t.equal(made.status, 201)
  t.equal(made.data.status, "created")
  t.equal(made.data.source_pipeline_id, id)
  t.is_true(made.data.new_pipeline_id)
  local there = s:ask("POST", P .. "/" .. id .. "/clone-to-workspace",
    { body = { new_name = "orders there", dest_profile = "demo-dr", dry_run = true } })
  t.equal(there.status, 200)
  t.equal(there.data.source_pipeline_name, "sales_orders_etl")
  t.equal(there.data.dest_pipeline_id, json.null)
end)

test("a change is in the journal, and a confirmed POST undoes it", function(t)
  local s <close> = serving.demo()
  local made = s:ask("POST", "/api/dlt/pipelines/sales_orders_etl/clone",
    { body = { new_name = "for undo" } }).data
  local list = s:ask("GET", "/api/dlt/journal?limit=1").data
  t.equal(list[1].id, made.operation)
  local one = s:ask("GET", "/api/dlt/journal/" .. made.operation).data
  t.equal(one.steps[1].kind, "pipeline.create")
  local asked = s:ask("POST", "/api/dlt/journal/" .. made.operation .. "/undo", { body = {} })
  t.equal(asked.status, 422)
  t.equal(asked.data.error.code, "CONFIRMATION_REQUIRED")
  local undone = s:ask("POST", "/api/dlt/journal/" .. made.operation .. "/undo",
    { body = { confirm = true } })
  t.equal(undone.data.status, "undone")
  t.equal(s:ask("GET", "/api/dlt/pipelines/for%20undo").status, 404)
end)

test("permissions, diff, doctor and auth have routes, too", function(t)
  local s <close> = serving.demo()
  local permissions = s:ask("GET", "/api/dlt/pipelines/sales_orders_etl/permissions").data
  t.is_true(permissions.permissions[1].level)
  local diff = s:ask("GET", "/api/dlt/diff?left=sales_orders_etl&right=sales_forecast")
  t.equal(diff.status, 200)
  t.equal(diff.data.equal, false)
  t.equal(diff.headers["x-tarn-outcome"], "gate")
  t.is_true(s:ask("GET", "/api/dlt/doctor").data[1].check)
  t.is_true(s:ask("GET", "/api/dlt/auth").data.auth_type)
end)

test("each error has its status", function(t)
  local s <close> = serving.demo()
  local P = "/api/dlt/pipelines"
  local cases = {
    { 400, "GET", P .. "/sales_forecast/events?max_events=0" },
    { 400, "GET", P .. "/sales_forecast/events?max_events=x" },
    { 400, "GET", P .. "/sales_forecast/events?max_event=1" },
    { 400, "GET", P .. "?state=a&state=b" },
    { 400, "GET", P .. "?health=ill" },
    { 403, "GET", P .. "?profile=prod" },
    { 404, "GET", P .. "/no_such_pipeline" },
    { 404, "GET", "/api/dlt/nothing" },
    { 404, "GET", P .. "/" },
    { 404, "GET", P .. "//events" },
    { 404, "POST", "/nothing", {} },
    { 405, "POST", "/api/dlt/dashboard", {} },
    { 405, "GET", P .. "/sales_forecast/trigger" },
    { 405, "DELETE", P .. "/sales_forecast" },
    { 409, "POST", P .. "/iot_edge_backfill/trigger", {} },
    { 422, "POST", P .. "/sales_forecast/trigger", { full_refresh = "yes" } },
    { 422, "POST", P .. "/sales_forecast/trigger", { no_such = 1 } },
    { 422, "POST", P .. "/sales_forecast/trigger", { refresh = { 1 } } },
    { 422, "POST", P .. "/sales_forecast/trigger", { pipeline = "another" } },
    { 422, "POST", P .. "/sales_forecast/delete", {} },
    { 422, "POST", P .. "/sales_forecast/delete", { confirm = "true" } },
  }
  for _, case in ipairs(cases) do
    local status, method, path, body = table.unpack(case)
    local r = s:ask(method, path, { body = body })
    local what = ("%s %s %s"):format(method, path, r.body)
    t.equal(r.status, status, what)
    for _, field in ipairs { "kind", "code", "message", "status", "request_id" } do
      t.is_true(r.data.error[field], what)
    end
    t.equal(r.data.error.status, status, what)
    local hint = r.data.error.hint
    t.is_true(hint == nil or hint == json.null or type(hint) == "string", what)
  end
  local wrong = s:ask("POST", "/api/dlt/dashboard", { body = {} })
  t.equal(wrong.headers.allow, "GET, HEAD")
end)

test("a body must be a JSON object with the type of JSON", function(t)
  local s <close> = serving.demo()
  local path = "/api/dlt/pipelines/sales_forecast/trigger"
  local function post(body, kind)
    return s:ask("POST", path, { body = body, headers = { ["Content-Type"] = kind } }).status
  end
  t.equal(post('{"dry_run":true}', "text/plain"), 415)
  t.equal(post("dry_run=true", "application/x-www-form-urlencoded"), 415)
  t.equal(post('{"dry_run":true', "application/json"), 400)
  t.equal(post("[]", "application/json"), 422)
  t.equal(post("1", "application/json"), 422)
  t.equal(post(("["):rep(40) .. ("]"):rep(40), "application/json"), 400)
  t.equal(post('{"dry_run":true}', "application/json; charset=utf-8"), 200)
  local large = s:ask("POST", path, { body = ("x"):rep(2 << 20),
    headers = { ["Content-Type"] = "application/json" } })
  t.equal(large.status, 413)
  t.equal(large.data.error.code, "CONTENT_TOO_LARGE")
end)

-- Failures of a workspace, and the status of the server's answer to each.
local FAILURES <const> = {
  { 401, fake.refusal(401, "UNAUTHENTICATED", "no"), 401 },
  { 403, fake.refusal(403, "PERMISSION_DENIED", "no"), 403 },
  { 404, fake.refusal(404, "RESOURCE_DOES_NOT_EXIST", "gone"), 404 },
  { 400, fake.refusal(400, "INVALID_PARAMETER_VALUE", "no"), 400 },
  { 409, fake.refusal(409, "RESOURCE_CONFLICT", "busy"), 409 },
  { 500, fake.refusal(500, "INTERNAL_ERROR", "oh"), 502 },
  { "html", fake.reply { body = "<html>log in</html>",
    headers = { ["Content-Type"] = "text/html" } }, 502 },
}

test("a failure of the workspace has another status than a wrong request", function(t)
  local s <close> = serving.start()
  for _, case in ipairs(FAILURES) do
    local ws <close> = fake.workspace({ ["GET /api/2.0/pipelines"] = function()
      return case[2]
    end }, { timeout = 2 })
    s.server.workspaces.opened.demo = ws
    s.server.cache:clear()
    local r = s:ask("GET", "/api/dlt/pipelines")
    t.equal(r.status, case[3], tostring(case[1]) .. r.body)
  end
end)

test("a rate limit of the workspace is a 429 with Retry-After", function(t)
  local s <close> = serving.start()
  local ws <close> = fake.workspace({ ["GET /api/2.0/pipelines"] = function()
    return fake.reply { status = 429, headers = { ["Retry-After"] = "1" },
      body = '{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"slow down"}' }
  end }, { timeout = 2 })
  s.server.workspaces.opened.demo = ws
  local r = s:ask("GET", "/api/dlt/pipelines")
  t.is_true(r.status == 429 or r.status == 504, r.body)
  t.is_true(r.status ~= 429 or tonumber(r.headers["retry-after"]) >= 1)
end)

test("a workspace that does not answer in time is a 504", function(t)
  local s <close> = serving.start()
  local ws <close> = fake.workspace { ["GET /api/2.0/pipelines"] = function()
    task.sleep(5)
    return {}
  end }
  s.server.workspaces.opened.demo = ws
  t.equal(s:ask("GET", "/api/dlt/pipelines?timeout=0.2").status, 504)
end)

test("no request waits for another", function(t)
  local s <close> = serving.start()
  local release
  local ws <close> = fake.workspace {
    ["GET /api/2.0/pipelines"] = function()
      while not release do
        task.sleep(0.01)
      end
      return { statuses = json.array {} }
    end,
    ["GET /api/2.0/preview/scim/v2/Me"] = { userName = "ana" },
  }
  s.server.workspaces.opened.demo = ws
  local slow
  task.spawn(function() slow = s:ask("GET", "/api/dlt/pipelines") end)
  task.sleep(0.05)
  t.equal(s:ask("GET", "/api/dlt/auth").data.user, "ana")
  t.is_true(not slow)
  release = true
  while not slow do
    task.sleep(0.01)
  end
  t.equal(slow.status, 200)
end)

test("simultaneous requests for the list share one answer, which has its age", function(t)
  local s <close> = serving.start { cache = 60 }
  local asked, answers = 0, 0
  local ws <close> = fake.workspace { ["GET /api/2.0/pipelines"] = function()
    asked = asked + 1
    task.sleep(0.05)
    return { statuses = json.array { { pipeline_id = "p", name = "n", state = "IDLE" } } }
  end }
  s.server.workspaces.opened.demo = ws
  for _ = 1, 20 do
    task.spawn(function()
      local status = s:ask("GET", "/api/dlt/pipelines").status
      answers = answers + (status == 200 and 1 or 0)
    end)
  end
  while answers < 20 do
    task.sleep(0.01)
  end
  t.equal(asked, 1)
  local again = s:ask("GET", "/api/dlt/pipelines")
  t.is_true(tonumber(again.headers.age))
  t.equal(asked, 1)
  s:ask("GET", "/api/dlt/pipelines", { headers = { ["Cache-Control"] = "no-cache" } })
  t.equal(asked, 2)
end)

test("after a change the list is read again, also after a change by a stream", function(t)
  local s <close> = serving.demo { cache = 60 }
  local function count()
    return #json.decode(s:ask("GET", "/api/dlt/pipelines").body)
  end
  for i, accept in ipairs { "application/json", "text/event-stream" } do
    local before = count()
    s:ask("POST", "/api/dlt/pipelines/sales_forecast/clone", { headers = { Accept = accept,
      ["Content-Type"] = "application/json" },
      body = ('{"new_name": "copy %d", "schema": "copy_%d"}'):format(i, i) })
    t.equal(count(), before + 1, accept)
  end
end)

test("an unchanged answer is not sent again, and HEAD sends no body", function(t)
  local s <close> = serving.demo()
  for _, path in ipairs { "/api/dlt/pipelines", "/api/dlt/pipelines/sales_forecast" } do
    local first = s:ask("GET", path)
    local again = s:ask("GET", path, { headers = { ["If-None-Match"] = first.headers.etag } })
    t.equal(again.status, 304, path)
    t.equal(again.body, "")
    local other = s:ask("GET", path, { headers = { ["If-None-Match"] = 'W/"other"' } })
    t.equal(other.status, 200)
    local head = s:ask("HEAD", path)
    t.equal(head.status, 200)
    t.equal(head.body, "")
    t.equal(head.headers.etag, first.headers.etag)
  end
end)

test("a partial answer is marked as partial", function(t)
  local s <close> = serving.start()
  local ws <close> = fake.workspace {
    ["GET /api/2.0/pipelines"] = { statuses = json.array {
      { pipeline_id = "p", name = "n", state = "RUNNING" } } },
    ["GET /api/2.0/pipelines/p/events"] = fake.refusal(403, "PERMISSION_DENIED", "no"),
  }
  s.server.workspaces.opened.demo = ws
  local r = s:ask("GET", "/api/dlt/dashboard")
  t.equal(r.status, 200)
  t.equal(r.headers["x-tarn-partial"], "true")
  t.equal(r.data.problems[1].kind, "auth")
end)

test("a request keeps its id if the id is harmless", function(t)
  local s <close> = serving.start()
  local function id(given)
    return s:ask("GET", "/healthz", { headers = { ["X-Request-Id"] = given } })
      .headers["x-request-id"]
  end
  t.equal(id "abc-123", "abc-123")
  t.is_true(id(("x"):rep(65)) ~= ("x"):rep(65))
  t.is_true(id "a b" ~= "a b")
  t.match(id "<script>", "^%x+$", true)
end)

test("a request cannot name files of this machine", function(t)
  local s <close> = serving.demo()
  for _, body in ipairs { { map = "/etc/passwd" }, { map = { "x" } }, { from_file = "x" },
    { match = "*" } } do
    body.dry_run = true
    local r = s:ask("POST", "/api/dlt/pipelines/sales_orders_etl/clone", { body = body })
    t.equal(r.status, 422, json.encode(body))
    t.match(r.data.error.message, body.map and "not an object" or "not an argument of this command")
  end
  for _, name in ipairs { "follow=true", "cursor=x", "notify_run=/bin/sh", "notify=failed",
    "notify_webhook=http://127.0.0.1" } do
    t.equal(s:ask("GET", "/api/dlt/pipelines/sales_forecast/events?" .. name).status, 400, name)
  end
  t.equal(s:ask("GET", "/api/dlt/diff?left=/etc&right=sales_forecast").status, 404)
end)

test("a request has the content of a clone's map, not its file", function(t)
  local s <close> = serving.demo()
  local function plan(map)
    return s:ask("POST", "/api/dlt/pipelines/sales_orders_etl/clone",
      { body = { new_name = "mapped", dry_run = true, map = map } })
  end
  t.equal(plan({ catalogs = { sales = "sales_dr" } }).data.catalog, "sales_dr")
  t.equal(plan({ catalog = { sales = "x" } }).status, 400)
  t.equal(plan({ catalogs = { sales = 1 } }).status, 400)
end)

test("a read-only server refuses commands that change something", function(t)
  local s <close> = serving.demo { options = { read_only = true } }
  t.equal(s:ask("GET", "/api/session").data.read_only, true)
  local r = s:ask("POST", "/api/dlt/pipelines/sales_forecast/trigger", { body = {} })
  t.equal(r.status, 403)
  t.equal(r.data.error.code, "READ_ONLY")
  t.equal(s:ask("POST", "/api/dlt/pipelines/sales_forecast/trigger",
    { body = { dry_run = true } }).status, 200)
end)

test("the session lists the workspaces that requests may name", function(t)
  local s <close> = serving.start()
  local session = s:ask("GET", "/api/session").data
  t.equal(session.profiles[1].profile, "demo")
  t.equal(session.profiles[1].default, true)
  t.equal(session.profiles[2].profile, "demo-dr")
  t.equal(session.read_only, false)
  t.is_true(session.version)
end)
