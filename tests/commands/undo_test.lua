-- tarn undo: an operation is undone once, also under faults.

local http = require "native.http"
local journal = require "tarn.journal"
local journaled = require "support.journaled"
local json = require "native.json"
local pipelines = require "tarn.pipelines"
local program = require "testing.program"
local troubles = require "sandbox.http.troubles"
local undo = require "tarn.undo"

local PATH <const> = "/api/2.0/pipelines/"

local function side(j, more)
  local all = {}
  for key, value in pairs(j.side) do
    all[key] = value
  end
  for key, value in pairs(more or {}) do
    all[key] = value
  end
  return all
end

local function begin(j, name)
  return journal.begin { command = "clone", source = { org_id = 1, pipeline_id = "src" },
    target = side(j, { name = name }) }
end

local function create_in(j, op, spec)
  return op:perform({ kind = "pipeline.create", request = "POST /api/2.0/pipelines",
    what = { name = spec.name, spec = spec } }, pipelines.create, j.ws, spec).pipeline_id
end

local function spec_of(name, more)
  local spec = { name = name, catalog = "main", schema = "s", serverless = true,
    libraries = { { notebook = { path = "/Shared/etl" } } } }
  for key, value in pairs(more or {}) do
    spec[key] = value
  end
  return spec
end

-- An operation that has created a pipeline.
local function made(j, name, more)
  local op = begin(j, name)
  local id = create_in(j, op, spec_of(name, more))
  op:finish("done", { pipeline_id = id })
  j:forget()
  return op.id, id
end

local function is_there(j, id)
  local status, body = j.w:call("GET", PATH .. id)
  return status == 200 and body.state ~= "DELETED"
end

-- An operation that has edited a pipeline.
local function edited(j, id, change)
  local before = j.ws.native:pipeline_get(id)
  local spec = {}
  for key, value in pairs(before.spec) do
    spec[key] = value
  end
  for key, value in pairs(change) do
    spec[key] = value
  end
  local op = journal.begin { command = "clone", target = side(j, { pipeline_id = id }) }
  op:perform({ kind = "pipeline.edit", request = "PUT " .. PATH .. id, before = before,
    what = { pipeline_id = id, name = before.name, spec = spec } },
    j.ws.native.pipeline_edit, j.ws.native, id, spec)
  op:finish "done"
  j:forget()
  return op.id, before
end

local function import(j, path, bytes, as)
  j.w:ok("POST", "/api/2.0/workspace/import", { path = path, format = as.format,
    language = as.language, overwrite = true, content = http.base64_encode(bytes) })
end

local function export(j, path, format)
  local status, body = j.w:call("GET", "/api/2.0/workspace/export?format=" .. (format or "SOURCE")
    .. "&path=" .. http.escape(path))
  return status == 200 and http.base64_decode(body.content) or nil
end

local SQL <const> = { format = "SOURCE", language = "SQL" }

local function imported(j, op, path, bytes, as, before)
  op:perform({ kind = "workspace.import", request = "POST /api/2.0/workspace/import",
    what = { path = path, format = as.format, language = as.language }, before = before },
    import, j, path, bytes, as)
end

test("undo of a create deletes the pipeline and keeps its tables", function(t)
  local j <close> = journaled.start()
  local op, id = made(j, "copy")
  local data = j:data { "undo", op, "--yes" }
  t.equal({ data.status, data.operation }, { "undone", op })
  t.is_false(is_there(j, id))
  t.equal(j:changes(), { "DELETE " .. PATH .. id .. "?cascade=false" })
  t.equal(journal.find(op).status, "undone")
  t.equal(journal.copies { org_id = 1, pipeline_id = "src" }, {})
end)

test("--tables deletes the tables too", function(t)
  local j <close> = journaled.start()
  local op, id = made(j, "copy")
  j:data { "undo", op, "--tables", "--yes" }
  t.equal(j:changes(), { "DELETE " .. PATH .. id .. "?cascade=true" })
end)

