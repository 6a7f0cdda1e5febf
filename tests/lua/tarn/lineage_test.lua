-- The parts of lineage that need no workspace: names, merging, focus, graphs as text; and
-- definitions from odd events.

local definitions = require "tarn.lineage.definitions"
local dot = require "tarn.lineage.dot"
local edges = require "tarn.lineage.edges"
local fake = require "testing.fake"
local json = require "native.json"
local mermaid = require "tarn.lineage.mermaid"
local names = require "tarn.lineage.names"
local openlineage = require "tarn.lineage.openlineage"
local process = require "native.process"
local screens = require "output.screen"
local spec = require "support.openlineage"
local tree = require "tarn.lineage.tree"

local ID <const> = "00000001-0000-4000-8000-000000000000"

-- ---- names ----

test("a name is resolved by the pipeline's catalog and schema, ignoring case", function(t)
  local main = names.place { catalog = "Main", schema = "S" }
  for _, case in ipairs {
    { "Bronze", "main.s.bronze" }, { "LIVE.bronze", "main.s.bronze" },
    { "other.bronze", "main.other.bronze" }, { "a.b.c", "a.b.c" }, { "`a`.`b`.`c`", "a.b.c" },
    { "`odd.name`", "main.s.`odd.name`" }, { "`a``b`", "main.s.`a``b`" },
    { "/Volumes/main/raw/x", "/Volumes/main/raw/x" }, { "s3://bucket/key", "s3://bucket/key" },
    { "dbfs:/mnt/x", "dbfs:/mnt/x" }, { "größe", "main.s.größe" },
  } do
    t.equal(names.find(case[1], main).fqn, case[2], case[1])
  end
  t.equal(names.find("x", names.place { target = "web" }).fqn, "hive_metastore.web.x")
  t.equal(names.find("x", names.place {}).fqn, "x")
  t.is_nil(names.find("", main))
  t.is_nil(names.find(json.null, main))
end)

test("event logs and the tables behind materialized views are internal", function(t)
  local function internal(text, log)
    return names.is_internal(names.find(text, { catalog = "main", schema = "s" }), log)
  end
  t.is_true(internal "event_log_6d650276_60c4_4dc5_8225_de0861c669df")
  t.is_true(internal "__databricks_internal.x.y")
  t.is_true(internal "__materialization_mat_gold_1")
  t.is_true(internal("my_log", "main.s.my_log"))
  t.is_false(internal "event_log_of_ours")
  t.is_false(internal "gold")
end)

-- ---- the graph ----

local function graph_of(pairs_of)
  local g = edges.new()
  for _, pair in ipairs(pairs_of) do
    local a = g:node(names.find(pair[1], {}))
    g:edge(a, g:node(names.find(pair[2], {})), pair[3] or "events")
  end
  return g
end

