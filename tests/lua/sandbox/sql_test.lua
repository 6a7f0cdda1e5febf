local http = require "native.http"
local json = require "native.json"
local warehouse = require "support.warehouse"
local workspace = require "testing.workspace"

local PATH <const> = "/api/2.0/sql/statements"
local WAREHOUSE <const> = warehouse.WAREHOUSE
local VIEWER <const> = { token = "demo-viewer-token" }

local function submit(w, text, more, opts)
  local body = { statement = text, warehouse_id = WAREHOUSE }
  for key, value in pairs(more or {}) do
    body[key] = value
  end
  return w:call("POST", PATH, body, opts)
end

local function run(w, text, more, opts)
  local status, answer = submit(w, text, more, opts)
  if status ~= 200 then
    error(json.encode(answer), 2)
  end
  return answer
end

-- The rows of a statement, with "NULL" in place of null.
local function rows(w, text, more)
  local answer = run(w, text, more)
  if answer.status.state ~= "SUCCEEDED" then
    error(text .. ": " .. json.encode(answer.status), 2)
  end
  local list = {}
  for i, row in ipairs(answer.result.data_array or {}) do
    list[i] = {}
    for j, cell in ipairs(row) do
      list[i][j] = cell == json.null and "NULL" or cell
    end
  end
  return list, answer
end

local function failure(w, text, more, opts)
  local answer = run(w, text, more, opts)
  return answer.status.state == "FAILED" and answer.status or { state = answer.status.state }
end

-- Statements without tables, each with the cells of its only row.
local VALUES <const> = {
  { "SELECT 1, -2, 1.5, 'x', NULL, true", "1", "-2", "1.5", "x", "NULL", "true" },
  { "SELECT 'it''s', 'a\\'b', \"double\", 'tab\\t'", "it's", "a'b", "double", "tab\t" },
  { "SELECT 1 = 1, 1 > 2 AND true, NOT false, 1 IS NULL", "true", "false", "true", "false" },
  { "SELECT 1 / 2, 7 DIV 2, 7 % 4", "0.5", "3", "3" },
  { "SELECT CASE WHEN 1 > 2 THEN 'a' ELSE 'b' END, IF(1 > 2, 3, 4)", "b", "4" },
  { "SELECT CAST('12' AS INT), '1.5'::double, 5::string, CAST('true' AS BOOLEAN)",
    "12", "1.5", "5", "true" },
  { "SELECT coalesce(NULL, 'x'), nvl(NULL, 2), concat('a', 'b', 'c'), upper('q')",
    "x", "2", "abc", "Q" },
  { "SELECT 'Abc' LIKE 'a%', 'Abc' ILIKE 'a%', 'a_c' LIKE 'a\\_c'", "false", "true", "true" },
  { "SELECT date '2026-01-31' + INTERVAL 1 MONTH", "2026-02-28T00:00:00.000Z" },
  { "SELECT timestamp '2026-03-05 10:11:12' - INTERVAL '2' HOURS", "2026-03-05T08:11:12.000Z" },
  { "SELECT date_trunc('MONTH', timestamp '2026-03-05 10:11:12')", "2026-03-01T00:00:00.000Z" },
  { "SELECT date_trunc('WEEK', date '2026-11-22')", "2026-11-16T00:00:00.000Z" },
  { "SELECT datediff(date '2026-03-02', date '2026-02-27'), date_add(date '2026-02-27', 2)",
    "3", "2026-03-01" },
  { "SELECT timestampdiff(MINUTE, date '2026-01-01', timestamp '2026-01-01 01:30:00')", "90" },
  { "SELECT unix_millis(timestamp '1970-01-02 00:00:00')", "86400000" },
  { "SELECT date_format(timestamp '2026-03-05 10:11:12', 'yyyy-MM-dd HH:mm')", "2026-03-05 10:11" },
  { "SELECT parse_json('{\"a\":{\"b\":[1,2]}}'):a.b[1], get_json_object('{\"k\":\"v\"}', '$.k')",
    "2", "v" },
  { "SELECT count(*), sum(x), max(x) FROM (VALUES (1), (2), (3)) AS t(x)", "3", "6", "3" },
  { "WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT y FROM b", "2" },
  { "SELECT 9007199254740993, 1e300, 0.1", "9007199254740993", "1.0E300", "0.1" },
  { "SELECT /* a comment */ 1 -- and another\n, 2", "1", "2" },
  { "SELECT split_part('a.b.c', '.', 2), startswith('abc', 'ab')", "b", "1" },
}