test("a pipeline of the Hive metastore is deleted without naming its tables", function(t)
  local j <close> = journaled.start()
  local op = begin(j, "old")
  local id = create_in(j, op, { name = "old", storage = "dbfs:/old", target = "t",
    libraries = { { notebook = { path = "/Shared/etl" } } } })
  op:finish "done"
  j:forget()
  j:data { "undo", op.id, "--yes" }
  t.equal(j:changes(), { "DELETE " .. PATH .. id })
end)

test("undo of an edit restores all settings", function(t)
  local j <close> = journaled.start()
  local _, id = made(j, "copy", { configuration = { a = "1", ["db.password"] = "hunter2" },
    tags = json.decode "{}", parameters = { p = "x" }, unknown_field = { 1, 2.5 } })
  local op, before = edited(j, id, { configuration = { a = "2" }, tags = { t = "x" } })
  local data = j:data { "undo", op, "--yes" }
  t.equal(data.steps[1].verdict, "done")
  local now = j.ws.native:pipeline_get(id)
  t.equal(json.encode(now.spec), json.encode(before.spec))
  t.equal(now.parameters, { p = "x" })
  t.equal(j:changes(), { "PUT " .. PATH .. id })
end)

test("a pipeline that has changed since is not deleted without --force", function(t)
  local j <close> = journaled.start()
  local op, id = made(j, "copy")
  j.w.clock:advance(60000)
  local now = j.ws.native:pipeline_get(id).spec
  now.configuration = { by = "hand" }
  j.w:ok("PUT", PATH .. id, now)
  j:forget()
  local r = j:run { "undo", op, "--yes" }
  t.equal(r.status, 5)
  t.match(r.stderr, "nothing was changed")
  t.match(r.stderr, "settings were changed")
  t.match(r.stderr, "--force")
  t.equal(j:changes(), {})
  t.is_true(is_there(j, id))
  j:data { "undo", op, "--force", "--yes" }
  t.is_false(is_there(j, id))
end)

test("the dry run shows the steps, and only reads", function(t)
  local j <close> = journaled.start()
  local op, id = made(j, "copy")
  local data = j:data { "undo", "last", "--dry-run" }
  t.equal({ data.operation, data.dry_run, data.steps[1].verdict }, { op, true, "undo" })
  t.match(data.steps[1].action, "delete pipeline 'copy'")
  t.equal(j:changes(), {})
  t.is_true(is_there(j, id))
  t.equal(journal.find "last".id, op)
end)

test("it asks first, and needs --yes without a terminal", function(t)
  local j <close> = journaled.start()
  local op, id = made(j, "copy")
  local r = j:run { "undo", op }
  t.equal(r.status, 2)
  t.is_true(is_there(j, id))
  local script = require("engine.script").load "@undo"
  local ctx = require("engine.context").new("tarn undo", {})
  rawset(ctx, "workspace", j.ws)
  rawset(ctx, "options", { profile = "there" })
  local question = script.question(ctx, { operation = op })
  t.match(question, "delete pipeline 'copy'")
  t.match(question, "keeping its tables")
end)

test("sources are restored byte for byte, and new sources are deleted", function(t)
  local j <close> = journaled.start()
  local notebook = "-- Databricks notebook source\nSELECT 1"
  local file = "# Databricks notebook source\nnot a notebook \0\255"
  j.w:ok("POST", "/api/2.0/workspace/mkdirs", { path = "/Shared/old" })
  import(j, "/Shared/old/nb", notebook, SQL)
  import(j, "/Shared/old/lib.py", file, { format = "RAW" })
  local op = begin(j, "copy")
  op:perform({ kind = "workspace.mkdirs", what = { path = "/Shared/new/deep",
    missing = { "/Shared/new", "/Shared/new/deep" } } },
    j.ws.native.workspace_mkdirs, j.ws.native, "/Shared/new/deep")
  imported(j, op, "/Shared/new/deep/nb", notebook, SQL)
  imported(j, op, "/Shared/old/nb", "-- Databricks notebook source\nSELECT 2", SQL,
    { bytes = export(j, "/Shared/old/nb"), format = "SOURCE", language = "SQL" })
  imported(j, op, "/Shared/old/lib.py", "other", { format = "RAW" },
    { bytes = file, format = "RAW" })
  op:finish "done"
  local data = j:data { "undo", op.id, "--yes" }
  t.equal(data.status, "undone")
  t.equal(export(j, "/Shared/old/nb"), notebook)
  t.equal(export(j, "/Shared/old/lib.py", "AUTO"), file)
  local status = j.w:call("GET", "/api/2.0/workspace/get-status?path=/Shared/new")
  t.equal(status, 404, "the folders are deleted too")
end)

