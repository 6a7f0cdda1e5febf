-- Every primitive of native.databricks against the embedded workspace, over real HTTP.

local databricks = require "native.databricks"
local fault = require "base.fault"
local json = require "native.json"
local sandbox = require "sandbox.server"
local task = require "native.task"

local FOLDER <const> = "/Users/ada.okafor@example.com/native-test"

-- A workspace of its own, in memory, for one test; `ws` is the handle.
local function with_workspace(name, f)
  test(name, function(t)
    local server <close> = sandbox.start { scenario = "demo", state = false }
    local ws <close> = databricks.connect {
      host = server:url(),
      credential = databricks.credential { token = "demo-token" },
    }
    f(t, ws)
  end)
end

local function some_pipeline(ws)
  return ws:pipeline_list({ max_results = 1 }).statuses[1].pipeline_id
end

local function new_pipeline(name, more)
  local spec = {
    name = name, serverless = true, catalog = "main", schema = "scratch", development = true,
    libraries = { { notebook = { path = FOLDER .. "/code" } } },
  }
  for key, value in pairs(more or {}) do
    spec[key] = value
  end
  return spec
end

with_workspace("pages follow each other to the end of the list", function(t, ws)
  local seen, token, pages = {}, nil, 0
  repeat
    local page = ws:pipeline_list { max_results = 7, page_token = token, order_by = { "name asc" } }
    for _, row in ipairs(page.statuses or {}) do
      t.is_nil(seen[row.pipeline_id], "twice")
      seen[row.pipeline_id] = row
    end
    token, pages = page.next_page_token, pages + 1
  until not token or token == ""
  local count = 0
  for id, row in pairs(seen) do
    count = count + 1
    t.equal(ws:pipeline_get(id).name, row.name)
  end
  t.is_true(count >= 30 and pages == (count + 6) // 7, ("%d in %d pages"):format(count, pages))
  t.equal(ws:stats().calls, count + pages)
  t.equal(ws:info().org_id, "70421337900113842")
end)

with_workspace("a pipeline is created, edited and deleted", function(t, ws)
  local spec = new_pipeline("native test", { configuration = { a = "1" } })
  spec.dry_run = true
  t.equal(ws:pipeline_create(spec).effective_settings.name, "native test")
  spec.dry_run = nil
  local id = ws:pipeline_create(spec).pipeline_id
  local got = ws:pipeline_get(id)
  t.equal(got.spec.configuration.a, "1")
  t.equal(math.type(got.last_modified), "integer")

  local e = t.fault(ws.pipeline_create, ws, spec)
  t.equal(e.code, "RESOURCE_CONFLICT")
  t.equal(e.op, "databricks.pipeline_create")

  got.spec.configuration = json.decode "{}"
  got.spec.name = "renamed"
  got.spec.expected_last_modified = got.last_modified
  ws:pipeline_edit(id, got.spec)
  t.equal(ws:pipeline_get(id).name, "renamed")
  t.equal(t.fault(ws.pipeline_edit, ws, id, got.spec).status, 409)

  ws:pipeline_delete(id, { cascade = true, force = false })
  t.equal(t.fault(ws.pipeline_get, ws, id).code, "RESOURCE_DOES_NOT_EXIST")
end)

with_workspace("an update is started, seen, and stopped", function(t, ws)
  ws:workspace_mkdirs(FOLDER)
  ws:workspace_import(FOLDER .. "/code", "SELECT 1\n", { format = "SOURCE", language = "SQL" })
  local id = ws:pipeline_create(new_pipeline("native run")).pipeline_id
  local update_id = ws:update_start(id, { full_refresh = true }).update_id
  local update = ws:update_get(id, update_id)
  t.equal(update.update_id, update_id)
  t.equal(update.full_refresh, true)
  t.equal(ws:update_list(id, { max_results = 5 }).updates[1].update_id, update_id)
  local e = t.fault(ws.update_start, ws, id)
  t.equal(e.status, 409)
  t.match(e.message, "An active update")
  ws:stop(id)
  local events = ws:events(id, { max_results = 100, order_by = "timestamp asc" }).events
  t.equal(events[1].origin.pipeline_id, id)
  t.is_true(events[1].details)
  for _ = 1, 50 do
    if ws:update_get(id, update_id).state == "CANCELED" then
      break
    end
    task.sleep(0.05)
  end
  t.equal(ws:update_get(id, update_id).state, "CANCELED")
end)

with_workspace("files come back with every byte", function(t, ws)
  local bytes = {}
  for i = 0, 255 do
    bytes[i + 1] = string.char(i)
  end
  bytes = table.concat(bytes):rep(300)
  ws:workspace_mkdirs(FOLDER)
  ws:workspace_mkdirs(FOLDER)
  t.equal(#ws:workspace_list(FOLDER), 0)
  local path = FOLDER .. "/a b%2F?&é.bin"
  ws:workspace_import(path, bytes, { format = "RAW" })
  local back, kind = ws:workspace_export(path, { format = "AUTO" })
  t.is_true(back == bytes, "other bytes came back")
  t.is_true(kind == nil or type(kind) == "string")
  t.equal(ws:workspace_list(FOLDER)[1].path, path)
  local status = ws:workspace_status(path, { return_export_info = true })
  t.equal(status.object_type, "FILE")
  t.equal(math.type(status.object_id), "integer")
  t.equal(t.fault(ws.workspace_import, ws, path, "x", { format = "RAW" }).code,
    "RESOURCE_ALREADY_EXISTS")
  ws:workspace_import(path, "", { format = "RAW", overwrite = true })
  t.equal((ws:workspace_export(path, { format = "AUTO" })), "")
  t.equal(t.fault(ws.workspace_status, ws, FOLDER .. "/none").code, "RESOURCE_DOES_NOT_EXIST")
end)

local function warehouse(ws)
  for _, one in ipairs(ws:request("GET", "/api/2.0/sql/warehouses").warehouses) do
    if one.state == "RUNNING" then
      return one.id
    end
  end
  error "no warehouse runs"
end

local function rows_of(cursor)
  local rows = {}
  for row in cursor.next, cursor do
    rows[#rows + 1] = row
  end
  return rows
end

with_workspace("a statement's rows are its rows, in chunks and through links", function(t, ws)
  local id = warehouse(ws)
  local text = "/* sandbox.chunk_rows=2 */ "
    .. "SELECT * FROM (VALUES ('1', NULL), ('2', ''), ('3', 'x'), "
    .. "('4', 'é'), ('5', 'a\"b')) AS t(n, s) ORDER BY n"
  local want = { { "1", json.null }, { "2", "" }, { "3", "x" }, { "4", "é" }, { "5", 'a"b' } }
  for _, disposition in ipairs { "INLINE", "EXTERNAL_LINKS" } do
    local cursor <close> = ws:sql(text, { warehouse_id = id, disposition = disposition })
    t.equal(cursor.columns[1].name, "n")
    t.equal(cursor.columns[2].type_name, "STRING")
    t.equal(cursor.total_rows, 5)
    t.equal(cursor.truncated, false)
    t.equal(rows_of(cursor), want, disposition)
  end
end)

with_workspace("an expired link is asked for again", function(t, ws)
  local cursor <close> = ws:sql(
    "/* sandbox.chunk_rows=1 sandbox.link_seconds=1 */ "
      .. "SELECT * FROM (VALUES ('1'), ('2')) AS t(n)",
    { warehouse_id = warehouse(ws), disposition = "EXTERNAL_LINKS" })
  t.equal(cursor:next()[1], "1")
  task.sleep(1.2)
  t.equal(cursor:next()[1], "2")
  t.is_nil(cursor:next())
end)

with_workspace("parameters are bound and never pasted", function(t, ws)
  local text = "SELECT :s AS s, :n + 1 AS n, :b AS b, :none IS NULL AS none, :big AS big"
  local cursor = ws:sql(text, {
    warehouse_id = warehouse(ws),
    parameters = {
      { name = "s", value = "x' OR '1'='1" }, { name = "n", value = 41 },
      { name = "b", value = true }, { name = "none" }, { name = "big", value = 9007199254740993 },
    },
  })
  t.equal(rows_of(cursor), { { "x' OR '1'='1", "42", "true", "true", "9007199254740993" } })
end)

with_workspace("a statement that fails, ends or hangs is never no rows", function(t, ws)
  local id = warehouse(ws)
  local function sql(text, timeout)
    return ws:sql(text, { warehouse_id = id, timeout = timeout })
  end
  local e = t.fault(sql, "SELECT * FROM no_such_table")
  t.equal(e.kind, "sql")
  t.match(e.message, "42P01")
  t.equal(t.fault(ws.sql, ws, "SELECT 1", { warehouse_id = "0" }).kind, "http")
  t.equal(t.fault(sql, "/* sandbox.duration_ms=60000 */ SELECT 1", 0.5).kind, "timeout")
  t.equal(t.fault(ws.sql, ws, "SELECT 1").kind, "usage")

  local waiting = task.spawn(pcall, sql, "/* sandbox.duration_ms=60000 */ SELECT 2")
  task.sleep(0.3)
  task.cancel(waiting)
  task.sleep(0.1)
  t.is_false(task.alive(waiting))
end)

with_workspace("no rows are no rows", function(t, ws)
  local cursor <close> = ws:sql("SELECT 'x' AS a WHERE 1 = 0", { warehouse_id = warehouse(ws) })
  t.equal(cursor.columns[1].name, "a")
  t.is_nil(cursor:next())
  t.equal(cursor.total_rows, 0)
end)

with_workspace("a token that is not known is a fault about credentials", function(t, ws)
  local bad <close> = databricks.connect {
    host = ws:info().host,
    credential = databricks.credential { token = "dapi-wrong" },
  }
  bad:authenticate()
  local e = t.fault(bad.pipeline_get, bad, some_pipeline(ws))
  t.equal(e.kind, "auth")
  t.no_match(json.encode(e), "dapi-wrong")
end)

test("a host that nobody listens on is a fault that says so", function(t)
  local server = sandbox.start { scenario = "empty", state = false }
  local ws <close> = databricks.connect {
    host = server:url(),
    credential = databricks.credential { token = "demo-token" },
  }
  server:close()
  local e = t.fault(ws.pipeline_list, ws)
  t.equal(e.kind, "network")
  t.is_true(fault.is(e) and e.retryable)
end)
