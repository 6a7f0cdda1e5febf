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

-- The ids of the running ones of some pipelines.
local function running(items)
  local ids = {}
  for _, item in ipairs(items) do
    ids[#ids + 1] = item.state == "RUNNING" and item.pipeline_id or nil
  end
  return ids
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

test("after a failed run a pipeline is IDLE and unhealthy, a continuous one FAILED", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local items = by_name(w)
  local forecast, gateway = items.sales_forecast, items.iot_gateway_errors
  t.equal({ forecast.state, forecast.health, forecast.latest_updates[1].state },
    { "IDLE", "UNHEALTHY", "FAILED" })
  t.equal({ gateway.state, gateway.health }, { "FAILED", "UNHEALTHY" })
end)

test("the demo's specs have unknown fields and 64-bit integers", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local spec = w:ok("GET", PATH .. "/" .. by_name(w).ml_embeddings_refresh.pipeline_id).spec
  t.equal(spec.snapshot_version, 9007199254740993123)
  t.equal(json.encode(spec.accelerator), '{"kind":"GPU_1xA10","slots":2,"spare":null}')
  t.is_true(json.is_array(spec.checkpoints), "an empty list is a list")
  spec = w:ok("GET", PATH .. "/" .. by_name(w).marketing_attribution.pipeline_id).spec
  t.equal(json.encode(spec.clusters) .. json.encode(spec.tags), "[]{}")
end)

test("every pipeline of the demo that has code can run", function(t)
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

test("the recovery workspace has other catalogs and node types, and lacks secrets", function(t)
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

test("the scenario `large` has the given numbers of pipelines, runs and events", function(t)
  local w <close> = workspace.start { scenario = "large:120,6,300" }
  local items, pages = w:all(PATH .. "?max_results=100", "statuses")
  local ids = running(items)
  t.equal({ #items, pages, #ids }, { 120, 2, 6 })
  local url = PATH .. "/" .. ids[6] .. "/events?max_results=250"
  local events = w:all(url, "events")
  t.equal(#events, 300)
  t.is_true(events[1].timestamp > events[300].timestamp)
  local errors = w:all(url .. "&filter=" .. http.escape "level='ERROR'", "events")
  t.equal(#errors, 3)
end)

test("ids are the same every time", function(t)
  local function ids()
    local w <close> = workspace.start { scenario = "large:3,1,2" }
    local list = {}
    for i, item in ipairs(w:ok("GET", PATH).statuses) do
      list[i] = item.pipeline_id
    end
    return list
  end
  local first = ids()
  t.equal(#first, 3)
  t.equal(ids(), first)
end)

test("10,000 pipelines and 50 times 1,000 events are all there", function(t)
  -- ./dev bench measures the time
  local w <close> = workspace.start { scenario = "large:10000,50,1000" }
  local items = w:all(PATH .. "?max_results=100", "statuses")
  local ids = running(items)
  t.equal({ #items, #ids }, { 10000, 50 })
  t.equal(#w:all(("%s/%s/events?max_results=250"):format(PATH, ids[50]), "events"), 1000)
end)

test("a server sees the changes of an earlier one, and two at the same time agree", function(t)
  local program = require "testing.program"
  local store = require "sandbox.store"
  local dir <close> = program.dir()
  local state = dir.path .. "/s"
  local id
  do
    local one <close> = workspace.start { state = state }
    local two <close> = workspace.start { state = state }
    id = one:pipeline()
    t.equal(two:ok("GET", PATH .. "/" .. id).state, "IDLE", "written by the other")
    local update_id = two:run(id)
    t.equal(one:ok("GET", PATH .. "/" .. id).latest_updates[1].update_id, update_id)
    t.equal((one:call("POST", PATH .. "/" .. id .. "/updates", {})), 409)
  end
  do
    local later <close> = workspace.start { state = state }
    later.clock:advance(60000)
    t.equal(later:ok("GET", PATH .. "/" .. id).latest_updates[1].state, "COMPLETED",
      "the run went on while no server was running")
  end
  store.reset(state)
  local fresh <close> = workspace.start { state = state }
  t.is_nil(fresh:ok("GET", PATH).statuses)
end)