test("a folder that is in use is kept", function(t)
  local j <close> = journaled.start()
  local op = begin(j, "copy")
  op:perform({ kind = "workspace.mkdirs",
    what = { path = "/Shared/new", missing = { "/Shared/new" } } },
    j.ws.native.workspace_mkdirs, j.ws.native, "/Shared/new")
  op:finish "done"
  import(j, "/Shared/new/mine", "SELECT 1", SQL)
  local data = j:data { "undo", op.id, "--yes" }
  t.match(data.steps[1].reason, "is kept")
  t.is_true(export(j, "/Shared/new/mine") ~= nil)
end)

test("a notebook that has changed since is not deleted", function(t)
  local j <close> = journaled.start()
  local op = begin(j, "copy")
  imported(j, op, "/Shared/nb", "SELECT 1", SQL)
  op:finish "done"
  j.w.clock:advance(60000)
  import(j, "/Shared/nb", "SELECT 2", SQL)
  local r = j:run { "undo", op.id, "--yes" }
  t.equal(r.status, 5)
  t.match(r.stderr, "/Shared/nb: it was changed at")
  t.match(export(j, "/Shared/nb"), "SELECT 2")
end)

test("permissions are restored", function(t)
  local j <close> = journaled.start()
  local _, id = made(j, "copy")
  local path = "/api/2.0/permissions/pipelines/" .. id
  local before = j.w:ok("GET", path)
  local op = journal.begin { command = "clone", target = side(j) }
  local list = { { group_name = "users", permission_level = "CAN_RUN" } }
  op:perform({ kind = "permissions.set", request = "PATCH " .. path, before = before,
    what = { pipeline_id = id, name = "copy", access_control_list = list } },
    j.ws.request, j.ws, "PATCH", path, { body = { access_control_list = list } })
  op:finish "done"
  t.is_true(json.encode(j.w:ok("GET", path)) ~= json.encode(before))
  t.equal(j:data { "undo", op.id, "--yes" }.steps[1].verdict, "done")
  t.equal(json.encode(j.w:ok("GET", path)), json.encode(before))
end)

test("a deleted pipeline is created again, with its permissions and a new id", function(t)
  local j <close> = journaled.start()
  local _, id = made(j, "copy", { configuration = { a = "1" }, parameters = { p = "x" } })
  j.w:ok("PATCH", "/api/2.0/permissions/pipelines/" .. id, { access_control_list = {
    { group_name = "users", permission_level = "CAN_RUN" } } })
  local spec = j.ws.native:pipeline_get(id).spec
  local deleted = j:data { "delete", "copy", "--yes", "--profile", "there" }
  t.equal({ deleted.status, deleted.tables }, { "deleted", "kept" })
  j:data { "undo", deleted.operation, "--yes" }
  local again = j.ws:pipeline "copy"
  t.is_true(again.pipeline_id ~= id)
  spec.id = again.pipeline_id
  t.equal(json.encode(again.spec), json.encode(spec))
  t.equal(again.parameters, { p = "x" })
  t.match(json.encode(j.w:ok("GET", "/api/2.0/permissions/pipelines/" .. again.pipeline_id)),
    "CAN_RUN")
end)

test("an undo can be undone", function(t)
  local j <close> = journaled.start()
  local op = made(j, "copy")
  local first = j:data { "undo", op, "--yes" }
  t.equal(journal.find(first.undo).undoes, op)
  j:data { "undo", first.undo, "--yes" }
  t.equal(j.ws:pipeline "copy".spec.catalog, "main")
end)

test("a second undo has nothing to do", function(t)
  local j <close> = journaled.start()
  local op = made(j, "copy")
  j:data { "undo", op, "--yes" }
  j:forget()
  local data = j:data { "undo", "last", "--yes" }
  t.equal({ data.operation, data.steps[1].verdict }, { op, "already" })
  t.equal(j:changes(), {})
end)