test("expressions have the same values as in Spark", function(t)
  local w <close> = workspace.start()
  for _, case in ipairs(VALUES) do
    local want = table.move(case, 2, #case, 1, {})
    t.equal(rows(w, case[1])[1], want, case[1])
  end
end)

test("columns have names and types", function(t)
  local w <close> = workspace.start()
  local answer = run(w, "SELECT 1 AS n, count(*), 1.5 AS d, 'x' AS s, true AS b, "
    .. "current_timestamp() AS ts, current_date() AS day, CAST(1 AS DECIMAL(10, 2)) AS dec")
  local list = {}
  for i, column in ipairs(answer.manifest.schema.columns) do
    t.equal(column.position, i - 1)
    list[i] = ("%s %s %s"):format(column.name, column.type_name, column.type_text)
  end
  t.equal(list, {
    "n LONG BIGINT", "count(1) LONG BIGINT", "d DOUBLE DOUBLE", "s STRING STRING",
    "b BOOLEAN BOOLEAN", "ts TIMESTAMP TIMESTAMP", "day DATE DATE", "dec DECIMAL DECIMAL(10,2)",
  })
end)

test("parameters are bound with their types", function(t)
  local w <close> = workspace.start()
  local got = rows(w, "SELECT :s, :n + 1, :f, :b, :missing IS NULL, :at > timestamp '2026-01-01 "
    .. "00:00:00', ':s' LIMIT :limit", { parameters = {
      { name = "s", value = "it's; DROP" }, { name = "n", value = "41", type = "INT" },
      { name = "f", value = "2.5", type = "DOUBLE" },
      { name = "b", value = "true", type = "BOOLEAN" },
      { name = "missing", type = "STRING" },
      { name = "at", value = "2026-06-01T00:00:00Z", type = "TIMESTAMP" },
      { name = "limit", value = "1", type = "INT" },
    } })
  t.equal(got, { { "it's; DROP", "42", "2.5", "true", "true", "true", ":s" } })
end)

test("a parameter inside IDENTIFIER can name a table", function(t)
  local w <close> = workspace.start()
  local got = rows(w, "SELECT count(*) FROM IDENTIFIER(:t)",
    { parameters = { { name = "t", value = "samples.nyctaxi.trips" } } })
  t.equal(got, { { "8" } })
end)

local FAILURES <const> = {
  { "SELEC 1", "42601", "[PARSE_SYNTAX_ERROR] Syntax error at or near 'SELEC'" },
  { "SELECT 1 +", "42601", "end of input" },
  { "SELECT 1; SELECT 2", "42601", "at or near 'SELECT'" },
  { "SELECT (1", "42601", "[PARSE_SYNTAX_ERROR]" },
  { "SELECT * FROM a b c", "42P01", "`a`" },
  { "INSERT INTO t VALUES (1)", "42601", "at or near 'INSERT'" },
  { "DROP TABLE tree", "42601", "at or near 'DROP'" },
  { "SELECT * FROM nope.nope.nope", "42P01", "`nope`.`nope`.`nope` cannot be found" },
  { "SELECT * FROM tree", "42P01", "[TABLE_OR_VIEW_NOT_FOUND]" },
  { "SELECT * FROM sqlite_master", "42P01", "[TABLE_OR_VIEW_NOT_FOUND]" },
  { "SELECT * FROM system.lakeflow.pipeline_events", "42P01", "`pipeline_events` cannot be found" },
  { "SELECT nope FROM samples.nyctaxi.trips", "42703", "[UNRESOLVED_COLUMN.WITH_SUGGESTION]" },
  { "SELECT t.nope FROM samples.nyctaxi.trips t", "42703", "`t`.`nope`" },
  { "SELECT x.trip_distance FROM samples.nyctaxi.trips t", "42703", "`x`.`trip_distance`" },
  { "SELECT nope(1)", "42883", "[UNRESOLVED_ROUTINE] Cannot resolve routine `nope`" },
  { "SELECT json_extract('{}', '$.a')", "42883", "`json_extract`" },
  { "SELECT * FROM pragma_table_info('tokens')", "42883", "pragma_table_info" },
  { "SELECT :p", "42P02", "unbound parameter: p" },
  { "SELECT CAST('x' AS INT)", "22018", "The value 'x' of the type \"STRING\"" },
  { "SELECT 1 UNION SELECT 1, 2", "42826", "[NUM_COLUMNS_MISMATCH]" },
  { "SELECT t.* FROM samples.nyctaxi.trips u", "42704", "Cannot resolve `t`.*" },
  { "SELECT sum(1) FROM samples.nyctaxi.trips WHERE sum(fare_amount) > 1", "42903", "WHERE" },
  { "SELECT a FROM (VALUES (1)) AS t(a) JOIN (VALUES (1)) AS u(a) ON t.a = u.a", "42704",
    "[AMBIGUOUS_REFERENCE] Reference `a`" },
  { "SELECT 1 ORDER BY 2", "42805", "[ORDER_BY_POS_OUT_OF_RANGE]" },
  { "SELECT then FROM samples.nyctaxi.trips", "42601", "at or near 'FROM'" },
  { "SELECT 'x' IN tokens", "42601", "at or near 'tokens'" },
  { "SELECT tags[", "42601", "end of input" },
  { "", "42601", "end of input" },
  { "SELECT 1 / 0", "22012", "[DIVIDE_BY_ZERO]" },
  { "SELECT * FROM event_log('00000000-0000-4000-8000-000000000000')", "42P01", "event log" },
}

test("invalid statements fail with the messages of Databricks, at status 200", function(t)
  local w <close> = workspace.start()
  for _, case in ipairs(FAILURES) do
    local status = failure(w, case[1] == "" and " " or case[1])
    t.equal(status.state, "FAILED", case[1])
    t.equal(status.sql_state, case[2], case[1])
    t.match(status.error.message, case[3])
    t.equal(status.error.error_code, "BAD_REQUEST", case[1])
  end
end)

test("a position in the statement is given as line and column", function(t)
  local w <close> = workspace.start()
  local status = failure(w, "SELECT 1,\n  nope\nFROM samples.nyctaxi.trips")
  t.match(status.error.message, "line 2 pos 2")
end)

test("joins, windows and QUALIFY work, and add no columns", function(t)
  local w <close> = workspace.start()
  local got, answer = rows(w, [[
    WITH v AS (SELECT * FROM (VALUES ('a', 1), ('a', 3), ('b', 2)) AS t(k, n)),
    newest AS (SELECT * FROM v QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY n DESC) = 1)
    SELECT l.k, l.n, r.n AS other FROM newest l LEFT JOIN v r ON l.k = r.k AND r.n < l.n
    ORDER BY l.k]])
  t.equal(got, { { "a", "3", "1" }, { "b", "2", "NULL" } })
  t.equal(answer.manifest.schema.column_count, 3)
  local all, star = rows(w, "SELECT * FROM (VALUES (1), (2)) AS t(x) "
    .. "QUALIFY row_number() OVER (ORDER BY t.x DESC) = 1 ORDER BY t.x")
  t.equal(all, { { "2" } })
  t.equal(star.manifest.schema.column_count, 1)
end)

