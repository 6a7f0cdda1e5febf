-- Many at once: get, permissions, trigger, stop and delete with several names, globs and --all.

local collections = require "base.collections"
local fake = require "testing.fake"
local journal = require "tarn.journal"
local journaled = require "support.journaled"
local json = require "native.json"
local program = require "testing.program"
local serving = require "support.serving"
local terminal = require "support.terminal"
local wait = require "testing.wait"
local workspace = require "testing.workspace"

local PATH <const> = "/api/2.0/pipelines/"

-- A workspace with pipelines of these names; their ids by name.
local function start(...)
  local j, ids = journaled.start(), {}
  for _, name in ipairs { ... } do
    ids[name] = j.w:pipeline { name = name }
  end
  j:forget()
  return j, ids
end

-- Run a command with -o json. Returns its status, its data, and what it has printed.
local function run(j, ...)
  local r = j:run { "--profile", "there", "-o", "json", ... }
  return r.status, r.stdout ~= "" and json.decode(r.stdout) or nil, r
end

local function column(rows, name)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = row[name] or false
  end
  return list
end

-- Answer requests of this method for one pipeline with an error.
local function refuse(j, method, id, status, code)
  j.on_request = function(request, answer)
    if request.method == method and request.path:find(id, 1, true) then
      return { status = status, headers = {}, body = json.encode { error_code = code,
        message = "not yours" } }
    end
    return answer()
  end
end

-- ---- reading ----

test("what is asked for decides whether JSON is a list", function(t)
  local j <close>, ids = start("dev_a", "dev_b", "prod")
  local _, one = run(j, "get", "prod")
  t.equal(one.pipeline_id, ids.prod)
  for _, case in ipairs { { { "pro*" }, { "prod" } }, { { "prod", "dev_a" }, { "prod", "dev_a" } },
    { { "--all" }, { "dev_a", "dev_b", "prod" } }, { { "dev_?" }, { "dev_a", "dev_b" } } } do
    local status, rows = run(j, "get", table.unpack(case[1]))
    t.equal({ status, column(rows, "name") }, { 0, case[2] })
    t.is_true(rows[1].spec ~= nil)
  end
end)

test("rows of many have every format", function(t)
  local j <close> = start("dev_a", "dev_b")
  local function output(...)
    return j:run({ "--profile", "there", ... }).stdout
  end
  t.equal(select(2, output("get", "dev_*", "-o", "jsonl"):gsub("\n", "")), 2)
  t.equal(output("get", "dev_*", "-o", "csv", "--columns", "name"), "name\r\ndev_a\r\ndev_b\r\n")
  t.match(output("permissions", "dev_*", "-o", "yaml"), "name: dev_b")
  local text = output("permissions", "dev_*")
  t.equal(text:find "^dev_a %(", 1)
  t.match(text, "\n\ndev_b (")
  local csv = output("permissions", "--all", "-o", "csv")
  t.match(csv, "pipeline_id,name,level,kind,")
  t.match(csv, ",dev_b,IS_OWNER,user,")
end)

test("one that cannot be read has an error, and decides the exit status", function(t)
  local j <close>, ids = start("dev_a", "dev_b", "dev_c")
  for _, command in ipairs { "get", "permissions" } do
    refuse(j, "GET", ids.dev_b, 403, "PERMISSION_DENIED")
    local status, rows, r = run(j, command, "dev_*")
    t.equal({ status, column(rows, "name") }, { 4, { "dev_a", "dev_b", "dev_c" } })
    t.equal({ rows[1].error, rows[2].error.message, rows[3].error }, { nil, "not yours", nil })
    t.match(r.stderr, "1 of 3 pipelines failed: not yours")
    local csv = j:run { "--profile", "there", command, "dev_*", "-o", "csv" }
    t.match(csv.stdout, "not yours")
  end
end)