test("a pipeline that somebody has deleted is not a fault", function(t)
  local j <close> = journaled.start()
  local op, id = made(j, "copy")
  j.w:ok("DELETE", PATH .. id)
  j:forget()
  t.equal(j:data { "undo", op, "--yes" }.steps[1].verdict, "already")
  t.equal(journal.find(op).status, "undone")
end)

test("all parts of a bulk operation are undone, each in reverse order", function(t)
  local j <close> = journaled.start()
  local op = journal.begin { command = "clone", target = side(j) }
  local ids = {}
  for i = 1, 3 do
    local item = op:item { target = side(j, { name = "p" .. i }) }
    ids[i] = create_in(j, item, spec_of("p" .. i))
    item:finish "done"
  end
  op:finish "done"
  local one = j:data { "undo", op.id .. ".2", "--yes" }
  t.equal({ one.status, is_there(j, ids[2]), is_there(j, ids[3]) }, { "undone", false, true })
  j:data { "undo", op.id, "--yes" }
  t.is_false(is_there(j, ids[1]) or is_there(j, ids[3]))
  t.equal({ journal.find(op.id).status, journal.items(op.id)[1].status }, { "undone", "undone" })
end)

test("parts that share folders and files are undone without a rest", function(t)
  local j <close> = journaled.start()
  local op = journal.begin { command = "clone", target = side(j) }
  import(j, "/Shared/old", "-- Databricks notebook source\nSELECT 0", SQL)
  local kept = export(j, "/Shared/old")
  for i = 1, 4 do
    local item = op:item { target = side(j, { name = "p" .. i }) }
    if i == 1 then
      item:perform({ kind = "workspace.mkdirs", what = { path = "/Shared/all",
        missing = { "/Shared/all" } } }, j.ws.native.workspace_mkdirs, j.ws.native, "/Shared/all")
    end
    imported(j, item, "/Shared/all/nb" .. i, "SELECT 1", SQL)
    imported(j, item, "/Shared/old", "-- Databricks notebook source\nSELECT " .. i, SQL,
      { bytes = export(j, "/Shared/old"), format = "SOURCE", language = "SQL" })
    create_in(j, item, spec_of("p" .. i))
    item:finish "done"
  end
  op:finish "done"
  t.equal(j:data { "undo", op.id, "--yes" }.status, "undone")
  t.equal(export(j, "/Shared/old"), kept)
  t.equal(j.w:call("GET", "/api/2.0/workspace/get-status?path=/Shared/all"), 404)
  t.is_nil(j.ws:pipelines()())
end)

test("a failed step stops its part, not the others, and the next undo continues", function(t)
  local j <close> = journaled.start()
  local op = journal.begin { command = "clone", target = side(j) }
  local ids = {}
  for i = 1, 2 do
    local item = op:item { target = side(j, { name = "p" .. i }) }
    imported(j, item, "/Shared/nb" .. i, "SELECT 1", SQL)
    ids[i] = create_in(j, item, spec_of("p" .. i))
    item:finish "done"
  end
  op:finish "done"
  j.on_request = function(request, answer)
    if request.method == "DELETE" and request.path == PATH .. ids[2] then
      return { status = 403, headers = {}, body = json.encode { error_code = "PERMISSION_DENIED",
        message = "not yours" } }
    end
    return answer()
  end
  local r = j:run { "undo", op.id, "--yes" }
  j.on_request = nil
  t.equal(r.status, 1)
  t.match(r.stdout, "not yours")
  t.match(r.stderr, "continues")
  t.equal({ is_there(j, ids[1]), is_there(j, ids[2]) }, { false, true })
  t.is_true(export(j, "/Shared/nb2") ~= nil, "the pipeline still has its notebook")
  j:data { "undo", op.id, "--yes" }
  t.is_false(is_there(j, ids[2]))
  t.is_nil(export(j, "/Shared/nb2"))
end)

test("an operation is not undone in another workspace", function(t)
  local j <close> = journaled.start()
  local op, id = made(j, "copy")
  local r = j:run { "--profile", "dr", "undo", op, "--yes" }
  t.equal(r.status, 2)
  t.match(r.stderr, "choose the right workspace with --profile")
  t.is_true(is_there(j, id))
end)

