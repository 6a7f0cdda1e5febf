local http = require "native.http"
local workspace = require "testing.workspace"

local PATH <const> = "/api/2.0/pipelines/"

-- A workspace with a pipeline that has run: also the ids of the pipeline and of its update.
local function completed(opts, spec)
  local w = workspace.start(opts)
  local id = w:pipeline(spec)
  return w, id, w:complete(id)
end

local function ascending(w, id)
  return w:all(PATH .. id .. "/events?max_results=250&order_by=timestamp%20asc", "events")
end

test("the events of a run are in order", function(t)
  local w <close>, id, update_id = completed()
  local kinds = {}
  for _, event in ipairs(ascending(w, id)) do
    if kinds[#kinds] ~= event.event_type then
      kinds[#kinds + 1] = event.event_type
    end
    local count = 0
    for key in pairs(event.details) do
      t.equal(key, event.event_type, "details has one key")
      count = count + 1
    end
    t.equal(count, 1)
    t.equal(event.origin.pipeline_id, id)
    if event.event_type ~= "user_action" then
      t.equal(event.origin.update_id, update_id)
    end
  end
  t.equal(table.concat(kinds, " "), "user_action create_update update_progress runtime_details "
    .. "update_progress dataset_definition flow_definition dataset_definition flow_definition "
    .. "dataset_definition flow_definition update_progress flow_progress operation_progress "
    .. "flow_progress planning_information flow_progress update_progress")
end)

test("ids and sequence numbers sort by time, and no id occurs twice", function(t)
  local w <close>, id = completed()
  local seen, last, last_no = {}, "", 0
  for _, event in ipairs(ascending(w, id)) do
    t.is_false(seen[event.id] == true, "seen before")
    seen[event.id] = true
    t.is_true(event.timestamp >= last, "in order of time")
    last = event.timestamp
    if event.event_type ~= "user_action" then
      t.is_true(event.sequence.control_plane_seq_no > last_no, "numbers grow")
      last_no = event.sequence.control_plane_seq_no
    end
  end
end)

test("the graph of the source code is in flow_definition", function(t)
  local w <close>, id = completed()
  local flows = {}
  for _, event in ipairs(ascending(w, id)) do
    local flow = event.details.flow_definition
    if flow then
      flows[flow.output_dataset] = { flow.flow_type, flow.language, flow.input_datasets }
    end
  end
  t.equal(flows, {
    ["main.s.bronze"] = { "APPEND", "SQL", {} },
    ["main.s.silver"] = { "APPEND", "SQL", { "main.s.bronze" } },
    ["main.s.gold"] = { "MATERIALIZED_VIEW", "SQL", { "main.s.silver" } },
  })
end)

test("a streaming flow reports its counts with RUNNING, not with COMPLETED", function(t)
  local w <close>, id = completed()
  local seen = {}
  for _, event in ipairs(ascending(w, id)) do
    local flow = event.details.flow_progress
    if flow and event.origin.flow_name == "main.s.silver" then
      seen[flow.status] = flow
    end
    if flow and event.origin.flow_name == "main.s.gold" and flow.status == "COMPLETED" then
      t.is_true(flow.metrics.num_output_rows > 0)
      t.is_nil(flow.data_quality, "no expectations, no data_quality")
    end
  end
  local quality = seen.RUNNING.data_quality
  t.equal({ quality.expectations[1].name, quality.expectations[1].dataset },
    { "valid_id", "main.s.silver" })
  t.is_true(quality.expectations[1].passed_records > 0)
  t.is_nil(seen.COMPLETED.data_quality)
end)

test("the flows that read a view count its expectations under the view's name", function(t)
  local w <close> = workspace.start()
  w:ok("POST", "/api/2.0/workspace/import", { path = "/Shared/views", format = "SOURCE",
    language = "SQL", content = http.base64_encode [[
CREATE TEMPORARY VIEW checked (CONSTRAINT ok EXPECT (a > 0)) AS SELECT * FROM main.ref.numbers;
CREATE MATERIALIZED VIEW result AS SELECT * FROM checked;
]] })
  local id = w:pipeline { libraries = { { notebook = { path = "/Shared/views" } } } }
  w:complete(id)
  local found
  for _, event in ipairs(ascending(w, id)) do
    local flow = event.details.flow_progress
    t.is_false(flow and event.origin.flow_name == "main.s.checked" or false, "views have no flow")
    found = flow and flow.data_quality and flow.data_quality.expectations[1] or found
  end
  t.equal({ found.name, found.dataset }, { "ok", "main.s.checked" })
end)

test("in legacy publishing mode names have no catalog and schema", function(t)
  local w <close>, id = completed(nil, { target = "s", schema = require("native.json").null })
  for _, event in ipairs(ascending(w, id)) do
    if event.details.flow_definition then
      t.no_match(event.origin.flow_name, ".")
      t.no_match(event.details.flow_definition.input_datasets[1] or "", ".")
    end
  end
end)

-- A filter, and the number of events of a run that it finds; false: it is refused.
local FILTERS <const> = {
  { "level='INFO'", "all" },
  { "level in ('INFO', 'WARN')", "all" },
  { "level IN ('ERROR')", 0 },
  { "event_type = 'create_update'", 1 },
  { "event_type in ('create_update','update_progress')", 6 },
  { "EVENT_TYPE = 'create_update' and LEVEL='INFO'", 1 },
  { "event_type = 'create_update' AND level = 'ERROR'", 0 },
  { "update_id = '00000000-0000-4000-8000-000000000000'", 0 },
  { "id='nothing'", 0 },
  { "timestamp > '2020-01-01T00:00:00.000Z'", "all" },
  { "timestamp >= '2020-01-01' AND timestamp < '2020-01-02T00:00:00Z'", 0 },
  { "timestamp<='2099-01-01T00:00:00.000+02:00'", "all" },
  { "   ", "all" },
  { "level='FINE'", false }, { "level", false }, { "level=", false }, { "level=INFO", false },
  { "level='INFO' OR level='WARN'", false }, { "(level='INFO')", false },
  { "level in 'INFO'", false }, { "level in ()", false }, { "level in ('INFO'", false },
  { "level > 'INFO'", false }, { "message='x'", false }, { "timestamp > 'soon'", false },
  { "level='INFO' AND", false }, { "level='INFO' level='WARN'", false }, { "level='INFO", false },
  { "level='INFO'; DROP TABLE events", false }, { "level <> 'INFO'", false },
}

test("a filter that does not follow the documented grammar is 400", function(t)
  local w <close>, id = completed()
  local total = #ascending(w, id)
  for _, case in ipairs(FILTERS) do
    local status, answer = w:call("GET", PATH .. id .. "/events?max_results=250&filter="
      .. http.escape(case[1]))
    if case[2] == false then
      t.equal({ status, answer.error_code }, { 400, "INVALID_PARAMETER_VALUE" }, case[1])
    else
      t.equal(status, 200, case[1])
      t.equal(#(answer.events or {}), case[2] == "all" and total or case[2], case[1])
    end
  end
end)

test("events are newest first by default, in pages without gaps and repetitions", function(t)
  local w <close>, id = completed()
  local up = ascending(w, id)
  for _, size in ipairs { 1, 7, 250, 1000 } do
    local down = w:all(PATH .. id .. "/events?max_results=" .. size, "events")
    t.equal(#down, #up)
    for i, event in ipairs(down) do
      t.equal(event.id, up[#up - i + 1].id, "page size " .. size)
    end
  end
  t.equal(#w:ok("GET", PATH .. id .. "/events").events, 25, "25 by default")
  t.equal((w:call("GET", PATH .. id .. "/events?max_results=1001")), 400)
  t.equal((w:call("GET", PATH .. id .. "/events?order_by=level")), 400)
end)

test("a page has a token of the previous page", function(t)
  local w <close>, id = completed()
  local url = PATH .. id .. "/events?max_results=5"
  local first = w:ok("GET", url)
  t.is_nil(first.prev_page_token)
  local second = w:ok("GET", url .. "&page_token=" .. http.escape(first.next_page_token))
  local back = w:ok("GET", url .. "&page_token=" .. http.escape(second.prev_page_token))
  t.equal(back.events, first.events)
end)

test("a token contains filter and order; strict mode refuses a repetition of them", function(t)
  for _, strict in ipairs { false, true } do
    local w <close>, id = completed { strict = strict }
    local query = "filter=" .. http.escape "event_type='update_progress'"
      .. "&order_by=timestamp%20asc"
    local url = PATH .. id .. "/events?max_results=2"
    local first = w:ok("GET", url .. "&" .. query)
    local token = "&page_token=" .. http.escape(first.next_page_token)
    local second = w:ok("GET", url .. token)
    t.equal({ second.events[1].event_type, second.events[1].details.update_progress.state },
      { "update_progress", "SETTING_UP_TABLES" })
    t.equal((w:call("GET", url .. token .. "&" .. query)), strict and 400 or 200)
    t.equal((w:call("GET", url .. token .. "&filter=" .. http.escape "level='WARN'")), 400)
    t.equal((w:call("GET", PATH .. w:pipeline { name = "other" } .. "/events?x=1" .. token)), 400)
  end
end)

test("a continuous pipeline writes events also while nobody reads them", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline { continuous = true }
  w.clock:advance(10000)
  local before = #ascending(w, id)
  w.clock:advance(90000)
  local after = #ascending(w, id)
  t.is_true(after == before + 9 or after == before + 12, "three flows, every 30 seconds")
  w.clock:advance(10 * 86400000)
  t.equal(#ascending(w, id), after + 3 * 40, "of ten days, the last twenty minutes")
end)

test("create and edit are in the event log", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  w.clock:advance(1)
  w:ok("PUT", PATH .. id, w:ok("GET", PATH .. id).spec)
  local actions = {}
  for i, event in ipairs(ascending(w, id)) do
    actions[i] = event.details.user_action.action
    t.equal(event.details.user_action.user_name, "ada.okafor@example.com")
  end
  t.equal(actions, { "CREATE", "EDIT" })
end)
