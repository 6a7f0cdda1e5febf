local http = require "native.http"
local json = require "native.json"
local workspace = require "testing.workspace"

local PATH <const> = "/api/2.0/pipelines"

local function by_name(w, token)
  local found = {}
  for _, item in ipairs(w:ok("GET", PATH .. "?max_results=100", nil, { token = token })
    .statuses) do
    found[item.name] = item
  end
  return found
end

test("the demo has about 40 pipelines of every kind and state", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local items = w:ok("GET", PATH .. "?max_results=100").statuses
  t.is_true(#items >= 38 and #items <= 45, "number")
  local states, healths, creators, kinds = {}, {}, {}, {}
  for _, item in ipairs(items) do
    states[item.state] = true
    healths[item.health or "none"] = true
    creators[item.creator_user_name] = true
    local spec = w:ok("GET", PATH .. "/" .. item.pipeline_id).spec
    for _, key in ipairs { "ingestion_definition", "gateway_definition", "storage", "target",
      "deployment", "continuous", "serverless", "event_log", "restart_window", "environment",
      "accelerator" } do
      kinds[key] = kinds[key] or spec[key] and true
    end
    for _, library in ipairs(spec.libraries or {}) do
      kinds[next(library)] = true
    end
    kinds[spec.pipeline_type or "none"] = true
  end
  for _, state in ipairs { "IDLE", "RUNNING", "STARTING", "RESETTING", "FAILED", "DEPLOYING",
    "HIBERNATED" } do
    t.is_true(states[state], state)
  end
  for _, health in ipairs { "HEALTHY", "UNHEALTHY", "DEGRADED", "none" } do
    t.is_true(healths[health], health)
  end
  for _, kind in ipairs { "ingestion_definition", "gateway_definition", "storage", "target",
    "deployment", "continuous", "serverless", "event_log", "restart_window", "environment",
    "accelerator", "notebook", "file", "glob", "DBSQL" } do
    t.is_true(kinds[kind], kind)
  end
  local people = 0
  for _ in pairs(creators) do
    people = people + 1
  end
  t.is_true(people >= 6, "several creators")
end)

test("a run that failed leaves the pipeline IDLE and unhealthy, one without end FAILED", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local items = by_name(w)
  local forecast, gateway = items.sales_forecast, items.iot_gateway_errors
  t.equal({ forecast.state, forecast.health, forecast.latest_updates[1].state },
    { "IDLE", "UNHEALTHY", "FAILED" })
  t.equal({ gateway.state, gateway.health }, { "FAILED", "UNHEALTHY" })
end)

test("fields nobody knows and integers of 64 bits are in the demo's settings", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local spec = w:ok("GET", PATH .. "/" .. by_name(w).ml_embeddings_refresh.pipeline_id).spec
  t.equal(spec.snapshot_version, 9007199254740993123)
  t.equal(json.encode(spec.accelerator), '{"kind":"GPU_1xA10","slots":2,"spare":null}')
  t.is_true(json.is_array(spec.checkpoints), "an empty list is a list")
  spec = w:ok("GET", PATH .. "/" .. by_name(w).marketing_attribution.pipeline_id).spec
  t.equal(json.encode(spec.clusters) .. json.encode(spec.tags), "[]{}")
end)

test("every pipeline of the demo with code can run", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  for name, item in pairs(by_name(w)) do
    local url = PATH .. "/" .. item.pipeline_id
    local spec = w:ok("GET", url).spec
    local active = ({ RUNNING = 1, STARTING = 1, RESETTING = 1 })[item.state]
    if spec.libraries and not active and not spec.continuous then
      w:ok("POST", url .. "/updates", {})
      w.clock:advance(5000)
      t.equal(w:ok("GET", url).latest_updates[1].state, "COMPLETED", name)
    end
  end
end)

test("the recovery side has other catalogs, other machines and not all the secrets", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local token = "demo-dr-token"
  local items = by_name(w, token)
  t.is_true(items.replication_monitor ~= nil and items.iot_telemetry_stream == nil)
  local function names(path, field, key)
    local set = {}
    for _, item in ipairs(w:ok("GET", path, nil, { token = token })[field]) do
      set[item[key]] = true
    end
    return set
  end
  local catalogs = names("/api/2.1/unity-catalog/catalogs", "catalogs", "name")
  t.equal({ catalogs.main, catalogs.sales, catalogs.sales_dr }, { true, nil, true })
  local nodes = names("/api/2.0/clusters/list-node-types", "node_types", "node_type_id")
  t.equal({ nodes["i3.xlarge"], nodes["Standard_DS3_v2"] }, { nil, true })
  local keys = names("/api/2.0/secrets/list?scope=finance", "secrets", "key")
  t.equal({ keys.netsuite_token, keys.fx_api_key }, { true, nil })
  t.equal((w:call("GET", "/api/2.0/secrets/list?scope=iot", nil, { token = token })), 404)
end)

test("a large workspace has as many pipelines, runs and events as were asked for", function(t)
  local w <close> = workspace.start { scenario = "large:120,6,300" }
  local items, pages = w:all(PATH .. "?max_results=100", "statuses")
  local running
  local active = 0
  for _, item in ipairs(items) do
    if item.state == "RUNNING" then
      active, running = active + 1, item.pipeline_id
    end
  end
  t.equal({ #items, pages, active }, { 120, 2, 6 })
  local events = w:all(PATH .. "/" .. running .. "/events?max_results=250", "events")
  t.equal(#events, 300)
  t.is_true(events[1].timestamp > events[300].timestamp)
  local errors = w:all(PATH .. "/" .. running .. "/events?max_results=250&filter="
    .. http.escape "level='ERROR'", "events")
  t.equal(#errors, 3)
end)

test("ids are the same every time", function(t)
  local first, second
  do
    local w <close> = workspace.start { scenario = "large:3,1,2" }
    first = w:ok("GET", PATH).statuses
  end
  do
    local w <close> = workspace.start { scenario = "large:3,1,2" }
    second = w:ok("GET", PATH).statuses
  end
  for i = 1, 3 do
    t.equal(first[i].pipeline_id, second[i].pipeline_id)
  end
end)

test("10,000 pipelines and 50 times 1,000 events are all there", function(t)
  -- how fast is for ./dev bench to say
  local w <close> = workspace.start { scenario = "large:10000,50,1000" }
  local pipelines, running, token = 0, {}, nil
  repeat
    local page = w:ok("GET", ("%s?max_results=100%s"):format(PATH,
      token and "&page_token=" .. token or ""))
    pipelines = pipelines + #page.statuses
    for _, row in ipairs(page.statuses) do
      running[#running + 1] = row.state == "RUNNING" and row.pipeline_id or nil
    end
    token = page.next_page_token
  until not token
  t.equal({ pipelines, #running }, { 10000, 50 })
  local events = 0
  token = nil
  repeat
    local page = w:ok("GET", ("%s/%s/events?max_results=250%s"):format(PATH, running[50],
      token and "&page_token=" .. token or ""))
    events, token = events + #page.events, page.next_page_token
  until not token
  t.equal(events, 1000)
end)

test("what one server changes the next one sees, and two at once agree", function(t)
  local fs = require "native.fs"
  local store = require "sandbox.store"
  local dir = fs.mktemp()
  local id
  do
    local one <close> = workspace.start { state = dir .. "/s" }
    local two <close> = workspace.start { state = dir .. "/s" }
    id = one:pipeline()
    t.equal(two:ok("GET", PATH .. "/" .. id).state, "IDLE", "written by the other")
    local update_id = two:run(id)
    t.equal(one:ok("GET", PATH .. "/" .. id).latest_updates[1].update_id, update_id)
    t.equal((one:call("POST", PATH .. "/" .. id .. "/updates", {})), 409)
  end
  do
    local later <close> = workspace.start { state = dir .. "/s" }
    later.clock:advance(60000)
    t.equal(later:ok("GET", PATH .. "/" .. id).latest_updates[1].state, "COMPLETED",
      "the run went on while no server was there")
  end
  store.reset(dir .. "/s")
  local fresh <close> = workspace.start { state = dir .. "/s" }
  t.is_nil(fresh:ok("GET", PATH).statuses)
  fs.remove(dir, { recursive = true })
end)