test("the parts of a bulk operation have their workspace, even if the whole has none", function(t)
  local j <close> = journaled.start()
  local op = journal.begin { command = "clone", target = { profile = "there" } }
  local id = create_in(j, op:item { target = side(j, { name = "p" }) }, spec_of "p")
  op:finish "done"
  local r = j:run { "--profile", "dr", "undo", op.id, "--yes" }
  t.equal({ r.status, is_there(j, id) }, { 2, true })
end)

test("a running operation is not undone, nor is one by two processes at once", function(t)
  local j <close> = journaled.start()
  local running = begin(j, "copy")
  t.equal(t.fault(undo.plan, j.ws, journal.find(running.id)).kind, "conflict")
  running:finish "done"
  local op = made(j, "copy")
  local other = journal.begin { command = "undo", undoes = op, target = side(j) }
  local r = j:run { "undo", op, "--yes" }
  t.equal(r.status, 5)
  t.match(r.stderr, other.id)
end)

-- ---- steps with an unknown outcome ----

-- A create whose process died; `effect`: the workspace has the pipeline.
local function lost(j, name, effect)
  local op = begin(j, name)
  op:step { kind = "pipeline.create", what = { name = name, spec = spec_of(name) } }
  local id = effect and j.w:pipeline(spec_of(name)) or nil
  op:finish "failed"
  j:forget()
  return op.id, id
end

test("a create whose answer was lost is found and undone", function(t)
  local j <close> = journaled.start()
  local op, id = lost(j, "copy", true)
  j:data { "undo", op, "--yes" }
  t.is_false(is_there(j, id))
  local step = journal.steps(op)[1]
  t.equal({ step.status, step.result.pipeline_id }, { "done", id })
end)

test("a create that never arrived leaves nothing to undo", function(t)
  local j <close> = journaled.start()
  local op = lost(j, "copy", false)
  local data = j:data { "undo", op, "--yes" }
  t.equal(data.steps[1].verdict, "nothing")
  t.equal(j:changes(), {})
  t.equal(journal.steps(op)[1].status, "failed")
end)

test("an older pipeline is not taken for the created one", function(t)
  local j <close> = journaled.start()
  j.w.clock:advance(-3600000)
  local id = j.w:pipeline(spec_of "copy")
  j.w.clock:advance(3600000)
  local op = begin(j, "copy")
  op:step { kind = "pipeline.create", what = { name = "copy", spec = spec_of "copy" } }
  op:finish "failed"
  j:data { "undo", op.id, "--yes" }
  t.is_true(is_there(j, id))
end)

test("a pipeline that another operation has created is not taken for it either", function(t)
  local j <close> = journaled.start()
  local lost_op = begin(j, "copy")
  lost_op:step { kind = "pipeline.create", what = { name = "copy", spec = spec_of "copy" } }
  local _, id = made(j, "copy")
  lost_op:finish "failed"
  t.equal(j:data { "undo", lost_op.id, "--yes" }.steps[1].verdict, "nothing")
  t.is_true(is_there(j, id))
end)

test("tarn journal --look resolves unknown outcomes, and changes nothing", function(t)
  local j <close> = journaled.start()
  local op, id = lost(j, "copy", true)
  t.equal(j:data { "journal", op }.steps[1].status, "unknown")
  t.equal(j:data { "journal", op, "--look" }.steps[1].result.pipeline_id, id)
  t.equal(j:changes(), {})
end)

test("the outcome of an edit without an answer is found by a read", function(t)
  local j <close> = journaled.start()
  for _, effect in ipairs { true, false } do
    local _, id = made(j, "copy" .. tostring(effect))
    local before = j.ws.native:pipeline_get(id)
    local spec = spec_of(before.name, { configuration = { a = "1" } })
    local op = journal.begin { command = "clone", target = side(j) }
    op:step { kind = "pipeline.edit", before = before,
      what = { pipeline_id = id, name = before.name, spec = spec } }
    if effect then
      j.w:ok("PUT", PATH .. id, spec)
    end
    op:finish "failed"
    local data = j:data { "undo", op.id, "--yes" }
    t.equal(data.steps[1].verdict, effect and "done" or "nothing")
    t.equal(json.encode(j.ws.native:pipeline_get(id).spec), json.encode(before.spec))
  end
end)

