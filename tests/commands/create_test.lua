-- tarn create: a spec in JSON or YAML becomes one pipeline, which undo deletes.

local faults = require "sandbox.http.faults"
local journal = require "tarn.journal"
local journaled = require "support.journaled"
local json = require "native.json"
local program = require "testing.program"

local PATH <const> = "/api/2.0/pipelines"

local YAML <const> = [[
# a comment
name: orders
catalog: main
schema: orders
serverless: true
libraries:
  - notebook:
      path: /Shared/orders
tags:
  zip: "01234"
]]

local function run(j, text, words, name)
  local path = j.dir.write(name or "spec.yaml", text)
  return j:run { "--profile", "there", "create", path, "-ojson", table.unpack(words or {}) }
end

local function create(t, j, text, words, name)
  local r = run(j, text, words, name)
  t.equal(r.status, 0, r.stderr)
  return json.decode(r.stdout), r
end

test("a file in YAML becomes a pipeline, and undo deletes it", function(t)
  local j <close> = journaled.start()
  local data = create(t, j, YAML)
  t.equal({ data.name, data.status }, { "orders", "created" })
  t.equal(j:changes(), { "POST " .. PATH })
  local spec = j.w:ok("GET", PATH .. "/" .. data.pipeline_id).spec
  t.equal({ spec.catalog, spec.serverless, spec.tags.zip, spec.libraries[1].notebook.path },
    { "main", true, "01234", "/Shared/orders" })
  local record = journal.find "last"
  t.equal({ record.id, record.command, record.status, record.target.pipeline_id },
    { data.operation, "create", "done", data.pipeline_id })
  j:data { "undo", "last", "--yes" }
  t.equal(j.w:call("GET", PATH .. "/" .. data.pipeline_id), 404)
end)

test("a spec is read from standard input", function(t)
  local j <close> = journaled.start()
  local opts = j:options()
  opts.stdin = YAML
  local r = program.run({ "--profile", "there", "create", "-", "-ojson" }, opts)
  t.equal(r.status, 0, r.stderr)
  t.equal(json.decode(r.stdout).name, "orders")
end)

test("the answers of get, the API and export are specs too", function(t)
  local j <close> = journaled.start()
  local id = j.w:pipeline { name = "p", catalog = "main", schema = "s",
    configuration = { a = "1" } }
  local get = j:run { "--profile", "there", "get", "p", "-ojson" }.stdout
  local api = j:run { "--profile", "there", "api", "GET", PATH .. "/" .. id }.stdout
  local dir = j.dir.path .. "/out"
  j:data { "--profile", "there", "export", "p", "--dir", dir }
  local bundle = j.dir.path .. "/a_bundle"
  j:data { "--profile", "there", "export", "p", "--format", "bundle", "--dir", bundle }
  local fs = require "native.fs"
  local resource = fs.list(bundle .. "/resources")[1]
  for name, text in pairs { get = get, api = api, export = fs.read(dir .. "/pipeline.json"),
    bundle = fs.read(bundle .. "/resources/" .. resource) } do
    local data = create(t, j, text, { "--name", "copy by " .. name }, name)
    local spec = j.w:ok("GET", PATH .. "/" .. data.pipeline_id).spec
    t.equal({ spec.name, spec.catalog, spec.configuration.a, spec.id },
      { "copy by " .. name, "main", "1", data.pipeline_id }, name)
  end
end)

test("the default storage of another pipeline is left out", function(t)
  local j <close> = journaled.start()
  j.w:ok("POST", PATH, { name = "old", target = "t", libraries = {
    { notebook = { path = "/Shared/x" } } } })
  local get = j:run { "--profile", "there", "get", "old", "-ojson" }.stdout
  local data = create(t, j, get, { "--name", "new" })
  t.equal(j.w:ok("GET", PATH .. "/" .. data.pipeline_id).spec.storage,
    "dbfs:/pipelines/" .. data.pipeline_id)
end)

test("--set and --name change the spec", function(t)
  local j <close> = journaled.start()
  local data = create(t, j, YAML, { "--name", "n", "--set", "photon=true", "--set",
    "tags.team=3", "--set", "libraries[1].file.path=/Shared/a.py" })
  local spec = j.w:ok("GET", PATH .. "/" .. data.pipeline_id).spec
  t.equal({ spec.name, spec.photon, spec.tags.team, spec.libraries[2].file.path },
    { "n", true, "3", "/Shared/a.py" })
  t.equal(run(j, YAML, { "--set", "photon" }).status, 2)
end)

test("a dry run asks the workspace and creates nothing", function(t)
  local j <close> = journaled.start()
  local data = create(t, j, YAML, { "--dry-run" })
  t.equal({ data.status, data.dry_run, data.effective_settings.channel },
    { "would be created", true, "CURRENT" })
  t.is_nil(j.w:ok("GET", PATH).statuses)
  t.is_nil(journal.operations()())
end)

test("a dry run shows the refusal of the workspace, with the status of the create", function(t)
  local j <close> = journaled.start()
  local r = run(j, YAML .. "clusters: [{num_workers: 1}]\n", { "--dry-run" })
  t.equal(r.status, 1)
  t.match(r.stderr, "cluster settings when using serverless")
  j.w:pipeline { name = "orders" }
  t.equal(run(j, YAML, { "--dry-run" }).status, 5)
  local e = run(j, YAML)
  t.equal(e.status, 5)
  t.match(e.stderr, "already has a pipeline named 'orders'")
end)

