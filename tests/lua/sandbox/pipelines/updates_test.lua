local http = require "native.http"
local workspace = require "testing.workspace"

local PATH <const> = "/api/2.0/pipelines/"

local function update(w, id, update_id)
  return w:ok("GET", PATH .. id .. "/updates/" .. update_id).update
end

-- The distinct states that an update and its pipeline go through, seen every 20 ms.
local function states(w, id, update_id)
  local of_update, of_pipeline = {}, {}
  for _ = 1, 120 do
    local state = update(w, id, update_id).state
    local pipeline = w:ok("GET", PATH .. id).state
    if of_update[#of_update] ~= state then
      of_update[#of_update + 1] = state
    end
    if of_pipeline[#of_pipeline] ~= pipeline then
      of_pipeline[#of_pipeline + 1] = pipeline
    end
    w.clock:advance(20)
  end
  return of_update, of_pipeline
end

-- A spec, the request that starts an update, the states of the update, the states of the pipeline,
-- and why.
local RUNS <const> = {
  { {}, {}, { "QUEUED", "INITIALIZING", "SETTING_UP_TABLES", "RUNNING", "COMPLETED" },
    { "STARTING", "RUNNING", "IDLE" }, "serverless" },
  { { serverless = false }, {}, { "QUEUED", "WAITING_FOR_RESOURCES", "INITIALIZING",
    "SETTING_UP_TABLES", "RUNNING", "COMPLETED" }, { "STARTING", "RUNNING", "IDLE" }, "classic" },
  { {}, { full_refresh = true }, { "QUEUED", "INITIALIZING", "RESETTING", "SETTING_UP_TABLES",
    "RUNNING", "COMPLETED" }, { "STARTING", "RESETTING", "RUNNING", "IDLE" }, "full refresh" },
  { {}, { validate_only = true }, { "QUEUED", "INITIALIZING", "SETTING_UP_TABLES", "COMPLETED" },
    { "STARTING", "RUNNING", "IDLE" }, "validation" },
  { { configuration = { ["sandbox.fail"] = "resources" }, serverless = false }, {},
    { "QUEUED", "WAITING_FOR_RESOURCES", "FAILED" }, { "STARTING", "IDLE" }, "no resources" },
  { { configuration = { ["sandbox.fail"] = "flow" } }, {}, { "QUEUED", "INITIALIZING",
    "SETTING_UP_TABLES", "RUNNING", "FAILED" }, { "STARTING", "RUNNING", "IDLE" }, "a flow fails" },
  { { continuous = true, name = "c" }, false, { "QUEUED", "INITIALIZING", "SETTING_UP_TABLES",
    "RUNNING" }, { "STARTING", "RUNNING" }, "continuous: started by create" },
}

test("an update has the states of a real update", function(t)
  for _, case in ipairs(RUNS) do
    local w <close> = workspace.start { run_ms = 2000 }
    local id = w:pipeline(case[1])
    local update_id = case[2] and w:run(id, case[2])
      or w:ok("GET", PATH .. id .. "/updates").updates[1].update_id
    local of_update, of_pipeline = states(w, id, update_id)
    t.equal(of_update, case[3], case[5])
    t.equal(of_pipeline, case[4], case[5])
  end
end)

test("GET gives the request, the mode and the current settings", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  local update_id = w:run(id, { full_refresh_selection = { "gold" }, parameters = { a = "1" } })
  local got = update(w, id, update_id)
  t.equal({ got.cause, got.mode, got.full_refresh, got.validate_only, got.pipeline_id },
    { "API_CALL", "DEFAULT", false, false, id })
  t.equal({ got.full_refresh_selection, got.parameters }, { { "gold" }, { a = "1" } })
  t.equal({ got.config.channel, got.config.name }, { "CURRENT", "p" })
  t.equal(math.type(got.creation_time), "integer")
  local item = w:ok("GET", PATH .. id .. "/updates").updates[1]
  t.is_nil(item.config)
  t.is_nil(item.mode)
end)

test("a start is a conflict with the active update, whose id the message has", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  local first = w:run(id)
  local status, answer = w:call("POST", PATH .. id .. "/updates", {})
  t.equal({ status, answer.message }, { 409, ("An active update '%s' already exists for pipeline "
    .. "'%s'."):format(first, id) })
  w.clock:advance(10000)
  w:run(id)
  t.equal(#w:ok("GET", PATH .. id .. "/updates").updates, 2)
end)

test("stop cancels the active update, and does nothing without one", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  t.equal(w:ok("POST", PATH .. id .. "/stop", {}), {})
  local update_id = w:run(id)
  w.clock:advance(3000)
  t.equal(w:ok("POST", PATH .. id .. "/stop", {}), {})
  t.equal(w:ok("GET", PATH .. id).state, "STOPPING")
  t.equal(update(w, id, update_id).state, "STOPPING")
  w.clock:advance(1000)
  t.equal(w:ok("GET", PATH .. id).state, "IDLE")
  t.equal(update(w, id, update_id).state, "CANCELED")
  local events = w:all(PATH .. id .. "/events?max_results=250", "events")
  t.equal(events[1].details.update_progress,
    { state = "CANCELED", cancellation_cause = "USER_ACTION" })
end)

test("a failed update of a production pipeline is retried as a new update", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local id = w:pipeline { development = false, configuration = { ["sandbox.fail"] = "flow",
    ["sandbox.fail_attempts"] = "1" } }
  local first = w:run(id)
  w.clock:advance(10000)
  local updates = w:ok("GET", PATH .. id .. "/updates").updates
  t.equal({ #updates, updates[1].cause, updates[1].state, updates[2].update_id,
    updates[2].state }, { 2, "RETRY_ON_FAILURE", "COMPLETED", first, "FAILED" })
  local requests = {}
  for _, event in ipairs(w:all(PATH .. id .. "/events?max_results=250", "events")) do
    if event.event_type == "create_update" then
      requests[#requests + 1] = event.origin.request_id
    end
  end
  t.equal({ #requests, requests[1] }, { 2, requests[2] }, "one request")
  t.equal(w:ok("GET", PATH .. id).health, "HEALTHY")
end)

test("a pipeline whose retries fail is unhealthy, and a fatal failure is not retried",
  function(t)
    local w <close> = workspace.start { run_ms = 1000 }
    local id = w:pipeline { development = false, configuration = { ["sandbox.fail"] = "flow" } }
    w:run(id)
    w.clock:advance(20000)
    local got = w:ok("GET", PATH .. id)
    t.equal({ got.state, got.health, #got.latest_updates, got.latest_updates[1].state },
      { "IDLE", "UNHEALTHY", 3, "FAILED" })
    id = w:pipeline { name = "fatal", development = false,
      libraries = { { notebook = { path = "/Shared/missing" } } } }
    w:run(id)
    w.clock:advance(20000)
    t.equal(#w:ok("GET", PATH .. id).latest_updates, 1)
  end)

-- Specs whose updates fail, words of the message, and why.
local BROKEN <const> = {
  { { libraries = { { notebook = { path = "/Shared/gone" } } } },
    "Notebook not found: /Shared/gone", "no notebook" },
  { { libraries = { { file = { path = "/Shared/gone.py" } } } }, "File not found", "no file" },
  { { libraries = { { glob = { include = "/Shared/gone/**" } } } }, "Folder not found",
    "no folder" },
  { { catalog = "nowhere" }, "[NO_SUCH_CATALOG_EXCEPTION] Catalog 'nowhere'", "no catalog" },
  { { serverless = false, clusters = { { node_type_id = "Standard_DS3_v2", num_workers = 1 } } },
    "Node type Standard_DS3_v2 is not supported", "a node type of another cloud" },
  { { configuration = { k = "{{secrets/team/token}}" } },
    "Secret does not exist with scope: team and key: token", "no secret" },
  { { configuration = { ["sandbox.fail"] = "initializing" } }, "PARSE_SYNTAX_ERROR", "syntax" },
  { { configuration = { ["sandbox.fail"] = "setup" } }, "TABLE_OR_VIEW_NOT_FOUND", "no source" },
  { { configuration = { ["sandbox.fail"] = "expectation" } }, "EXPECTATION_VIOLATION", "FAIL" },
  { { configuration = { ["fake.fail"] = "true" } }, "STREAM_FAILED", "the other name of the key" },
}

test("an ERROR event says what an update lacked in the workspace", function(t)
  for _, case in ipairs(BROKEN) do
    local w <close> = workspace.start()
    local id = w:pipeline(case[1])
    local update_id = w:complete(id)
    t.equal(update(w, id, update_id).state, "FAILED", case[3])
    local filter = http.escape(("level='ERROR' AND update_id = '%s'"):format(update_id))
    local events = w:ok("GET", PATH .. id .. "/events?filter=" .. filter).events
    t.equal(events[1].details.update_progress.state, "FAILED", case[3])
    local exceptions = events[1].error.exceptions
    t.match(exceptions[#exceptions].message, case[2])
  end
end)

test("an update fails at a table that another pipeline manages", function(t)
  local w <close> = workspace.start()
  local first = w:pipeline()
  w:complete(first)
  local second = w:pipeline { name = "copy" }
  w:complete(second)
  t.equal(w:ok("GET", PATH .. second).health, "UNHEALTHY")
  local error_event = w:ok("GET", PATH .. second .. "/events?filter=level%3D'ERROR'").events[1]
  t.match(error_event.error.exceptions[1].message, "is already managed by pipeline " .. first)
end)

test("a selection runs the tables that it names and excludes the others", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  w:complete(id, { refresh_selection = { "main.s.silver" } })
  local status = {}
  for _, event in ipairs(w:all(PATH .. id .. "/events?max_results=250&order_by=timestamp%20asc",
    "events")) do
    if event.details.flow_progress then
      status[event.origin.flow_name] = event.details.flow_progress.status
    end
  end
  t.equal(status, { ["main.s.bronze"] = "EXCLUDED", ["main.s.silver"] = "COMPLETED",
    ["main.s.gold"] = "EXCLUDED" })
  local update_id = w:complete(id, { refresh_selection = { "nothing" } })
  t.equal(update(w, id, update_id).state, "FAILED")
end)

-- Requests that start refuses.
local STARTS <const> = {
  { { full_refresh = true, refresh_selection = { "a" } }, "INVALID_PARAMETER_VALUE" },
  { { cause = "BOREDOM" }, "INVALID_PARAMETER_VALUE" },
  { { full_refresh = "yes" }, "MALFORMED_REQUEST" },
  { { refresh_selection = "a" }, "MALFORMED_REQUEST" },
  { { refresh_selection = { 1 } }, "MALFORMED_REQUEST" },
  { { rewind_spec = { datasets = { { identifier = "a" } } } }, "INVALID_PARAMETER_VALUE" },
}

test("start refuses invalid requests", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  for i, case in ipairs(STARTS) do
    local status, answer = w:call("POST", PATH .. id .. "/updates", case[1])
    t.equal({ status, answer.error_code }, { 400, case[2] }, "row " .. i)
  end
  t.is_nil(w:ok("GET", PATH .. id .. "/updates").updates)
end)

test("create and edit start a continuous pipeline; after a stop it stays stopped", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local id = w:pipeline { continuous = true }
  w.clock:advance(100000)
  t.equal(w:ok("GET", PATH .. id).state, "RUNNING")
  w:ok("POST", PATH .. id .. "/stop", {})
  w.clock:advance(100000)
  t.equal(w:ok("GET", PATH .. id).state, "IDLE")
  local spec = w:ok("GET", PATH .. id).spec
  w:ok("PUT", PATH .. id, spec)
  w.clock:advance(2000)
  t.equal({ w:ok("GET", PATH .. id).state, #w:ok("GET", PATH .. id).latest_updates },
    { "RUNNING", 2 })
  w:ok("PUT", PATH .. id, spec)
  w.clock:advance(2000)
  local got = w:ok("GET", PATH .. id)
  t.equal({ got.state, got.latest_updates[2].state }, { "RUNNING", "CANCELED" }, "restarted")
end)

test("a continuous pipeline whose retries fail is FAILED and has a cause", function(t)
  local w <close> = workspace.start { run_ms = 1000 }
  local id = w:pipeline { continuous = true, configuration = { ["sandbox.fail"] = "flow" } }
  w.clock:advance(20000)
  local got = w:ok("GET", PATH .. id)
  t.equal({ got.state, got.health }, { "FAILED", "UNHEALTHY" })
  t.match(got.cause, "has failed")
end)

test("updates are listed newest first, in pages in both directions, until one of them", function(t)
  local w <close> = workspace.start { run_ms = 100 }
  local id, ids = w:pipeline(), {}
  for i = 1, 7 do
    ids[8 - i] = w:run(id)
    w.clock:advance(1000)
  end
  local function page(query)
    local answer = w:ok("GET", PATH .. id .. "/updates?" .. query)
    local found = {}
    for i, item in ipairs(answer.updates or {}) do
      found[i] = item.update_id
    end
    return found, answer.next_page_token, answer.prev_page_token
  end
  local all = w:all(PATH .. id .. "/updates?max_results=3", "updates")
  t.equal(#all, 7)
  local first, older, newer = page "max_results=3"
  t.equal(first, { ids[1], ids[2], ids[3] })
  t.is_nil(newer)
  local second, _, back = page("max_results=3&page_token=" .. http.escape(older))
  t.equal(second, { ids[4], ids[5], ids[6] })
  t.equal((page("max_results=3&page_token=" .. http.escape(back))), first)
  t.equal((page("until_update_id=" .. ids[3])), { ids[1], ids[2], ids[3] })
  t.equal((w:call("GET", PATH .. id .. "/updates?max_results=101")), 400)
  t.equal(#w:ok("GET", PATH .. id).latest_updates, 5, "latest_updates is short")
end)

test("an unknown update is 404", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  local status, answer = w:call("GET", PATH .. id .. "/updates/nope")
  t.equal({ status, answer.message }, { 404, "The specified update nope was not found." })
end)

test("deleting a pipeline also deletes its tables", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  w:complete(id)
  w:ok("DELETE", PATH .. id)
  local again = w:pipeline()
  w:complete(again)
  t.equal(w:ok("GET", PATH .. again).health, "HEALTHY", "the tables have no owner any more")
end)

-- A pipeline with a table in each of two files.
local function two_files(w, more)
  for name, text in pairs {
    one = "CREATE OR REFRESH MATERIALIZED VIEW one AS SELECT 1 AS id",
    two = "CREATE OR REFRESH MATERIALIZED VIEW two AS SELECT * FROM one",
  } do
    w:ok("POST", "/api/2.0/workspace/import", { path = "/Shared/" .. name .. ".sql",
      format = "RAW", overwrite = true, content = require("native.http").base64_encode(text) })
  end
  local body = { name = "by path", catalog = "main", schema = "paths", serverless = true,
    libraries = { { file = { path = "/Workspace/Shared/one.sql" } },
      { file = { path = "/Shared/two.sql" } } } }
  for key, value in pairs(more or {}) do
    body[key] = value
  end
  return w:ok("POST", PATH:sub(1, -2), body).pipeline_id
end

local function flows_of(w, id, update_id)
  local status = {}
  for _, event in ipairs(w:all(PATH .. id .. "/events?max_results=1000&order_by=timestamp%20asc",
    "events")) do
    if event.origin.update_id == update_id and event.details.flow_progress then
      status[event.origin.flow_name:match "[^.]+$"] = event.details.flow_progress.status
    end
  end
  return status
end

test("a selection by path refreshes what these files define, and comes back", function(t)
  local w <close> = workspace.start()
  local id = two_files(w)
  for _, field in ipairs { "refresh_selection_by_path", "full_refresh_selection_by_path" } do
    local body = { [field] = { "/Workspace/Shared/two.sql" } }
    local started = w:ok("POST", PATH .. id .. "/updates", body).update_id
    w.clock:advance(10000)
    t.equal(flows_of(w, id, started), { one = "EXCLUDED", two = "COMPLETED" }, field)
    local shown = w:ok("GET", PATH .. id .. "/updates/" .. started).update
    t.equal(shown[field], body[field])
    t.is_false(shown.full_refresh)
    t.equal(w:ok("GET", PATH .. id .. "/updates").updates[1][field], body[field])
    local status, answer = w:call("POST", PATH .. id .. "/updates", { [field] = { "/Shared/x" } })
    t.equal(status, 400)
    t.match(answer.message, "'/Shared/x'")
    t.equal((w:call("POST", PATH .. id .. "/updates", { [field] = body[field],
      full_refresh = true })), 400)
  end
end)

test("an update in development is not tried again; the pipeline stays as it is", function(t)
  local w <close> = workspace.start()
  local id = two_files(w, { configuration = { ["sandbox.fail"] = "flow" } })
  local started = w:ok("POST", PATH .. id .. "/updates", { development = true }).update_id
  w.clock:advance(60000)
  t.equal(#w:ok("GET", PATH .. id .. "/updates").updates, 1)
  t.is_true(w:ok("GET", PATH .. id .. "/updates/" .. started).update.config.development)
  t.is_nil(w:ok("GET", PATH .. id).spec.development)
  w:ok("POST", PATH .. id .. "/updates")
  w.clock:advance(60000)
  t.equal(#w:ok("GET", PATH .. id .. "/updates").updates, 4, "with two retries")
end)

test("overrides of replace_where and rewinds are checked", function(t)
  local w <close> = workspace.start()
  w:ok("POST", "/api/2.0/workspace/import", { path = "/Shared/three.sql", format = "RAW",
    content = require("native.http").base64_encode("CREATE OR REFRESH STREAMING TABLE three FLOW "
      .. "REPLACE WHERE day >= '2026-01-01' BY NAME AS SELECT * FROM STREAM one") })
  local id = two_files(w, { name = "overrides", libraries = {
    { file = { path = "/Shared/one.sql" } }, { file = { path = "/Shared/three.sql" } } } })
  local function try(field, value)
    local status, answer = w:call("POST", PATH .. id .. "/updates", { [field] = value })
    return status == 400 and answer.message or status
  end
  local field = "replace_where_overrides"
  t.match(try(field, { { flow_name = "one", predicate_override = "a" } }),
    "not a replace_where flow")
  t.match(try(field, { { flow_name = "no", predicate_override = "a" } }), "has no flow 'no'")
  t.match(try(field, { { flow_name = "three" } }), "predicate_override")
  t.match(try("rewind_spec", {}), "rewind_timestamp")
  t.match(try("rewind_spec", { rewind_timestamp = "x" }), "not a timestamp")
  t.match(try("rewind_spec", { rewind_timestamp = "2026-01-01",
    datasets = { { identifier = "one" } } }), "cascade")
  t.match(try("rewind_spec", { rewind_timestamp = "2026-01-01",
    datasets = { { identifier = "no", cascade = true } } }), "has no dataset 'no'")
  t.equal(try(field, { { flow_name = "three", predicate_override = "day = '2026-01-02'" } }), 200)
end)