-- ---- killed in the middle ----

local function is_change(request)
  return request.method ~= "GET"
end

-- An operation with every kind of step.
local function everything(j, round)
  local op, name = begin(j, "copy" .. round), "copy" .. round
  local base = "/Shared/r" .. round
  j.w:ok("POST", "/api/2.0/workspace/mkdirs", { path = base })
  import(j, base .. "/old", "-- Databricks notebook source\nSELECT 1", SQL)
  local kept = export(j, base .. "/old")
  local other = j.w:pipeline(spec_of("other" .. round))
  local before = j.ws.native:pipeline_get(other)
  op:perform({ kind = "workspace.mkdirs", what = { path = base .. "/new",
    missing = { base .. "/new" } } }, j.ws.native.workspace_mkdirs, j.ws.native, base .. "/new")
  imported(j, op, base .. "/new/nb", "SELECT 1", SQL)
  imported(j, op, base .. "/old", "-- Databricks notebook source\nSELECT 2", SQL,
    { bytes = kept, format = "SOURCE", language = "SQL" })
  local id = create_in(j, op, spec_of(name))
  local spec = spec_of("other" .. round, { configuration = { a = "1" } })
  op:perform({ kind = "pipeline.edit", before = before,
    what = { pipeline_id = other, name = spec.name, spec = spec } },
    j.ws.native.pipeline_edit, j.ws.native, other, spec)
  op:finish "done"
  j:forget()
  return { op = op.id, check = function(t, why)
    t.is_false(is_there(j, id), why)
    t.equal(export(j, base .. "/old"), kept, why)
    t.is_nil(export(j, base .. "/new/nb"), why)
    t.equal((j.w:call("GET", "/api/2.0/workspace/get-status?path=" .. base .. "/new")), 404, why)
    t.equal(json.encode(j.ws.native:pipeline_get(other).spec), json.encode(before.spec), why)
  end }
end

test("killed before or after any request, the next undo ends in the same state", function(t)
  local j <close> = journaled.start()
  local whole = everything(j, 0)
  j:data { "undo", whole.op, "--yes" }
  whole.check(t, "without a kill")
  local n = #j:changes()
  t.equal(n, 5)
  for at = 1, n do
    for _, when in ipairs { "before", "after" } do
      local round = at * 2 + (when == "after" and 1 or 0)
      local why = ("killed %s request %d"):format(when, at)
      local case = everything(j, round)
      local seen = 0
      local r = j:run_and_kill({ "undo", case.op, "--yes" }, function(request)
        seen = seen + (is_change(request) and 1 or 0)
        return seen == at and is_change(request)
      end, when)
      t.equal(r.status, 137, why)
      t.equal(journal.find "last".status, "interrupted", why)
      local again = j:run { "undo", case.op, "--yes" }
      t.equal({ again.status, again.stderr }, { 0, "" }, why)
      case.check(t, why)
      t.equal(journal.find(case.op).status, "undone", why)
    end
  end
end)

-- Faults of one request.
local TROUBLES <const> = {
  { action = "429", retry_after = 1 }, { action = "503", retry_after = 1 }, { action = "500" },
  { action = "504" }, { action = "reset_before" }, { action = "reset_after" },
  { action = "truncate" }, { action = "not_json" }, { action = "html_200" },
  { action = "expired_token" }, { action = "403" }, { action = "409" }, { action = "503_html" },
}

test("after any fault at any request, this undo or the next one ends in the same state",
  function(t)
    local j <close> = journaled.start()
    local changes = 5
    for n, trouble in ipairs(TROUBLES) do
      local at = n % changes + 1
      local case, seen = everything(j, 100 + n), 0
      local why = ("%s at request %d"):format(trouble.action, at)
      j.on_request = function(request, answer)
        seen = seen + (is_change(request) and 1 or 0)
        if seen == at and is_change(request) then
          seen = seen + 100
          return troubles[trouble.action](trouble, request, answer)
        end
        return answer()
      end
      local r = j:run { "undo", case.op, "--yes" }
      j.on_request = nil
      if r.status ~= 0 then
        r = j:run { "undo", case.op, "--yes" }
      end
      t.equal({ r.status, r.stderr }, { 0, "" }, why)
      case.check(t, why)
    end
  end)