test("a pipeline that a workspace makes in a dry run is deleted again", function(t)
  local j <close> = journaled.start()
  j.on_request = function(request, answer)
    if request.method == "POST" and request.path == PATH then
      local body = json.decode(request.body)
      body.dry_run = nil
      request.body = json.encode(body)
    end
    return answer()
  end
  local r = run(j, YAML, { "--dry-run" })
  t.equal(r.status, 1, r.stdout)
  t.match(r.stderr, "was deleted again")
  t.is_nil(j.w:ok("GET", PATH).statuses)
end)

test("unknown fields are a warning, with what was meant", function(t)
  local j <close> = journaled.start()
  local _, r = create(t, j, YAML .. "cataloge: x\nclusters: []\nlifecycle: {}\n", { "--dry-run" })
  t.match(r.stderr, "no field cataloge (did you mean 'catalog'?)")
  t.match(r.stderr, "no field lifecycle")
  t.is_nil(r.stderr:find "field clusters")
  local nested = [[{"name": "n", "libraries": [{"notebook": {"pth": "/x"}}],
    "configuration": {"any": "key"}, "run_as": {"user_name": "ada.demo@example.com"}}]]
  local r2 = run(j, nested, { "--dry-run" }, "nested.json")
  t.match(r2.stderr, "libraries[0].notebook.pth (did you mean 'path'?)")
  t.is_nil(r2.stderr:find "any")
  t.is_nil(r2.stderr:find "run_as")
end)

test("what is no spec is refused with file and position, before anything is sent", function(t)
  local j <close> = journaled.start()
  for _, case in ipairs {
    { "[1, 2]", 1, "not the spec" }, { "a: [", 1, "line 2" }, { '{"name": ', 1, "spec.yaml" },
    { "", 1, "not the spec" },
    { "catalog: main\nlibraries: [{notebook: {path: /x}}]", 2, "no name" },
    { "name: x", 5, "no code" },
    { "resources: {pipelines: {a: {name: x}, b: {name: y}}}", 1, "more than one" },
    { "resources: {pipelines: {a: {name: '${var.x}'}}}", 1, "refers to" },
  } do
    local r = run(j, case[1])
    t.equal(r.status, case[2], case[1] .. r.stderr)
    t.match(r.stderr, case[3])
    t.equal(j:changes(), {})
  end
  local r = j:run { "--profile", "there", "create", j.dir.path .. "/none.yaml" }
  t.equal(r.status, 3)
end)

test("a create whose answer is lost makes one pipeline", function(t)
  for _, action in ipairs { "reset_before", "reset_after", "503", "not_json" } do
    local j <close> = journaled.start()
    j.w.server.faults = faults.new { { action = action, method = "POST", path = PATH, count = 1,
      retry_after = action == "503" and 0 or nil } }
    local r = run(j, YAML)
    j.w.server.faults = faults.new {}
    local made = j.w:ok("GET", PATH).statuses or {}
    t.equal(#made, r.status == 0 and 1 or 0, action .. r.stderr)
  end
end)

test("a hook can refuse a create, in a dry run too", function(t)
  local j <close> = journaled.start()
  j.dir.write("hooks/rule.lua", [[return { before_create = function(request, ctx)
    if not (request.spec.tags or {}).team then ctx.refuse "tags.team is missing" end
  end }]])
  for _, more in ipairs { {}, { "--dry-run" } } do
    local r = run(j, YAML, { "--path", j.dir.path, table.unpack(more) })
    t.equal(r.status, 5)
    t.match(r.stderr, "tags.team is missing")
  end
  t.equal(#(j.w:ok("GET", PATH).statuses or {}), 0)
  t.is_nil(journal.operations()())
end)

test("a secret in the spec is sent and not kept in the journal", function(t)
  local j <close> = journaled.start()
  local data = create(t, j, YAML .. "configuration: {db.password: hunter2hunter2}\n")
  t.equal(j.w:ok("GET", PATH .. "/" .. data.pipeline_id).spec.configuration["db.password"],
    "hunter2hunter2")
  t.is_nil(json.encode(journal.steps(data.operation)):find "hunter2")
end)

test("an answer without the id is as good as lost: the pipeline is looked for", function(t)
  for _, makes in ipairs { true, false } do
    local j <close> = journaled.start()
    j.on_request = function(request, answer)
      if request.method ~= "POST" or request.path ~= PATH then
        return answer()
      elseif makes then
        answer()
      end
      return { status = 200, headers = { ["content-type"] = "application/json" }, body = "{}" }
    end
    local r = run(j, YAML)
    local made = j.w:ok("GET", PATH).statuses or {}
    if makes then
      t.equal(r.status, 0, r.stderr)
      t.equal(json.decode(r.stdout).pipeline_id, made[1].pipeline_id)
    else
      t.equal({ r.status, r.stdout, #made }, { 1, "", 0 })
      t.match(r.stderr, "nothing was created")
    end
  end
end)