test("one edge from two sources has two pieces of evidence, and no node has an edge to itself",
  function(t)
  local g = graph_of { { "a.b.c", "a.b.d" }, { "A.B.C", "a.b.d", "seen" }, { "a.b.c", "a.b.c" } }
  t.equal(#g.edges, 1)
  t.equal(g.edges[1].evidence, json.array { "events", "seen" })
end)

test("focus keeps the inputs and outputs of a table, in cycles too", function(t)
  local g = graph_of { { "m.s.a", "m.s.b" }, { "m.s.b", "m.s.c" }, { "m.s.a", "m.s.x" },
    { "m.s.c", "m.s.b" }, { "m.s.c", "m.s.d" } }
  t.equal(g:focus "b", 1)
  t.equal(#g.nodes, 4)
  for _, node in ipairs(g.nodes) do
    t.is_true(node.fqn ~= "m.s.x")
  end
  t.equal(graph_of({ { "m.s.a", "m.s.b" } }):focus "z*", 0)
end)

-- ---- graphs as text ----

-- Names that end strings, begin comments, break lines, or are not UTF-8.
local HOSTILE <const> = { 'a"]; b', "x\\", "--> y", "`z`", "<script>&amp;</script>", "new\nline",
  "%%{init: {}}%%", "end", "größe 表", "\xff\xfe", "#quot;", "click n1 call f()", "]]>", "\27[31m",
  "subgraph", 'tab\there"', "{{x}}", "|y|", "$$z$$", "/*", "//", "<b>", "\\N", "\\\"" }

local function row(fqn, kind, more)
  local all = { fqn = fqn, table = fqn, kind = "table", type = kind or json.null,
    catalog = "m", schema = "s", format = json.null, comment = json.null, published = true,
    evidence = json.array { "events" } }
  for key, value in pairs(more or {}) do
    all[key] = value
  end
  return all
end

local function data_of(own, up, down, links, more)
  local data = { pipeline_id = ID, pipeline_name = "p", host = "https://x.example.com",
    catalog = "m", target_schema = "s", datasets = json.array {}, upstream = json.array {},
    downstream = json.array {}, edges = json.array {}, clones = json.array {},
    coverage = { sources = json.array {}, unknown = json.array {}, left_out = {} },
    update = { update_id = "6d650276-60c4-4dc5-8225-de0861c669df", state = "COMPLETED",
      start_time = "2026-08-19T10:00:00.000Z", end_time = "2026-08-19T10:10:00.000Z",
      defined_at = "2026-08-19T10:02:00.000Z" } }
  for i, one in ipairs(own) do data.datasets[i] = one end
  for i, one in ipairs(up) do data.upstream[i] = one end
  for i, one in ipairs(down) do data.downstream[i] = one end
  for i, link in ipairs(links) do
    data.edges[i] = { source = link[1], target = link[2], direction = "inside",
      evidence = json.array { "events" }, flows = json.array {}, columns = link[3] }
  end
  data.total_datasets = #data.datasets
  for key, value in pairs(more or {}) do
    data[key] = value
  end
  return data
end

local function hostile()
  local own, links = {}, {}
  for i, name in ipairs(HOSTILE) do
    own[i] = row("m.s." .. name, name)
    links[i] = { "m.s." .. name, "m.s." .. HOSTILE[i % #HOSTILE + 1] }
  end
  return data_of(own, { row('s3://b/"x', nil, { kind = "path" }) },
    { row("sink:\"y", nil, { kind = "sink" }) }, links, { pipeline_name = 'p" {', clones = {
      { direction = "copy", profile = 'd"r', org_id = "1", name = "c", pipeline_id = ID,
        at = "2026-08-19T10:00:00.000Z", operation = "op", exists = json.null,
        datasets = { { fqn = "m.s." .. HOSTILE[1], there = 'n"]', certain = true } } } } })
end

-- Runs Graphviz, which finds every unclosed string.
local function graphviz(text)
  local r = process.run({ "dot", "-Tplain" }, { stdin = text, timeout = 60 })
  return r.status, r.stdout, r.stderr
end

test("DOT: names that would end their quotes are labels all the same", function(t)
  local data = hostile()
  local status, plain, err = graphviz(dot.text(data))
  t.equal({ status, err }, { 0, "" })
  local _, nodes = plain:gsub("\nnode ", "")
  local _, lines = plain:gsub("\nedge ", "")
  t.equal({ nodes, lines }, { #HOSTILE + 3, #HOSTILE + 1 })
  t.match(plain, "größe 表")
  t.match(plain, "<script>&amp;</script>", "an entity in a name stays text")
end)

-- The forms of lines of a flowchart: nodes, edges, classes. Labels have only harmless signs and
-- character codes.
local LABEL <const> = '"[%w_. /,#;<>\x80-\xff-]*"'
local FORMS <const> = {
  "^flowchart LR$", "^  n%d+%[" .. LABEL .. "%]:::%a+$", "^  n%d+%[/" .. LABEL .. "/%]:::%a+$",
  "^  n%d+%[%(" .. LABEL .. "%)%]:::%a+$", "^  n%d+>" .. LABEL .. "%]:::%a+$",
  "^  n%d+ %-%-> n%d+$", "^  c%d+%[" .. LABEL .. "%]:::copy$",
  "^  [cn]%d+ %-%. " .. LABEL .. " %.%-> [cn]%d+$", "^  classDef %a+ [%w:#,%s-]+$",
}

test("Mermaid: each line has a known form, whatever the names are", function(t)
  local text, count = mermaid.text(hostile()), 0
  for line in text:gmatch "[^\n]+" do
    local found = false
    for _, form in ipairs(FORMS) do
      found = found or line:find(form) ~= nil
    end
    t.is_true(found, line)
    -- the only markup in a label is the line break
    t.no_match(line:gsub("<br/>", ""), "<")
    t.no_match((line:gsub("#%d+;", ""):gsub("fill:#%x+", ""):gsub("stroke:#%x+", "")), "#")
    count = count + 1
  end
  t.equal(count, 1 + #HOSTILE + 2 + #HOSTILE + 2 + 4)
  t.is_true(utf8.len(text))
end)

test("the tree shows what is below each table once, and every cycle ends", function(t)
  local out = {}
  local screen = screens.new(function(text) out[#out + 1] = text end,
    { terminal = false, colour = false })
  tree.show(data_of({ row "m.s.a", row "m.s.b", row "m.s.c", row "m.s.d" }, { row "u.v.w" }, {},
    { { "u.v.w", "m.s.a" }, { "m.s.a", "m.s.b" }, { "m.s.a", "m.s.c" }, { "m.s.b", "m.s.c" },
      { "m.s.c", "m.s.b" } }), screen)
  local text = table.concat(out)
  t.match(text, "\nd\nu.v.w  upstream\n└── a\n    ├── b\n    │   └── c\n"
    .. "    │       └── b  (see above)\n"
    .. "    └── c  (see above)\n")
end)

test("a terminal sees no control characters of a name", function(t)
  local out = {}
  tree.show(hostile(), screens.new(function(text) out[#out + 1] = text end,
    { terminal = true, colour = false, width = 100 }))
  t.no_match(table.concat(out), "\27")
end)

-- ---- OpenLineage ----

local function columned()
  local columns = json.array { { name = "id", type = "long" } }
  return data_of({ row("m.s.a", "STREAMING_TABLE", { columns = columns, comment = "raw" }),
    row("m.s.b", "MATERIALIZED_VIEW", { columns = columns }) },
    { row("s3://bucket/key", nil, { kind = "path" }) },
    { row("sink:kafka", nil, { kind = "sink" }), row "m.t.z" },
    { { "s3://bucket/key", "m.s.a" },
      { "m.s.a", "m.s.b", json.array { { source = "id", target = "id" } } },
      { "m.s.b", "sink:kafka" }, { "m.s.b", "m.t.z" } })
end

test("OpenLineage: every event follows the spec, and every run has its START and end",
  function(t)
    for _, data in ipairs { columned(), hostile() } do
      data.pipeline_name = data.pipeline_name or "p"
      local events = openlineage.events(data)
      for i, event in ipairs(events) do
        t.equal(spec.wrong(event), {}, i)
      end
      t.equal(spec.wrong_runs(events), {})
    end
  end)

test("OpenLineage: an event relates a dataset to its own inputs only", function(t)
  local data = columned()
  local events = openlineage.events(data)
  t.equal(#events, 2 + 2 * 3)
  local function find(job, kind)
    for _, event in ipairs(events) do
      if event.job.name == job and event.eventType == kind then
        return event
      end
    end
  end
  local b = find("p.m.s.b", "COMPLETE")
  t.equal({ b.inputs[1].name, #b.inputs, b.outputs[1].name, #b.outputs },
    { "m.s.a", 1, "m.s.b", 1 })
  t.equal(b.outputs[1].facets.columnLineage.fields.id.inputFields[1].field, "id")
  t.equal(b.run.facets.parent.run.runId, data.update.update_id)
  t.equal(b.eventTime, data.update.end_time)
  local a = find("p.m.s.a", "START")
  t.equal({ a.inputs[1].namespace, a.inputs[1].name }, { "s3://bucket", "key" })
  t.equal(a.outputs[1].facets.documentation.description, "raw")
  t.equal(find("p.sink:kafka", "COMPLETE").outputs[1].namespace, "sink")
  t.equal(openlineage.events(data)[3].run.runId, events[3].run.runId, "the same id each time")
end)

test("OpenLineage: the end event follows the state of the update", function(t)
  for state, want in pairs { COMPLETED = "COMPLETE", FAILED = "FAIL", CANCELED = "ABORT",
    RUNNING = false } do
    local data = columned()
    data.update.state = state
    data.update.end_time = state ~= "RUNNING" and data.update.end_time or nil
    local kinds = {}
    for _, event in ipairs(openlineage.events(data)) do
      kinds[event.eventType] = true
    end
    local wanted = { START = true }
    if want then
      wanted[want] = true
    end
    t.equal(kinds, wanted, state)
  end
end)

test("OpenLineage: without an update there is no run", function(t)
  local data = columned()
  data.update = json.null
  t.match(t.fault(openlineage.events, data).message, "no update has defined its graph")
end)

-- ---- definitions ----

local EVENTS <const> = "GET /api/2.0/pipelines/" .. ID .. "/events"

local events_made = 0

local function event(update, kind, body, origin)
  local all = { update_id = update }
  for key, value in pairs(origin or {}) do
    all[key] = value
  end
  events_made = events_made + 1
  return { id = "e" .. events_made, timestamp = "2026-08-19T10:00:00.000Z", level = "INFO",
    event_type = kind, origin = all, details = { [kind] = body } }
end

local function flow(update, output, inputs, more)
  local body = { output_dataset = output, input_datasets = inputs, flow_type = "APPEND" }
  for key, value in pairs(more or {}) do
    body[key] = value
  end
  return event(update, "flow_definition", body, { flow_name = output })
end

local function state(update, word)
  return event(update, "update_progress", { state = word })
end

local function read(list)
  local ws <close> = fake.workspace { [EVENTS] = { events = json.array(list) } }
  return definitions.from_events(ws, ID)
end

test("only the newest update with definitions is read", function(t)
  local graph, reason = read { state("u3", "QUEUED"), event("u3", "create_update", {}),
    state("u2", "COMPLETED"), flow("u2", "b", { "a" }), flow("u2", "a", {}),
    event("u2", "create_update", {}), flow("u1", "old", {}) }
  t.equal({ graph.update_id, #graph.flows, graph.state, reason }, { "u2", 2, "COMPLETED" })
  t.equal(graph.flows[1].output, "a", "in the order of the events")
end)

test("inputs may be texts or objects, others are ignored", function(t)
  local graph = read { flow("u", "c", { "a", { name = "b" }, { full_name = "m.s.d" }, 3, {} }) }
  t.equal(graph.flows[1].inputs, { "a", "b", "m.s.d" })
end)

test("columns come from the schema of the definition, if it can be read", function(t)
  local graph = read { flow("u", "a", {}, { schema_json = '{"fields":[{"name":"id","type":"long"},'
    .. '{"name":"s","type":{"type":"struct","fields":[]}}]}' }),
    flow("u", "b", {}, { schema_json = "{" }) }
  t.equal(graph.flows[2].columns, json.array { { name = "id", type = "long" },
    { name = "s", type = "struct" } })
  t.is_nil(graph.flows[1].columns)
end)

test("sinks, odd details and events without an update are no problem", function(t)
  local graph = read { event("u", "sink_definition", { format = "kafka",
    options = { ["kafka.password"] = "x" } }, { sink_name = "out" }),
    event("u", "flow_definition", { output_sink = "out", input_datasets = { "a" } }),
    { id = "x", event_type = "flow_definition", origin = json.null, details = json.null },
    { id = "y", event_type = "flow_definition", origin = { update_id = "u" }, details = {} },
    flow("u", nil, {}) }
  t.equal({ #graph.flows, graph.flows[1].sink, graph.sinks.out.format }, { 1, "out", "kafka" })
  t.no_match(json.encode(graph.sinks), "password")
end)

-- The graph that the system table of events tells, which holds the same events, oldest first.
local function read_by_sql(list)
  local rows, i = {}, 0
  for k = #list, 1, -1 do
    local one = list[k]
    local function cell(kind)
      return one.details[kind] and json.encode(one.details[kind]) or nil
    end
    rows[#rows + 1] = { at = one.timestamp, event_type = one.event_type,
      update_id = one.origin.update_id, origin = json.encode(one.origin),
      flow = cell "flow_definition", definition = cell "dataset_definition",
      sink = cell "sink_definition", progress = cell "update_progress" }
  end
  local cursor = setmetatable({}, { __close = function() end, __call = function()
    i = i + 1
    return rows[i]
  end })
  local ws = { sql = function() return cursor end }
  return definitions.logs[3][2](ws, { id = ID, since = 0 })
end

test("definitions by SQL have names of flows, sinks, sources and states like those by REST",
  function(t)
    local list = { state("u", "FAILED"), state("u", "RUNNING"),
      event("u", "sink_definition", { format = "kafka" }, { sink_name = "out" }),
      event("u", "flow_definition", { output_sink = "out", input_datasets = { "a" } },
        { flow_name = "to_kafka" }),
      event("u", "flow_definition", { output_dataset = "acc", input_datasets = {} },
        { flow_name = "load", ingestion_source_catalog_name = "sf",
          ingestion_source_schema_name = "objects", ingestion_source_table_name = "Account" }),
      event("u", "dataset_definition", { dataset_type = "STREAMING_TABLE" },
        { dataset_name = "acc" }),
      event("u", "create_update", {}) }
    local rest, sql = read(list), read_by_sql(list)
    rest.seen, sql.seen = nil, nil
    t.equal(sql, rest)
    t.equal({ sql.state, sql.started, sql.ended, sql.sinks.out.format, sql.flows[1].from.table,
      sql.flows[2].name }, { "FAILED", list[1].timestamp, list[1].timestamp, "kafka", "Account",
      "to_kafka" })
  end)

test("an update that is still setting up may not have defined its whole graph", function(t)
  local _, reason = read { state("u", "SETTING_UP_TABLES"), flow("u", "a", {}) }
  t.match(reason, "may not have defined its whole graph")
  local _, none = read { state("u", "RUNNING"), state("u", "SETTING_UP_TABLES"),
    flow("u", "a", {}) }
  t.is_nil(none)
end)

test("of a server that does not know the filter, a limited number of events is read", function(t)
  local pages = 0
  local ws <close> = fake.workspace { [EVENTS] = function(request)
    if request.query:find "filter" then
      return fake.refusal(400, "INVALID_PARAMETER_VALUE", "unknown field event_type")
    end
    pages = pages + 1
    return { events = { state("u", "RUNNING") }, next_page_token = "page" .. pages }
  end }
  local graph, reason = definitions.from_events(ws, ID)
  t.is_nil(graph)
  t.match(reason, "newest 40 events")
  t.is_true(pages >= 40 and pages <= 41, pages)
end)

test("the check of OpenLineage in this test finds errors", function(t)
  local good = openlineage.events(columned())[1]
  for _, spoil in ipairs {
    function(e) e.eventType = "DONE" end, function(e) e.eventTime = "today" end,
    function(e) e.run.runId = "x" end, function(e) e.job.name = "" end,
    function(e) e.producer = nil end, function(e) e.inputs = {} end,
  } do
    local event_copy = json.decode(json.encode(good))
    spoil(event_copy)
    t.is_true(#spec.wrong(event_copy) > 0)
  end
end)