test("arrays in JSON become rows in each of the documented ways", function(t)
  local w <close> = workspace.start()
  local data = [[(SELECT '{"e":[{"n":"x","c":1},{"n":"y","c":2}]}' AS d) AS s]]
  local want = { { "x", "1" }, { "y", "2" } }
  t.equal(#rows(w, "SELECT 1 AS n WHERE 'b' IN "
    .. "(SELECT explode(from_json('[\"a\",\"b\"]', 'array<string>')) AS x)"), 1)
  t.equal(rows(w, "SELECT e.n, e.c FROM (SELECT explode(from_json(d:e, "
    .. "'array<struct<n:string,c:bigint>>')) AS e FROM " .. data .. ")"), want)
  t.equal(rows(w, "SELECT v.value:n::string, v.value:c::int FROM " .. data
    .. ", LATERAL variant_explode(s.d:e) AS v"), want)
  t.equal(rows(w, "SELECT e.n, e.c FROM " .. data
    .. " LATERAL VIEW explode(from_json(d:e, 'x')) t AS e"), want)
end)

-- ---- system tables ----

test("system.lakeflow.pipelines has a row for each change and for the deletion", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline { name = "one", tags = { team = "a" } }
  w.clock:advance(1000)
  local spec = w:ok("GET", "/api/2.0/pipelines/" .. id).spec
  spec.name = "two"
  w:ok("PUT", "/api/2.0/pipelines/" .. id, spec)
  w.clock:advance(1000)
  w:ok("DELETE", "/api/2.0/pipelines/" .. id)
  w.clock:advance(1000)
  local got = rows(w, "SELECT name, settings.serverless, tags['team'], delete_time IS NULL "
    .. "FROM system.lakeflow.pipelines WHERE pipeline_id = :id ORDER BY change_time",
    { parameters = { { name = "id", value = id } } })
  t.equal(got, {
    { "one", "true", "a", "true" }, { "two", "true", "a", "true" }, { "two", "true", "a", "false" },
  })
  local alive = rows(w, [[
    WITH latest AS (SELECT * FROM system.lakeflow.pipelines
      QUALIFY ROW_NUMBER() OVER (PARTITION BY workspace_id, pipeline_id
        ORDER BY change_time DESC) = 1)
    SELECT count(*) FROM latest WHERE delete_time IS NULL]])
  t.equal(alive, { { "0" } })
end)