local function tree(j, path)
  local found = {}
  local status, body = j.w:call("GET", "/api/2.0/workspace/list?path=" .. path, nil,
    { token = "demo-dr-token" })
  for _, object in ipairs(status == 200 and body.objects or {}) do
    found[#found + 1] = object.path
    if object.object_type == "DIRECTORY" then
      table.move(tree(j, object.path), 1, 999, #found + 1, found)
    end
  end
  return found
end

test("a clone that is killed at any request is undone completely", function(t)
  local j <close> = journaled.start()
  j.w:pipeline { name = "sales" }
  j.w:ok("POST", "/api/2.0/workspace/mkdirs", { path = "/Shared/code" })
  import(j, "/Shared/code/nb", "SELECT 1", SQL)
  local id = j.ws:pipeline "sales".pipeline_id
  j.w:ok("PUT", PATH .. id, spec_of("sales", { libraries = { {
    notebook = { path = "/Shared/code/nb" } } } }))
  local before = tree(j, "/")
  local words = { "--profile", "there", "clone", "sales", "--to", "dr", "--with-sources",
    "--permissions" }
  j:forget()
  local r = j:run(words)
  t.equal(r.status, 0, r.stderr)
  local changes = #j:changes()
  t.is_true(changes >= 3, "folder, notebook, pipeline")
  j:data { "undo", "last", "--yes" }
  t.equal(tree(j, "/"), before)
  for at = 1, changes do
    for _, when in ipairs { "before", "after" } do
      local why, seen = ("killed %s request %d"):format(when, at), 0
      local killed = j:run_and_kill(words, function(request)
        seen = seen + (is_change(request) and 1 or 0)
        return seen == at and is_change(request)
      end, when)
      t.equal(killed.status, 137, why)
      local again = j:run { "undo", "last", "--yes" }
      t.equal({ again.status, again.stderr }, { 0, "" }, why)
      t.equal(tree(j, "/"), before, why)
      local list = j.w:ok("GET", "/api/2.0/pipelines", nil, { token = "demo-dr-token" })
      t.equal(#(list.statuses or {}), 0, why)
    end
  end
end)

test("a deleted pipeline is created again once, whenever the undo is killed", function(t)
  local j <close> = journaled.start()
  for at = 1, 2 do
    for _, when in ipairs { "before", "after" } do
      local why, name = ("killed %s request %d"):format(when, at), when .. at
      local _, id = made(j, name)
      j.w:ok("PATCH", "/api/2.0/permissions/pipelines/" .. id, { access_control_list = {
        { group_name = "users", permission_level = "CAN_RUN" } } })
      local op = j:data { "delete", name, "--yes", "--profile", "there" }.operation
      local seen = 0
      local r = j:run_and_kill({ "undo", op, "--yes" }, function(request)
        seen = seen + (is_change(request) and 1 or 0)
        return seen == at and is_change(request)
      end, when)
      t.equal(r.status, 137, why)
      t.equal(j:run { "undo", op, "--yes" }.status, 0, why)
      local found = 0
      for row in j.ws:pipelines() do
        found = found + (row.name == name and 1 or 0)
      end
      t.equal(found, 1, why)
      t.match(json.encode(j.w:ok("GET", "/api/2.0/permissions/pipelines/"
        .. j.ws:pipeline(name).pipeline_id)), "CAN_RUN")
    end
  end
end)

test("the whole action stands in a narrow window", function(t)
  local j <close> = journaled.start()
  j.w:pipeline { name = "a pipeline with a long name" }
  j:data { "-p", "there", "set", "a pipeline with a long name", "tags.a=b" }
  local opts = j:options()
  opts.env.COLUMNS = "60"
  local r = program.run({ "undo", "last", "--dry-run" }, opts)
  t.match((r.stdout:gsub("%s+", " ")),
    "restore the settings of pipeline 'a pipeline with a long name' (")
  for line in r.stdout:gmatch "[^\n]+" do
    t.is_true(#line <= 60, line)
  end
end)