test("a thousand pipelines are listed once", function(t)
  local w <close> = workspace.start { scenario = "large:1000,10,100" }
  local seen = {}
  w:intercept(function(request, answer)
    local kind = request.path:gsub("%x+%-%x+%-%x+%-%x+%-%x+", "ID")
    seen[kind] = (seen[kind] or 0) + 1
    return answer()
  end)
  local _, status = w:command("permissions", { all = true })
  t.equal(status, 0)
  t.is_true(seen["/api/2.0/pipelines"] <= 12, seen["/api/2.0/pipelines"])
  t.equal(seen["/api/2.0/permissions/pipelines/ID"], 1000)
  t.is_nil(seen["/api/2.0/pipelines/ID"])
  seen = {}
  t.equal(#w:command("get", { pipeline = { "*" } }), 1000)
  t.is_true(seen["/api/2.0/pipelines"] <= 12, seen["/api/2.0/pipelines"])
  t.equal(seen["/api/2.0/pipelines/ID"], 1000)
end)

-- ---- changes ----

test("delete of many is one operation, which undo takes back", function(t)
  local j <close>, ids = start("tmp_a", "tmp_b", "keep")
  local status, rows = run(j, "delete", "tmp_*", "--yes")
  t.equal({ status, column(rows, "status"), column(rows, "tables") },
    { 0, { "deleted", "deleted" }, { "kept", "kept" } })
  t.equal((j.w:call("GET", PATH .. ids.tmp_a)), 404)
  t.equal((j.w:call("GET", PATH .. ids.keep)), 200)
  local record = journal.find "last"
  t.equal({ record.command, record.status, #journal.items(record.id) }, { "delete", "done", 2 })
  t.equal(rows[2].operation, record.id .. ".2")
  t.equal(j:run({ "undo", "last", "--yes" }).status, 0)
  t.equal(column(select(2, run(j, "get", "--all")), "name"), { "keep", "tmp_a", "tmp_b" })
end)

test("two of one name are deleted, and both come back", function(t)
  local j <close> = start "keep"
  j.w:pipeline { name = "twice" }
  j.w:pipeline { name = "twice", allow_duplicate_names = true }
  local status, rows = run(j, "delete", "twi*", "--yes")
  t.equal({ status, #rows }, { 0, 2 })
  local r = j:run { "undo", "last", "--yes" }
  t.equal(r.status, 0, r.stdout .. r.stderr)
  t.equal(column(select(2, run(j, "get", "--all")), "name"), { "keep", "twice", "twice" })
end)

test("if one cannot be deleted, the others are, and the journal tells them apart", function(t)
  local j <close>, ids = start("tmp_a", "tmp_b", "tmp_c")
  refuse(j, "DELETE", ids.tmp_b, 403, "PERMISSION_DENIED")
  local status, rows = run(j, "delete", "tmp_*", "--yes")
  t.equal({ status, column(rows, "status") }, { 4, { "deleted", "failed", "deleted" } })
  t.equal(rows[2].error.message, "not yours")
  local record = journal.find "last"
  t.equal({ record.status, column(journal.items(record.id), "status") },
    { "partial", { "done", "failed", "done" } })
end)

test("failures of two kinds end with 1, an unknown outcome with 10", function(t)
  local j <close>, ids = start("tmp_a", "tmp_b", "tmp_c")
  j.on_request = function(request, answer)
    local is_first = request.path:find(ids.tmp_a, 1, true)
    if request.method == "DELETE" and (is_first or request.path:find(ids.tmp_b, 1, true)) then
      return { status = is_first and 403 or 400, headers = {}, body = json.encode {
        error_code = is_first and "PERMISSION_DENIED" or "RESOURCE_CONFLICT", message = "no" } }
    end
    return answer()
  end
  t.equal((run(j, "delete", "tmp_*", "--yes")), 1)
end)

test("a workspace that no longer knows the user is not asked for the others", function(t)
  local j <close> = start("a1", "a2", "a3", "a4", "a5", "a6")
  local n = 0
  j.on_request = function(request, answer)
    if request.method == "DELETE" then
      n = n + 1
      if n > 2 then
        return { status = 401, headers = {}, body = json.encode { error_code = "UNAUTHENTICATED",
          message = "who are you" } }
      end
    end
    return answer()
  end
  local status, rows, r = run(j, "delete", "a*", "--yes", "--jobs", "1")
  t.equal({ status, column(rows, "status") },
    { 4, { "deleted", "deleted", "failed", "not tried", "not tried", "not tried" } })
  t.match(r.stderr, "1 of 6 pipelines failed; 3 not tried: who are you")
  t.equal(journal.find("last").status, "partial")
end)

test("a rate limit delays, and loses nothing", function(t)
  local j <close> = start("a1", "a2", "a3", "a4")
  local n = 0
  j.on_request = function(request, answer)
    n = n + 1
    if request.method == "DELETE" and n % 2 == 0 then
      return { status = 429, headers = { ["Retry-After"] = "0" }, body = "{}" }
    end
    return answer()
  end
  local status, rows = run(j, "delete", "a*", "--yes")
  t.equal({ status, column(rows, "status") }, { 0, { "deleted", "deleted", "deleted", "deleted" } })
end)

test("a pipeline that was renamed since the list was read is not deleted", function(t)
  local j <close>, ids = start("tmp_a", "tmp_b")
  j.on_request = function(request, answer)
    if request.path == PATH .. ids.tmp_a and request.method == "GET" then
      local reply = answer()
      reply.body = reply.body:gsub('"tmp_a"', '"precious"')
      return reply
    end
    return answer()
  end
  local status, rows = run(j, "delete", "tmp_*", "--yes")
  t.equal({ status, column(rows, "status") }, { 5, { "failed", "deleted" } })
  t.match(rows[1].error.message, "precious")
end)

test("without a terminal and without --yes nothing is done", function(t)
  local j <close> = start("dev_a", "dev_b")
  for command, said in pairs { trigger = "start an update of 2 pipelines in there",
    delete = "destroys something" } do
    local status, _, r = run(j, command, "dev_*")
    t.equal(status, 2)
    t.match(r.stderr, said)
    t.match(r.stderr, "--yes confirms it")
  end
  t.equal(j:changes(), {})
  -- nothing runs, so there is nothing to confirm
  local status, rows = run(j, "stop", "dev_*")
  t.equal({ status, column(rows, "status") }, { 0, { "idle", "idle" } })
  t.equal(j:changes(), {})
end)

test("a dry run shows all, asks hooks, and changes nothing", function(t)
  local j <close> = start("dev_a", "dev_b", "x")
  for command, said in pairs { trigger = "would be triggered", delete = "would be deleted",
    stop = "idle" } do
    local status, rows = run(j, command, "dev_*", "x", "--dry-run")
    t.equal({ status, column(rows, "status"), column(rows, "dry_run") },
      { 0, { said, said, said }, { true, true, true } })
  end
  t.equal(j:changes(), {})
  t.is_nil(journal.operations()())
end)

test("a hook refuses some of many", function(t)
  local j <close> = start("dev_a", "prod_a")
  local dir <close> = program.dir()
  dir.write("hooks/no.lua", [[return { before_delete = function(request, ctx)
    if request.name:find "^prod" then ctx.refuse "not production" end end }]])
  local opts = j:options()
  opts.env.TARN_PATH = dir.path
  for _, word in ipairs { "--dry-run", "--yes" } do
    local r = program.run({ "-p", "there", "-o", "json", "delete", "--all", word }, opts)
    local rows = json.decode(r.stdout)
    t.equal({ r.status, rows[1].error, rows[2].error.message, rows[2].status },
      { 5, nil, "not production", "failed" })
  end
  t.equal(#j:changes(), 1)
end)

test("what a hook changes for one of many is for that one", function(t)
  local j <close> = start("dev_a", "prod_a", "prod_b")
  local dir <close> = program.dir()
  dir.write("hooks/mode.lua", [[return { before_trigger = function(request)
    if request.name:find "^dev" then request.body.development = true end end }]])
  local opts = j:options()
  opts.env.TARN_PATH = dir.path
  local sent = {}
  j.on_request = function(request, answer)
    if request.method == "POST" then
      sent[#sent + 1] = json.decode(request.body).development or false
    end
    return answer()
  end
  local r = program.run({ "-p", "there", "trigger", "--all", "--yes" }, opts)
  t.equal(r.status, 0, r.stderr)
  t.equal({ #sent, collections.counts({ { sent[1] }, { sent[2] }, { sent[3] } }, 1)[true] },
    { 3, 1 })
end)

test("the beginning of a name is not enough to delete one of many", function(t)
  local j <close> = start("tmp_a", "tmp_b")
  local status, _, r = run(j, "delete", "tmp_a", "tmp", "--yes")
  t.equal(status, 3)
  t.match(r.stderr, "did you mean tmp_a")
  t.equal(j:changes(), {})
end)

test("trigger starts all, waits for all, and the worst outcome decides", function(t)
  local j <close> = start("dev_a", "dev_b")
  local status, rows = run(j, "trigger", "dev_*", "--yes", "--wait")
  t.equal({ status, column(rows, "outcome") }, { 0, { "completed", "completed" } })
  local record = journal.find "last"
  t.equal({ record.command, record.status, #journal.items(record.id) }, { "trigger", "done", 2 })
  status, rows = run(j, "trigger", "dev_*", "--yes", "--wait", "--refresh", "no_such_table")
  t.equal({ status, column(rows, "outcome") }, { 7, { "failed", "failed" } })
  t.match(rows[1].causes[1].message, "no_such_table")
end)

test("an update that is active already fails alone", function(t)
  local j <close> = journaled.start { run_ms = 60000 }
  j.w:pipeline { name = "dev_a" }
  j.w:pipeline { name = "dev_b" }
  t.equal((run(j, "trigger", "dev_a")), 0)
  local status, rows = run(j, "trigger", "dev_*", "--yes")
  t.equal({ status, column(rows, "status") }, { 5, { "failed", "triggered" } })
  status, rows = run(j, "trigger", "dev_*", "--yes", "--attach")
  t.equal({ status, column(rows, "status") }, { 0, { "attached", "attached" } })
  t.equal(journal.find("last").status, "unchanged")
  j:forget()
  status, rows = run(j, "stop", "dev_*", "--yes")
  t.equal({ status, column(rows, "status") }, { 0, { "stopped", "stopped" } })
  t.equal(#j:changes(), 2)
end)

test("stop leaves idle pipelines alone", function(t)
  local j <close> = journaled.start { run_ms = 60000 }
  for _, name in ipairs { "a", "b", "c" } do
    j.w:pipeline { name = name }
  end
  run(j, "trigger", "b")
  j:forget()
  local status, rows = run(j, "stop", "--all", "--yes")
  t.equal({ status, column(rows, "status") }, { 0, { "idle", "stopped", "idle" } })
  t.equal(#j:changes(), 1)
  local record = journal.find "last"
  t.equal({ record.status, #journal.items(record.id) }, { "done", 1 })
  t.equal((run(j, "stop", "--all", "--update", "abcdef", "--yes")), 2)
end)

-- ---- a person ----

local function at_terminal(j, size, ...)
  local env = { DATABRICKS_CONFIG_FILE = j.dir.path .. "/.databrickscfg" }
  local term = terminal.start({ "/bin/bash", "--norc" }, { env = env, cols = size })
  term:type(("PS1='$ '; clear; %s -p there %s; echo ended with $?"):format(program.path,
    table.concat({ ... }, " ")))
  term:key "Enter"
  return term
end

test("one question names the pipelines and their number, and 'n' does nothing", function(t)
  local j <close> = start("tmp_a", "tmp_b", "keep")
  local term <close> = at_terminal(j, 80, "delete", "'tmp_*'")
  term:wait "Go on"
  local screen = term:screen()
  t.match(screen, "delete 2 pipelines in there; their tables are kept:")
  t.match(screen, "  tmp_a  (")
  t.is_nil(screen:find("keep  (", 1, true))
  term:type "n"
  term:key "Enter"
  term:wait "ended with 130"
  t.equal(j:changes(), {})
end)

test("what the question has shown is what is deleted", function(t)
  local j <close> = start("tmp_a")
  local term <close> = at_terminal(j, 120, "delete", "'tmp_*'")
  term:wait "Go on"
  local later = j.w:pipeline { name = "tmp_later" }
  term:type "y"
  term:key "Enter"
  term:wait "ended with 0"
  t.equal((j.w:call("GET", PATH .. later)), 200)
end)

test("a question about many shows some of them, and says how many there are", function(t)
  local list = {}
  for i = 1, 20 do
    list[i] = { pipeline_id = ("%08x-0000-4000-8000-000000000000"):format(i), state = "IDLE",
      name = ("p%02d"):format(i) }
  end
  local ws <close> = fake.workspace { ["GET /api/2.0/pipelines"] = { statuses = list } }
  local script = require("engine.script").load "trigger"
  local ctx = require("engine.context").new("tarn trigger", {})
  rawset(ctx, "workspace", ws)
  local question = script.question(ctx, { pipeline = { "p*" } })
  t.match(question, "start an update of 20 pipelines in fake:")
  t.match(question, "p12  (IDLE)\n  and 8 more; --dry-run shows all")
  t.equal(script.question(ctx, { pipeline = { "p01" } }), false)
end)

test("Ctrl-C in the middle says what has been done", function(t)
  local j <close>, ids = start("a1", "a2", "a3", "a4")
  local running
  j.on_request = function(request, answer)
    if request.method == "DELETE" and request.path:find(ids.a3, 1, true) then
      local reply = answer()
      running:signal "INT"
      wait.until_true(function() return running.ended end, "the program to end")
      return reply
    end
    return answer()
  end
  running = program.start({ "--profile", "there", "delete", "a*", "--yes", "--jobs", "1" },
    j:options())
  local r = running:result()
  running:close()
  t.equal(r.status, 130)
  t.match(r.stderr, "stopped in the middle: 2 of 4 pipelines done: a1 (deleted), a2 (deleted)")
  t.match(r.stderr, "1 under way: a3; 1 not tried")
  local record = journal.find "last"
  t.match(r.stderr, "`tarn journal " .. record.id)
  t.equal(record.status, "partial")
  local status = column(journal.items(record.id), "status")
  t.equal({ status[1], status[2] }, { "done", "done" })
  t.is_true(status[3] == "unknown" or status[3] == "partial" or status[3] == "failed", status[3])
end)

test("Ctrl-C during the wait ends the wait alone, and says which updates go on", function(t)
  local j <close> = journaled.start { run_ms = 60000 }
  j.w:pipeline { name = "a1" }
  j.w:pipeline { name = "a2" }
  local running <close> = program.start({ "--profile", "there", "trigger", "a*", "--yes",
    "--wait" }, j:options())
  local polled = {}
  j.on_request = function(request, answer)
    local id = request.method == "GET" and request.path:match "/updates/(.*)$"
    if id then
      polled[id] = true
    end
    return answer()
  end
  wait.until_true(function() return collections.size(polled) == 2 end, "a poll of each update")
  running:signal "INT"
  local r = running:result()
  t.equal(r.status, 130)
  t.match(r.stderr, "0 of 2 pipelines had ended; not yet: a1, a2")
  t.equal(journal.find("last").status, "done")
end)

-- ---- scripts, the server and completion ----

test("requests to the server: a path for one, and a path for many", function(t)
  local s <close> = serving.demo()
  local one = s:ask("GET", "/api/dlt/pipelines/quickstart").data
  t.equal(one.name, "quickstart")
  t.equal(s:ask("GET", "/api/dlt/get?pipeline=quick*").data[1].name, "quickstart")
  -- a client that means one pipeline does not change many
  for _, path in ipairs { "/api/dlt/pipelines/*", "/api/dlt/pipelines/sales_*/permissions" } do
    t.equal(s:ask("GET", path).status, 404)
  end
  for _, what in ipairs { "delete", "trigger", "stop" } do
    t.equal(s:ask("POST", "/api/dlt/pipelines/sales_*/" .. what,
      { body = { confirm = true } }).status, 404)
  end
  local rows = s:ask("GET", "/api/dlt/permissions?pipeline=quickstart&pipeline=sales_forecast").data
  t.equal(column(rows, "name"), { "quickstart", "sales_forecast" })
  t.equal(s:ask("GET", "/api/dlt/get").status, 400)
  t.equal(s:ask("GET", "/api/dlt/get?pipeline=zz*").status, 404)
  local all = s:ask("GET", "/api/dlt/get?all=true").data
  t.equal(#all, #s:ask("GET", "/api/dlt/pipelines").data)
  local body = { pipeline = { "sales_*" } }
  local asked = s:ask("POST", "/api/dlt/trigger", { body = body })
  t.equal({ asked.status, asked.data.error.code }, { 422, "CONFIRMATION_REQUIRED" })
  t.match(asked.data.error.message, "start an update of 4 pipelines")
  body.confirm = true
  t.equal(#s:ask("POST", "/api/dlt/trigger", { body = body }).data, 4)
  t.equal(s:ask("POST", "/api/dlt/trigger", { body = { pipeline = "quickstart" } }).data.status,
    "triggered")
  local deleted = s:ask("POST", "/api/dlt/delete", { body = { pipeline = { "scr*" } } })
  t.equal(deleted.status, 422)
end)

test("each of several names is completed", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  for _, command in ipairs { "get", "permissions", "trigger", "stop", "delete", "export" } do
    local r = program.run({ "completion", "words", "-o", "json", "--", command, "quickstart",
      "sales_f" }, { env = w:env() })
    t.equal(json.decode(r.stdout).words[1][1], "sales_forecast", command)
  end
end)

test("from Lua, one is a table and many are rows", function(t)
  local j <close> = start("dev_a", "dev_b", "x")
  local dir <close> = program.dir()
  dir.write("s.lua", [[
    local tarn = require "tarn"
    print(tarn.get("x").name, tarn.get { pipeline = "x" }.name)
    for row in tarn.get { pipeline = "dev_*" } do print(row.name) end
    for row in tarn.get { "x", "dev_a" } do print(row.name) end
    for row in tarn.permissions { all = true } do print(row.name, #row.permissions > 0) end
    print(#tarn.delete { pipeline = { "dev_a", "dev_b" } })
  ]])
  local r = j:run { "--profile", "there", "run", dir.path .. "/s.lua" }
  t.equal(r.stdout,
    "x\tx\ndev_a\ndev_b\nx\ndev_a\ndev_a\ttrue\ndev_b\ttrue\nx\ttrue\n2\n", r.stderr)
end)