test("a long update has a slice for each hour, with its result on the last", function(t)
  local w <close> = workspace.start { run_ms = 3 * 3600000 }
  local id = w:pipeline()
  local update = w:run(id)
  local query = "SELECT result_state, period_start_time, period_end_time, update_type, "
    .. "trigger_type FROM system.lakeflow.pipeline_update_timeline WHERE update_id = '" .. update
    .. "' ORDER BY period_start_time"
  w.clock:advance(2 * 3600000)
  local half = rows(w, query)
  t.is_true(#half == 3 or #half == 2)
  t.equal(half[#half][1], "NULL")
  w.clock:advance(2 * 3600000)
  local all = rows(w, query)
  t.is_true(#all >= 3)
  for i = 2, #all do
    t.equal(all[i][2], all[i - 1][3], "no gap")
    t.equal(all[i - 1][1], "NULL")
  end
  t.equal(all[#all][1], "COMPLETED")
  t.equal(all[1][4], "REFRESH")
  t.equal(all[1][5], "API_CALL")
end)

-- A workspace with a pipeline that has run.
local function completed()
  local w = workspace.start()
  local id = w:pipeline()
  w:complete(id)
  return w, id
end

test("events are in the preview table, in event_log and in the pipeline's own table", function(t)
  local w <close>, id = completed()
  local where = " WHERE event_type = 'update_progress' ORDER BY 2"
  local system = "system.lakeflow_pipeline_events_preview.pipeline_events"
  local preview, answer = rows(w, "SELECT details:update_progress.state::string, event_time, "
    .. "details:update_progress.state AS v FROM " .. system .. where)
  t.equal(preview[#preview][1], "COMPLETED")
  t.equal(preview[#preview][3], '"COMPLETED"', "a VARIANT is JSON")
  t.equal(answer.manifest.schema.columns[3].type_name, "VARIANT")
  for _, row in ipairs(preview) do
    row[3] = nil
  end
  local own = "SELECT details:update_progress.state, timestamp FROM "
  t.equal(rows(w, own .. "event_log('" .. id .. "')" .. where), preview)
  t.equal(rows(w, own .. "main.s.event_log_" .. id:gsub("-", "_") .. where), preview)
  t.equal(rows(w, own .. "event_log(TABLE(main.s.gold))" .. where), preview)
end)

test("published tables can be listed and read, and have lineage", function(t)
  local w <close>, id = completed()
  t.equal(rows(w, "SELECT table_name, table_type FROM main.information_schema.tables "
    .. "WHERE table_schema = 's' AND table_name NOT LIKE 'event_log%' ORDER BY 1"), {
    { "bronze", "STREAMING_TABLE" }, { "gold", "MATERIALIZED_VIEW" },
    { "silver", "STREAMING_TABLE" },
  })
  t.is_true(tonumber(rows(w, "SELECT count(*) FROM main.s.gold")[1][1]) > 0)
  t.is_true(tonumber(rows(w, "SELECT count(*) FROM gold", { schema = "s" })[1][1]) > 0)
  t.equal(rows(w, "SELECT source_table_name, target_table_name FROM system.access.table_lineage "
    .. "WHERE entity_id = '" .. id .. "' AND source_table_name IS NOT NULL ORDER BY 1"), {
    { "bronze", "silver" }, { "silver", "gold" },
  })
end)

test("lineage has columns, jobs, event logs and targets of change flows", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local id = "FROM system.access.table_lineage WHERE "
    .. "entity_metadata.dlt_pipeline_info.dlt_pipeline_id = (SELECT max(pipeline_id) FROM "
    .. "system.lakeflow.pipelines WHERE name = 'sales_customers_scd')"
  t.equal(rows(w, "SELECT DISTINCT entity_type " .. id), { { "JOB" } })
  t.equal(rows(w, "SELECT target_table_name " .. id .. " AND source_table_full_name = "
    .. "target_table_full_name"), { { "customers" } })
  t.equal(rows(w, "SELECT count(*) " .. id .. " AND target_table_name LIKE 'event_log_%' "
    .. "AND source_table_name IS NULL"), { { "1" } })
  t.equal(rows(w, "SELECT source_column_name, target_column_name FROM "
    .. "system.access.column_lineage WHERE source_table_name = 'customers' AND "
    .. "target_table_name = 'customers_by_region' ORDER BY 1"),
    { { "id", "id" }, { "updated_at", "updated_at" } })
end)

test("system tables need a privilege, and can be switched off", function(t)
  local w <close> = workspace.start()
  local text = "SELECT count(*) FROM system.lakeflow.pipelines"
  local status = failure(w, text, nil, VIEWER)
  t.equal(status.sql_state, "42501")
  t.match(status.error.message, "[INSUFFICIENT_PERMISSIONS]")
  local path = "/api/2.1/unity-catalog/metastores/" .. w.w.metastore_id .. "/systemschemas/lakeflow"
  w:ok("DELETE", path)
  t.equal(failure(w, text).sql_state, "42P01")
  w:ok("PUT", path)
  t.equal(rows(w, text), { { "0" } })
end)

-- ---- states and results of a statement ----

test("a statement is pending while its warehouse starts, then runs, then succeeds", function(t)
  local w <close> = workspace.start()
  warehouse.stop(w)
  local first = run(w, "SELECT 1 /* sandbox.duration_ms=1000 */", { wait_timeout = "0s" })
  t.equal(first.status, { state = "PENDING" })
  t.is_nil(first.manifest)
  local path = PATH .. "/" .. first.statement_id
  w.clock:advance(500)
  t.equal(w:ok("GET", path).status.state, "RUNNING")
  w.clock:advance(1000)
  local last = w:ok("GET", path)
  t.equal(last.status.state, "SUCCEEDED")
  t.equal(last.result.data_array, { { "1" } })
end)

test("a result is kept for an hour, its statement for half a day", function(t)
  local w <close> = workspace.start()
  local path = PATH .. "/" .. run(w, "SELECT 1").statement_id
  w.clock:advance(3601 * 1000)
  local closed = w:ok("GET", path)
  t.equal(closed.status.state, "CLOSED")
  t.is_nil(closed.result)
  t.equal(w:call("GET", path .. "/result/chunks/0"), 404)
  w.clock:advance(12 * 3600 * 1000)
  t.equal(w:call("GET", path), 404)
end)

test("a cancelled statement stays cancelled; one that has ended cannot be cancelled", function(t)
  local w <close> = workspace.start()
  local path = PATH .. "/" .. run(w, "SELECT 1 /* sandbox.duration_ms=9000 */",
    { wait_timeout = "0s" }).statement_id
  t.equal(w:ok("POST", path .. "/cancel"), {})
  w.clock:advance(20000)
  t.equal(w:ok("GET", path).status.state, "CANCELED")
  local done = PATH .. "/" .. run(w, "SELECT 1").statement_id
  w:ok("POST", done .. "/cancel")
  t.equal(w:ok("GET", done).status.state, "SUCCEEDED")
end)

test("only the user who submitted a statement can see it", function(t)
  local w <close> = workspace.start()
  local path = PATH .. "/" .. run(w, "SELECT 1").statement_id
  t.equal(w:call("GET", path, nil, VIEWER), 404)
  t.equal(w:call("POST", path .. "/cancel", nil, VIEWER), 404)
end)

local REFUSED <const> = {
  { why = "no statement", body = { statement = "" } },
  { why = "an unknown warehouse", body = { warehouse_id = "ffff" },
    message = "ffff is not a valid endpoint id." },
  { why = "no warehouse", body = { warehouse_id = "" }, message = "warehouse_id is required." },
  { why = "a wait_timeout that is too short", body = { wait_timeout = "3s" } },
  { why = "a wait_timeout that is too long", body = { wait_timeout = "51s" } },
  { why = "a wait_timeout without unit", body = { wait_timeout = "10" } },
  { why = "an unknown on_wait_timeout", body = { on_wait_timeout = "STOP" } },
  { why = "CSV inline", body = { format = "CSV" } },
  { why = "an unknown disposition", body = { disposition = "FILE" } },
  { why = "a structured parameter",
    body = { parameters = { { name = "a", type = "ARRAY<INT>" } } } },
  { why = "a parameter without name", body = { parameters = { { value = "a" } } } },
  { why = "a row limit of 0", body = { row_limit = 0 } },
}

test("invalid requests are refused with 400", function(t)
  local w <close> = workspace.start()
  for _, case in ipairs(REFUSED) do
    local status, answer = submit(w, "SELECT 1", case.body)
    t.equal(status, 400, case.why)
    t.equal(answer.error_code, "INVALID_PARAMETER_VALUE", case.why)
    if case.message then
      t.equal(answer.message, case.message, case.why)
    end
  end
end)

test("a result that a limit cut is marked as truncated", function(t)
  local w <close> = workspace.start()
  local few = run(w, "SELECT * FROM samples.nyctaxi.trips", { row_limit = 3 })
  t.equal(few.manifest.total_row_count, 3)
  t.is_true(few.manifest.truncated)
  local all = run(w, "SELECT * FROM samples.nyctaxi.trips", { row_limit = 8 })
  t.is_false(all.manifest.truncated)
  local small = run(w, "SELECT * FROM samples.nyctaxi.trips", { byte_limit = 200 })
  t.is_true(small.manifest.truncated)
  t.is_true(small.manifest.total_row_count < 8)
end)

test("an empty result has columns and no chunks", function(t)
  local w <close> = workspace.start()
  local answer = run(w, "SELECT trip_distance FROM samples.nyctaxi.trips WHERE false")
  t.equal(answer.status.state, "SUCCEEDED")
  t.equal(answer.manifest.total_chunk_count, 0)
  t.equal(answer.manifest.schema.columns[1].type_name, "DOUBLE")
  t.equal(answer.result, {})
end)

test("each chunk but the last has a link to the next", function(t)
  local w <close> = workspace.start()
  local answer = run(w, "SELECT pickup_zip FROM samples.nyctaxi.trips /* sandbox.chunk_rows=3 */")
  t.equal(answer.manifest.total_chunk_count, 3)
  local count, part = 0, answer.result
  while part do
    t.equal(part.row_offset, count)
    count = count + #part.data_array
    local link = part.next_chunk_internal_link
    t.equal(link ~= nil, part.next_chunk_index ~= nil)
    part = link and w:ok("GET", link)
  end
  t.equal(count, 8)
  t.equal(w:call("GET", PATH .. "/" .. answer.statement_id .. "/result/chunks/3"), 400)
end)

test("external links work without a token, refuse a token, and expire", function(t)
  local w <close> = workspace.start()
  local answer = run(w, "SELECT 1 AS a, NULL AS b /* sandbox.link_seconds=60 */",
    { disposition = "EXTERNAL_LINKS" })
  local link = answer.result.external_links[1]
  t.is_nil(answer.result.data_array)
  local plain = http.request("GET", link.external_link)
  local part = http.request("GET", link.external_link, { headers = { Range = "bytes=1-3" } })
  t.equal({ part.status, part.body, part.headers["content-range"] },
    { 206, plain.body:sub(2, 4), ("bytes 1-3/%d"):format(#plain.body) })
  t.equal(plain.body, '[["1",null]]')
  local refused = http.request("GET", link.external_link,
    { headers = { Authorization = "Bearer demo-token" } })
  t.equal(refused.status, 400)
  w.clock:advance(61000)
  t.equal(http.request("GET", link.external_link).status, 403)
  local again = w:ok("GET", PATH .. "/" .. answer.statement_id .. "/result/chunks/0")
  t.equal(http.request("GET", again.external_links[1].external_link).status, 200)
end)

test("CSV has one header, and quotes where necessary", function(t)
  local w <close> = workspace.start()
  local answer = run(w, "SELECT 'a,b' AS x, 'say \"hi\"' AS y, NULL AS z",
    { disposition = "EXTERNAL_LINKS", format = "CSV" })
  local body = http.request("GET", answer.result.external_links[1].external_link).body
  t.equal(body, 'x,y,z\n"a,b","say ""hi""",\n')
end)

test("warehouses are listed in pages, and there is a default one", function(t)
  local w <close> = workspace.start()
  local list = w:ok("GET", "/api/2.0/sql/warehouses").warehouses
  t.equal(#list, 2)
  local page = w:ok("GET", "/api/2.0/sql/warehouses?page_size=1")
  t.equal(#page.warehouses, 1)
  local rest = w:ok("GET", "/api/2.0/sql/warehouses?page_size=1&page_token="
    .. page.next_page_token)
  t.is_nil(rest.next_page_token)
  t.equal(w:ok("GET", "/api/2.0/sql/warehouses/default").id, WAREHOUSE)
  t.equal(w:call("GET", "/api/2.0/sql/warehouses/default", nil, { token = "demo-dr-token" }), 404)
  t.equal(w:call("GET", "/api/2.0/sql/warehouses/ffff"), 404)
end)

test("a warehouse needs some seconds to start and to stop", function(t)
  local w <close> = workspace.start()
  local path = "/api/2.0/sql/warehouses/b9513a26e5c04d7f"
  w.clock:advance(60000)
  t.equal(w:ok("GET", path).state, "STOPPED")
  t.equal(w:ok("POST", path .. "/start"), {})
  t.equal(w:ok("GET", path).state, "STARTING")
  w.clock:advance(5000)
  t.equal(w:ok("GET", path).state, "RUNNING")
  w:ok("POST", path .. "/start")
  t.equal(w:ok("GET", path).state, "RUNNING", "starting a running warehouse changes nothing")
  w:ok("POST", path .. "/stop")
  t.equal(w:ok("GET", path).state, "STOPPING")
  w.clock:advance(5000)
  t.equal(w:ok("GET", path).state, "STOPPED")
end)
