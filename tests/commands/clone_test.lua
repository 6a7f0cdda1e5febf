-- Cloning, against the two embedded workspaces; the promises of the product's page have their
-- numbers.

local anyspec = require "support.anyspec"
local program = require "testing.program"
local fake = require "testing.fake"
local fs = require "native.fs"
local journal = require "tarn.journal"
local json = require "native.json"
local pool = require "base.pool"

local workspace = require "testing.workspace"

-- Both workspaces of a new server, and a function that runs `tarn clone` between them: it returns
-- the data, and keeps the exit status in `status`.
local function start(opts)
  local f = workspace.start(opts or { scenario = "demo" })
  local pair = { f = f, here = workspace.client(f),
    there = workspace.client(f, nil, "demo-dr-token", "demo-dr") }
  function pair.clone(arg)
    arg.to = arg.to or pair.there
    local data
    data, pair.status = fake.run("clone", arg, pair.here)
    return data
  end
  function pair.get(id, ws)
    return (ws or pair.there).native:pipeline_get(id)
  end
  return setmetatable(pair, { __close = function()
    pair.here:close()
    pair.there:close()
    f:close()
  end })
end

-- The verdict on one field.
local function row(data, path)
  for _, field in ipairs(data.fields) do
    if field.path == path then
      return field
    end
  end
end

local function ids(ws, name)
  return require("tarn.pipelines").ids_of(ws, name)
end

-- ---- promises ----

test("T1: every kind of pipeline is cloned to another workspace, or refused", function(t)
  local p <close> = start()
  local data = p.clone { match = "*", exclude = { "scratch" }, name = "t1 *", with_sources = true }
  t.equal(p.status, 0)
  t.is_true(data.counts.created > 25)
  t.equal(data.counts.created + data.counts.refused, #data.results)
  for _, result in ipairs(data.results) do
    if result.status == "refused" then
      t.match(result.error.message, "of Databricks SQL")
    else
      local copy = p.get(result.new_pipeline_id)
      local source = p.get(result.source_pipeline_id, p.here)
      t.equal(copy.name, "t1 " .. source.name)
      t.equal(copy.spec.libraries, source.spec.libraries)
      t.equal(copy.spec.ingestion_definition == nil, source.spec.ingestion_definition == nil)
    end
  end
end)

test("T2: a copy is in development mode unless --production, and is not started", function(t)
  local p <close> = start()
  local data = p.clone { pipeline = "iot_telemetry_stream", name = "t2" }
  local copy = p.get(data.new_pipeline_id)
  t.equal({ copy.spec.development, copy.spec.continuous }, { true, false })
  t.equal(copy.latest_updates, nil)
  t.equal(row(data, "continuous").verdict, "set")
  t.match(row(data, "continuous").reason, "start at once")
  data = p.clone { pipeline = "sales_promotions", name = "t2 prod", production = true }
  t.equal(p.get(data.new_pipeline_id).spec.development, false)
  t.equal(row(data, "development").reason, "--production")
end)

test("T3: the full spec is copied, byte for byte but for the verdicts", function(t)
  local p <close> = start { scenario = "empty" }
  local covered = {}
  for seed = 1, 60 do
    local name = "any " .. seed
    local spec = anyspec.make(seed, name)
    local id = p.f:ok("POST", "/api/2.0/pipelines", nil, { text = json.encode(spec) }).pipeline_id
    local data = p.clone { pipeline = id, name = "copy of " .. name }
    local source, copy = p.get(id, p.here).spec, p.get(data.new_pipeline_id).spec
    for field in pairs(source) do
      covered[field] = true
    end
    -- the changes of a clone, written here without its code
    source.name, source.development, source.continuous = "copy of " .. name, true, false
    source.id, source.deployment = copy.id, nil
    source.pipeline_type, source.data_sampling = nil, nil
    if source.ingestion_definition then
      source.ingestion_definition.source_type = nil
    end
    t.equal(json.encode(copy), json.encode(source), "seed " .. seed)
    t.equal(data.effective_differences, {}, "seed " .. seed)
    t.equal(p.clone({ pipeline = id, name = "copy of " .. name }).status, "unchanged")
  end
  for _, field in ipairs(anyspec.names()) do
    if field ~= "gateway_definition" and field ~= "storage" and field ~= "trigger" then
      t.is_true(covered[field], field)
    end
  end
end)

test("T3: changes are reported field by field", function(t)
  local p <close> = start()
  local data = p.clone { pipeline = "sales_orders_etl", name = "t3", catalog = "sales_dr",
    set = { "configuration.env=dr", "tags.copied=yes" },
    drop = { "configuration.orders.lookback_days" } }
  t.equal(row(data, "id").verdict, "dropped")
  t.equal(row(data, "deployment.kind").verdict, "dropped")
  t.match(row(data, "deployment.kind").reason, "bundle")
  t.equal({ row(data, "catalog").verdict, row(data, "catalog").from, row(data, "catalog").to,
    row(data, "catalog").rule }, { "mapped", "sales", "sales_dr", "--catalog" })
  t.equal({ row(data, "configuration.env").verdict, row(data, "configuration.env").to },
    { "set", "dr" })
  t.equal(row(data, "tags.copied").verdict, "set")
  t.equal(row(data, 'configuration["orders.lookback_days"]').verdict, "dropped")
  t.equal(row(data, "edition").verdict, "kept")
  local spec = p.get(data.new_pipeline_id).spec
  t.equal(spec.configuration, { env = "dr" })
  t.equal(spec.catalog, "sales_dr")
  t.is_nil(spec.deployment)
end)

test("T4: fields that are bound to the source's workspace are reported, with a rule", function(t)
  local p <close> = start()
  local data = p.clone { pipeline = "ml_features_product", name = "t4", dry_run = true }
  for _, path in ipairs { "catalog", "clusters[0].instance_pool_id", "clusters[0].policy_id",
    "clusters[0].aws_attributes.instance_profile_arn", "clusters[0].aws_attributes.zone_id",
    "clusters[0].init_scripts[0].workspace.destination", "clusters[1].node_type_id" } do
    local field = row(data, path)
    t.equal(field.verdict, "attention", path)
    t.is_true(field.rule, path)
    t.is_true(field.reason, path)
  end
  t.match(row(data, "clusters[1].node_type_id").rule, 'node_types = { ["m5d.large"] = ... }')
  data = p.clone { pipeline = "finance_fx_rates", name = "t4b", dry_run = true }
  t.equal(row(data, 'configuration["fx.key"]').verdict, "attention")
  t.match(row(data, 'configuration["fx.key"]').reason, "'fx_api_key'")
end)

-- Remove the code of a pipeline, which no request can do.
local function without_code(p, id)
  p.f.w.db:exec("UPDATE pipelines SET spec = json_remove(spec, '$.libraries'), "
    .. "modified = modified + 1 WHERE id = ?", { id })
end

test("T13: a source without code gets a placeholder, which is reported", function(t)
  local p <close> = start { scenario = "empty" }
  local id = p.f:pipeline { name = "no code / at all", root_path = json.null }
  without_code(p, id)
  local data = p.clone { pipeline = id, name = "Copy: 'no code'" }
  local path = "/Shared/tarn/dlt_placeholder_Copy_no_code"
  t.equal(data.placeholder, path)
  t.equal(row(data, "libraries[0].notebook.path").to, path)
  t.equal(p.there.native:workspace_status(path).object_type, "NOTEBOOK")
  t.equal(p.get(data.new_pipeline_id).spec.libraries, { { notebook = { path = path } } })
  local e = t.fault(p.clone, { pipeline = id, name = "never", placeholder = "never" })
  t.equal(e.kind, "usage")
  t.match(e.message, "has no libraries")
  t.equal(p.clone({ pipeline = id, name = "Copy: 'no code'" }).status, "unchanged")
end)

local ME = { userName = "ana@example.com", groups = { { display = "admins" } } }

-- An empty target that answers POST /api/2.0/pipelines with `create(body)`.
local function target_with(create, more)
  local answers = {
    ["GET /api/2.0/preview/scim/v2/Me"] = function()
      return fake.reply { body = json.encode(ME), headers = { ["X-Databricks-Org-Id"] = "77" } }
    end,
    ["GET /api/2.0/pipelines"] = { statuses = json.array {} },
    ["POST /api/2.0/pipelines"] = function(request)
      local body = json.decode(request.body)
      return body.dry_run and { effective_settings = body } or create(body)
    end,
    ["POST /api/2.0/workspace/mkdirs"] = {},
    ["POST /api/2.0/workspace/import"] = {},
    ["POST /api/2.0/workspace/delete"] = {},
    ["GET /api/2.0/workspace/get-status"] = fake.refusal(404, "RESOURCE_DOES_NOT_EXIST", "no"),
  }
  for key, value in pairs(more or {}) do
    answers[key] = value
  end
  return fake.workspace(answers)
end

test("T13: the placeholder is removed again if the create fails", function(t)
  local p <close> = start { scenario = "empty" }
  local id = p.f:pipeline {}
  without_code(p, id)
  local there <close> = target_with(function()
    return fake.refusal(400, "INVALID_PARAMETER_VALUE", "not today")
  end)
  local e = t.fault(p.clone, { pipeline = id, name = "x", to = there })
  t.match(e.message, "not today")
  local changes = {}
  for _, request in ipairs(there.seen) do
    if request.method == "POST" and request.path:find "/workspace/" then
      changes[#changes + 1] = request.path:match "[%w-]+$"
    end
  end
  t.equal(changes, { "mkdirs", "import", "delete" })
end)

test("T13: an ingestion or gateway pipeline gets no placeholder", function(t)
  local p <close> = start()
  local n = 0
  for item in p.here:pipelines() do
    local spec = p.get(item.pipeline_id, p.here).spec
    if spec.ingestion_definition or spec.gateway_definition then
      n = n + 1
      local data = p.clone { pipeline = item.pipeline_id, name = "t13 " .. n }
      t.is_nil(data.placeholder)
      t.is_nil(p.get(data.new_pipeline_id).spec.libraries)
    end
  end
  t.is_true(n >= 2)
end)

-- Run the program against both workspaces; `dir` has its state.
local function run_cli(p, dir, words, env)
  local all = p.f:env(env)
  all.XDG_STATE_HOME = dir.path .. "/state"
  return program.run(words, { env = all })
end

local function all_bytes(folder)
  local texts = {}
  for _, name in ipairs(fs.find_stat(folder) and fs.list(folder) or {}) do
    local path = folder .. "/" .. name
    texts[#texts + 1] = fs.find_stat(path).type == "directory" and all_bytes(path) or fs.read(path)
  end
  return table.concat(texts)
end

test("T14: the target's token is not stored, printed or logged", function(t)
  local p <close> = start()
  local dir <close> = program.dir()
  local words = { "clone-to-workspace", "quickstart", "--dest-host", p.f.url, "--name", "t14",
    "--token-env", "TARGET", "-vv", "-o", "json" }
  local r = run_cli(p, dir, words, { TARGET = "demo-dr-token" })
  t.equal(r.status, 0, r.stderr)
  t.equal(json.decode(r.stdout).status, "created")
  t.no_match(r.stdout .. r.stderr, "demo-dr-token")
  t.no_match(all_bytes(dir.path), "demo-dr-token")
  t.equal(#ids(p.there, "t14"), 1)
  local wrong = "dapi0123456789abcdef-wrong"
  r = run_cli(p, dir, words, { TARGET = wrong })
  t.equal(r.status, 4)
  t.no_match(r.stdout .. r.stderr .. all_bytes(dir.path), wrong)
  local path = dir.write("token", "demo-dr-token\n")
  r = run_cli(p, dir, { "clone-to-workspace", "quickstart", "--dest-host", p.f.url, "--name", "t14",
    "--token-file", path })
  t.equal(r.status, 0, r.stderr)
  t.match(r.stdout, "unchanged")
  r = run_cli(p, dir, { "clone-to-workspace", "quickstart", "--dest-host", p.f.url })
  t.equal(r.status, 2)
  t.match(r.stderr, "no token was given")
  r = run_cli(p, dir, { "clone-to-workspace", "quickstart", "--dest-host", p.f.url, "--dest-token",
    wrong })
  t.equal(r.status, 2)
  t.no_match(r.stderr, wrong)
end)

test("T14: a token is not sent without TLS, and a path is not taken for an address", function(t)
  local dir <close> = program.dir()
  local p <close> = start()
  for _, host in ipairs { "http://dr.example.com", "https://dr.example.com/x?token=y", "a b" } do
    local r = run_cli(p, dir, { "clone-to-workspace", "quickstart", "--dest-host", host,
      "--token-env", "TARGET" }, { TARGET = "demo-dr-token" })
    t.equal(r.status, 2, host)
    t.match(r.stderr, "--dest-host is not")
  end
end)

test("T15: a dry run makes the whole plan, checks both workspaces, and changes nothing", function(t)
  local p <close> = start()
  local seen = {}
  local create = function() error "a dry run created something" end
  local there <close> = target_with(create)
  local data = p.clone { pipeline = "finance_gl_close", name = "t15", dry_run = true, to = there,
    with_sources = true, permissions = true, start = true }
  for _, request in ipairs(there.seen) do
    seen[request.method .. " " .. request.path] = true
    t.is_true(request.method == "GET" or json.decode(request.body).dry_run, request.path)
  end
  for _, call in ipairs { "GET /api/2.0/preview/scim/v2/Me", "GET /api/2.0/pipelines",
    "GET /api/2.1/unity-catalog/catalogs/finance", "GET /api/2.0/workspace/get-status",
    "GET /api/2.0/preview/scim/v2/Users", "POST /api/2.0/pipelines" } do
    t.is_true(seen[call], call)
  end
  t.equal({ data.dry_run, data.status, data.action, data.new_name },
    { true, "planned", "create", "t15" })
  t.equal(data.spec_preview, { catalog = "finance", target = "gl", libraries_count = 1,
    clusters_count = 1 })
  local kinds = {}
  for i, step in ipairs(data.steps) do
    kinds[i] = step.kind
  end
  t.equal(kinds, { "sources.copy", "pipeline.create", "permissions.set", "update.start" })
  t.is_true(#data.fields > 25)
  t.equal(data.same_workspace, false)
end)

test("T15: the answers have the fields of the page", function(t)
  local p <close> = start()
  local data = p.clone { pipeline = "finance_revenue_recognition", name = "page" }
  for _, field in ipairs { "source_pipeline_id", "source_pipeline_name", "source_workspace",
    "dest_workspace", "new_name", "new_pipeline_id", "dest_pipeline_id", "catalog", "target",
    "libraries_count", "clusters_count", "continuous", "serverless", "dry_run", "status",
    "fields", "steps", "warnings" } do
    t.is_true(data[field] ~= nil, field)
  end
  t.equal({ data.catalog, data.target, data.status }, { "finance", "revrec", "created" })
end)

test("T15: settings that the workspace would change are reported", function(t)
  local p <close> = start()
  local there <close> = target_with(error, { ["POST /api/2.0/pipelines"] = function(request)
    local body = json.decode(request.body)
    body.edition = "CORE"
    return { effective_settings = body }
  end })
  local data = p.clone { pipeline = "finance_gl_close", name = "t15", dry_run = true, to = there }
  t.equal(data.effective_differences, { { path = "edition", ours = "ADVANCED", theirs = "CORE" } })
  t.match(table.concat(data.warnings, "\n"), 'set edition to "CORE"')
end)

test("T15: a dry run that the workspace refuses ends with the status of the refusal", function(t)
  local p <close> = start()
  local there <close> = target_with(error, { ["POST /api/2.0/pipelines"] =
    fake.refusal(403, "PERMISSION_DENIED", "you may not") })
  local data = p.clone { pipeline = "quickstart", name = "t15", dry_run = true, to = there }
  t.equal({ data.status, p.status, data.problems[1].message }, { "refused", 4, "you may not" })
end)

test("T16: a copy is traceable from its source", function(t)
  local p <close> = start()
  local data = p.clone { pipeline = "quickstart", name = "t16" }
  local copies = journal.copies { org_id = data.source.org_id,
    pipeline_id = data.source.pipeline_id }
  t.equal({ copies[1].pipeline_id, copies[1].name, copies[1].op, copies[1].org_id },
    { data.new_pipeline_id, "t16", data.operation, data.copy.org_id })
  local steps = journal.steps(data.operation)
  t.equal({ #steps, steps[1].kind, steps[1].status, steps[1].result.pipeline_id },
    { 1, "pipeline.create", "done", data.new_pipeline_id })
end)

-- ---- repeated runs ----

test("a second run updates the copy it made, and a third has nothing to do", function(t)
  local p <close> = start()
  local arg = function(more)
    local all = { pipeline = "quickstart", name = "again", catalog = "main" }
    for key, value in pairs(more or {}) do
      all[key] = value
    end
    return all
  end
  local id = p.clone(arg()).new_pipeline_id
  t.equal(p.clone(arg()).status, "unchanged")
  local data = p.clone(arg { set = { "configuration.a=1" } })
  t.equal({ data.status, data.new_pipeline_id }, { "updated", id })
  t.equal(data.changes, { { path = "configuration.a", to = "1" } })
  t.equal(p.get(id).spec.configuration, { a = "1" })
  t.equal(p.clone(arg { set = { "configuration.a=1" } }).status, "unchanged")
  t.equal(#ids(p.there, "again"), 1)
end)

test("an edit of settings that have changed since the plan is refused", function(t)
  local p <close> = start()
  local clone = require "tarn.clone"
  local id = p.clone({ pipeline = "quickstart", name = "seen" }).new_pipeline_id
  local plan = clone.plan(p.here, p.there, { pipeline = "quickstart", name = "seen",
    set = { "edition=PRO" } })
  local spec = p.get(id).spec
  spec.channel = "PREVIEW"
  p.there.native:pipeline_edit(id, spec)
  local op = journal.begin { command = "clone" }
  local e = t.fault(clone.apply, plan, op)
  op:finish "failed"
  t.equal(e.status, 409)
  t.equal(p.get(id).spec.channel, "PREVIEW")
end)

test("another pipeline with the name is not changed unless --update", function(t)
  local p <close> = start()
  local before = json.encode(p.get(ids(p.there, "finance_fx_rates")[1]).spec)
  local e = t.fault(p.clone, { pipeline = "finance_fx_rates" })
  t.equal({ e.kind, e.code }, { "conflict", "RESOURCE_CONFLICT" })
  t.match(e.message, "already has a pipeline named 'finance_fx_rates'")
  t.equal(json.encode(p.get(ids(p.there, "finance_fx_rates")[1]).spec), before)
  t.equal(p.clone({ pipeline = "finance_fx_rates", update = true }).status, "updated")
  t.equal(#ids(p.there, "finance_fx_rates"), 1)
end)

test("a create whose answer is lost is found, and never sent again", function(t)
  for _, action in ipairs { "reset_after", "truncate", "503" } do
    local p <close> = start { scenario = "demo", faults = {
      { action = action, method = "POST", path = "/api/2.0/pipelines", nth = 2,
        workspace = "demo-dr" } } }
    local data = p.clone { pipeline = "quickstart", name = "lost" }
    t.equal(data.status, "created", action)
    t.equal(ids(p.there, "lost"), { data.new_pipeline_id }, action)
  end
end)

test("clones of one source at the same time end in one copy", function(t)
  local p <close> = start()
  local results = pool.map({ 1, 2, 3 }, function()
    return p.clone { pipeline = "quickstart", name = "twice" }
  end)
  t.equal(#ids(p.there, "twice"), 1)
  for _, result in ipairs(results) do
    t.equal(result.new_pipeline_id, results[1].new_pipeline_id)
  end
end)

-- ---- bulk clones ----

test("a pipeline that fails does not stop the others", function(t)
  local p <close> = start()
  local dir <close> = program.dir()
  local path = dir.write("list", "# three\nquickstart\nno such pipeline\n\nsales_promotions\n")
  local data = p.clone { from_file = path, name = "bulk *" }
  t.equal(p.status, 1)
  local words = {}
  for i, result in ipairs(data.results) do
    words[i] = result.status
  end
  t.equal(words, { "created", "failed", "created" })
  t.equal(data.results[2].error.status, 404)
  t.equal(data.counts, { created = 2, failed = 1 })
  t.equal(#ids(p.there, "bulk quickstart"), 1)
end)

test("many sources are not given one name", function(t)
  local p <close> = start()
  local e = t.fault(p.clone, { match = "sales*", name = "one" })
  t.equal(e.kind, "usage")
  t.match(e.message, "cannot all be named 'one'")
end)

test("in one workspace the copies of an earlier run are not copied again", function(t)
  local p <close> = start()
  local arg = function()
    return { match = "sales_*", name = "* copy", schema = "copies", to = p.here }
  end
  local data = p.clone(arg())
  t.equal(data.counts, { created = #data.results })
  local again = p.clone(arg())
  t.equal(again.counts, { unchanged = #data.results })
end)

test("a secret that --set gives is not stored, and --resume asks for it again", function(t)
  local p <close> = start()
  local dir <close> = program.dir()
  local kept = require("tarn.clone.arguments").kept { set = { "configuration.db.password=hunter2",
    "configuration.env=dr", 'tags["token"]=hunter2' } }
  t.equal(kept.set, { "configuration.db.password=***", "configuration.env=dr",
    'tags["token"]=***' })
  local r = run_cli(p, dir, { "clone", "quickstart", "--name", "kept", "--schema", "k", "--set",
    "configuration.db.password=hunter2", "-vv" })
  t.equal(r.status, 0, r.stderr)
  t.no_match(r.stdout .. all_bytes(dir.path), "hunter2")
end)

-- ---- permissions and identity ----

test("permissions are copied: one owner, no inherited grants, principals mapped and checked",
  function(t)
    local p <close> = start()
    local dir <close> = program.dir()
    local map = dir.write("map.lua", 'return { principals = { ["jo.whitfield@example.com"] = '
      .. '"lars.nygaard@example.com" } }')
    local data = p.clone { pipeline = "finance_gl_close", name = "acl", permissions = true,
      map = map }
    t.equal(data.problems, {})
    local list = p.there:request("GET", "/api/2.0/permissions/pipelines/" .. data.new_pipeline_id)
    local direct = require("tarn.permissions").direct(list.access_control_list)
    local found = {}
    for _, entry in ipairs(direct) do
      found[entry.name] = entry.level
    end
    t.equal(found, { ["ada.okafor@example.com"] = "IS_OWNER",
      ["lars.nygaard@example.com"] = "CAN_RUN",
      analysts = p.there:request("GET", "/api/2.0/preview/scim/v2/Groups",
        { query = { filter = 'displayName eq "analysts"' } }).Resources and "CAN_VIEW" or nil })
    t.equal(row(data, 'permissions.user_name["jo.whitfield@example.com"]').verdict, "mapped")
    t.equal(row(data, 'permissions.group_name["admins"]').verdict, "dropped")
    t.equal(p.clone({ pipeline = "finance_gl_close", name = "acl", permissions = true,
      map = map }).status, "unchanged")
  end)

test("steps that only an admin can do are listed as commands", function(t)
  local p <close> = start()
  local data = p.clone { pipeline = "sales_orders_etl", name = "acl2", permissions = true }
  t.equal(#data.admin_commands, 1)
  local owner = "service:6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718"
  t.equal(data.admin_commands[1].command, ("tarn grant %s --owner %s --profile demo-dr"):format(
    data.new_pipeline_id, owner))
  local e = t.fault(require("engine.command").call, "grant", { pipeline = data.new_pipeline_id,
    owner = owner, profile = p.there, dry_run = true })
  t.match(e.message, "only after its first update")
  local viewer <close> = workspace.client(p.f, nil, "demo-dr-viewer-token")
  data = p.clone { pipeline = "finance_gl_close", name = "viewed", to = viewer,
    set = { "run_as.user_name=ada.okafor@example.com", "run_as.service_principal_name=null" },
    drop = { "run_as.service_principal_name" }, dry_run = true }
  t.match(json.encode(data.admin_commands), "let the copy run as ada.okafor@example.com")
  t.equal(row(data, "run_as.user_name").verdict, "attention")
end)

-- ---- within one workspace ----

test("a clone within one workspace says so, and warns of shared tables", function(t)
  local p <close> = start()
  local again <close> = workspace.client(p.f)
  local data = p.clone { pipeline = "finance_gl_close", name = "near", to = again, dry_run = true }
  t.equal(data.same_workspace, true)
  t.match(table.concat(data.warnings, "\n"), "would both own the tables of finance.gl")
  t.equal(row(data, "event_log.name").verdict, "dropped")
  data = p.clone { pipeline = "finance_gl_close", name = "near", to = again, schema = "gl2",
    dry_run = true }
  t.no_match(table.concat(data.warnings, "\n"), "own the tables")
  t.equal(row(data, "schema").to, "gl2")
  t.is_nil(row(data, "target"))
  data = p.clone { pipeline = "finance_revenue_recognition", name = "n", to = again, schema = "x",
    dry_run = true }
  t.equal({ row(data, "target").to, row(data, "schema") }, { "x" })
end)

test("a rule that matches nothing is reported", function(t)
  local p <close> = start()
  local data = p.clone { pipeline = "quickstart", name = "u", dry_run = true,
    path_map = { "/Users/nobody=/Shared" }, drop = { "photon.x" } }
  local text = table.concat(data.warnings, "\n")
  t.match(text, "--path-map /Users/nobody=/Shared: '/Users/nobody' does not occur in the source")
  t.match(text, "--drop photon.x: the source has no such field")
end)

test("a suggested map has the bound fields, and maps them when it is filled in", function(t)
  local p <close> = start()
  local dir <close> = program.dir()
  local text = p.clone({ pipeline = "finance_gl_close", suggest_map = true }).suggestion
  local empty = dir.write("empty.lua", text)
  local data = p.clone { pipeline = "finance_gl_close", name = "m", map = empty, dry_run = true }
  t.equal(row(data, "clusters[0].node_type_id").verdict, "attention")
  local full = dir.write("full.lua", (text:gsub('%["i3.xlarge"%] = ""',
    '["i3.xlarge"] = "Standard_DS3_v2"'):gsub('%["finance"%] = "", %-%- catalog',
    '["finance"] = "finance_dr", -- catalog')))
  data = p.clone { pipeline = "finance_gl_close", name = "m", map = full, dry_run = true }
  t.equal({ row(data, "clusters[0].node_type_id").verdict, row(data, "catalog").to,
    row(data, "event_log.catalog").to }, { "mapped", "finance_dr", "finance_dr" })
end)

test("a map may be a function of the whole spec", function(t)
  local p <close> = start()
  local dir <close> = program.dir()
  local map = dir.write("f.lua", [[return function(spec)
    spec.tags = { from = spec.name }
    spec.notifications = nil
    spec.clusters[1].node_type_id = "Standard_DS3_v2"
    return spec
  end]])
  local data = p.clone { pipeline = "finance_gl_close", name = "f", map = map }
  local spec = p.get(data.new_pipeline_id).spec
  t.equal({ spec.tags, spec.notifications, spec.clusters[1].node_type_id },
    { { from = "finance_gl_close" }, nil, "Standard_DS3_v2" })
  t.equal({ row(data, "tags.from").verdict, row(data, "clusters[0].node_type_id").from,
    row(data, "notifications[0].alerts[0]").verdict }, { "mapped", "i3.xlarge", "dropped" })
  t.match(row(data, "tags.from").rule, "the function in ")
end)

test("a pipeline of the Hive metastore gets a storage of its own, and keeps it", function(t)
  local p <close> = start { scenario = "empty" }
  local id = p.f:pipeline { name = "hms", catalog = json.null, serverless = false,
    schema = json.null, target = "legacy" }
  local data = p.clone { pipeline = id, name = "hms" }
  local copy = p.get(data.new_pipeline_id)
  t.equal({ copy.spec.storage, copy.spec.target, copy.spec.schema, copy.spec.serverless },
    { "dbfs:/pipelines/" .. data.new_pipeline_id, "legacy", nil, false })
  t.equal({ row(data, "storage").verdict, row(data, "target").verdict }, { "dropped", "kept" })
  t.equal(p.clone({ pipeline = id, name = "hms" }).status, "unchanged")
  t.equal(p.clone({ pipeline = id, name = "hms", set = { "photon=true" } }).status, "updated")
  t.equal(p.get(data.new_pipeline_id).spec.storage, copy.spec.storage)
  data = p.clone { pipeline = id, name = "to uc", catalog = "main", set = { "storage=dbfs:/mine" },
    drop = { "storage" } }
  t.equal(p.get(data.new_pipeline_id).spec.catalog, "main")
end)

test("num_workers 0 and serverless false are sent", function(t)
  local p <close> = start()
  local data = p.clone { pipeline = "sales_forecast", name = "zero", set = { "serverless=false" } }
  local spec = p.get(data.new_pipeline_id).spec
  t.equal({ spec.clusters[1].num_workers, spec.serverless }, { 0, false })
end)

test("run_as that was set stays set when the copy is updated", function(t)
  local p <close> = start()
  local function arg(more)
    local all = { pipeline = "finance_gl_close", name = "as" }
    for key, value in pairs(more or {}) do
      all[key] = value
    end
    return all
  end
  local id = p.clone(arg()).new_pipeline_id
  t.equal(p.get(id).run_as, { service_principal_name = "6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718" })
  t.equal(p.get(id).parameters, { ledger = "primary", period = "current" })
  t.equal(p.clone(arg { drop = { "run_as" }, set = { "photon=true" } }).status, "updated")
  t.equal(p.get(id).run_as, { service_principal_name = "6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718" })
end)

test("a user that a pipeline runs as may be mapped to a service principal", function(t)
  local p <close> = start()
  local dir <close> = program.dir()
  local id = p.f:pipeline { name = "by jo", run_as = { user_name = "jo.whitfield@example.com" } }
  local data = p.clone { pipeline = id, name = "by jo", dry_run = true }
  t.equal(row(data, "run_as.user_name").verdict, "attention")
  local map = dir.write("m.json", '{"principals": {"jo.whitfield@example.com": '
    .. '"6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718"}}')
  data = p.clone { pipeline = id, name = "by jo", map = map }
  t.is_nil(row(data, "run_as.user_name"))
  t.equal({ row(data, "run_as.service_principal_name").verdict,
    row(data, "run_as.service_principal_name").from }, { "mapped", "jo.whitfield@example.com" })
  t.equal(p.get(data.new_pipeline_id).run_as,
    { service_principal_name = "6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718" })
end)

test("the folder of a pipeline in the workspace's tree is mapped, and checked in the target",
  function(t)
    local p <close> = start()
    p.f:ok("POST", "/api/2.0/workspace/mkdirs", { path = "/Users/ada/pipes" })
    local id = p.f:pipeline { name = "in a folder", parent_path = "/Workspace/Users/ada/pipes" }
    local data = p.clone { pipeline = id, dry_run = true }
    t.equal(row(data, "parent_path").verdict, "attention")
    t.match(row(data, "parent_path").reason, "no file, notebook or folder '/Workspace/Users/ada")
    t.match(row(data, "parent_path").rule, "--path-map /Users/ada=NEW")
    p.f:ok("POST", "/api/2.0/workspace/mkdirs", { path = "/Shared/dr/pipes" },
      { token = "demo-dr-token" })
    data = p.clone { pipeline = id, path_map = { "/Users/ada=/Shared/dr" }, dry_run = true }
    t.equal({ row(data, "parent_path").verdict, row(data, "parent_path").to },
      { "mapped", "/Workspace/Shared/dr/pipes" })
    data = p.clone { pipeline = id, to = p.here, name = "beside it", dry_run = true }
    t.equal(row(data, "parent_path").verdict, "kept")
  end)

-- Let a pipeline's answer have a group in `run_as`, and record what is created. The request goes on
-- without `run_as`.
local function with_group(p, id, name)
  local created = {}
  p.f:intercept(function(request, answer)
    local body = request.body ~= "" and request.method ~= "GET" and json.decode(request.body) or {}
    if request.method == "POST" and request.path == "/api/2.0/pipelines" then
      created[#created + 1] = body.run_as or {}
      body.run_as = nil
      request.body = json.encode(body)
      return answer()
    end
    local reply = answer()
    if request.method == "GET" and request.path == "/api/2.0/pipelines/" .. id then
      local pipeline = json.decode(reply.body)
      pipeline.run_as, pipeline.run_as_user_name = { group_name = name }, name
      reply.body = json.encode(pipeline)
    end
    return reply
  end)
  return created
end

test("a copy runs as the group of its source, which the target must have", function(t)
  local p <close> = start()
  local id = p.f:pipeline { name = "for a group" }
  local created = with_group(p, id, "finance")
  local data = p.clone { pipeline = id, name = "beside it", to = p.here }
  t.equal({ row(data, "run_as.group_name").verdict, row(data, "run_as.group_name").to },
    { "kept", "finance" })
  t.is_nil(row(data, "run_as_user_name"))
  t.equal(created, { { group_name = "finance" }, { group_name = "finance" } })

  created = with_group(p, id, "nobody_there")
  data = p.clone { pipeline = id }
  local verdict = row(data, "run_as.group_name")
  t.equal({ verdict.verdict, verdict.to }, { "attention", nil })
  t.match(verdict.reason, "the target has no group 'nobody_there'")
  t.match(verdict.rule, '--map: principals = { ["nobody_there"]')
  t.equal(row(data, "run_as_user_name").to, "ada.okafor@example.com")
  t.equal(created, { {}, {} })

  created = with_group(p, id, "nobody_there")
  data = p.clone { pipeline = id, name = "mapped", map = { principals = {
    nobody_there = "analysts" } } }
  t.equal({ row(data, "run_as.group_name").verdict, row(data, "run_as.group_name").to },
    { "mapped", "analysts" })
  t.equal(created, { { group_name = "analysts" }, { group_name = "analysts" } })
end)

test("code is copied to another folder of the workspace, and the copy uses it there", function(t)
  local p <close> = start()
  local arg = function()
    return { pipeline = "quickstart", name = "moved", schema = "moved", to = p.here,
      with_sources = true, path_map = { "/Users/jo.whitfield@example.com=/Shared/moved" } }
  end
  local data = p.clone(arg())
  local path = p.get(data.new_pipeline_id, p.here).spec.libraries[1].notebook.path
  t.match(path, "^/Shared/moved/", true)
  t.equal(p.here.native:workspace_status(path).object_type, "NOTEBOOK")
  t.equal(row(data, "libraries[0].notebook.path").verdict, "mapped")
  t.equal(p.clone(arg()).status, "unchanged")
end)

test("--start starts one update, and none when nothing has changed", function(t)
  local p <close> = start()
  local arg = function() return { pipeline = "quickstart", name = "go", start = true } end
  local data = p.clone(arg())
  t.is_true(data.update_id)
  t.is_nil(p.clone(arg()).update_id)
  local updates = p.there.native:update_list(data.new_pipeline_id).updates
  t.equal(#updates, 1)
end)

test("a secret in plain text gets a warning, and its value is not shown", function(t)
  local p <close> = start()
  local dir <close> = program.dir()
  local id = p.f:pipeline { name = "leaky",
    configuration = { ["db.password"] = "hunter2-hunter2" } }
  local r = run_cli(p, dir, { "clone", id, "--name", "leak*", "--schema", "z", "-o", "json" })
  t.equal(r.status, 0, r.stderr)
  t.no_match(r.stdout .. r.stderr .. all_bytes(dir.path), "hunter2")
  local data = json.decode(r.stdout)
  t.match(table.concat(data.warnings, "\n"), 'configuration["db.password"] looks like a secret')
  t.equal(p.get(data.new_pipeline_id, p.here).spec.configuration["db.password"], "hunter2-hunter2")
end)

test("each outcome has its exit status", function(t)
  local p <close> = start()
  local dir <close> = program.dir()
  for _, case in ipairs {
    { { "clone", "quickstart" }, 2, "no name" },
    { { "clone" }, 2, "no pipeline" },
    { { "clone", "no such", "--name", "x" }, 3, "no such pipeline" },
    { { "clone", "quickstart", "--name", "quickstart" }, 5, "the source's own name" },
    { { "clone", "quickstart", "--name", "scratch", "--dry-run" }, 5, "a name that is taken" },
    { { "clone", "main.reporting.exec_kpis", "--name", "x" }, 2, "of Databricks SQL" },
    { { "clone", "quickstart", "--name", "x", "--set", "a..b=1" }, 2, "no path" },
    { { "clone", "quickstart", "--name", "x", "--map", "/no/such" }, 2, "no map" },
    { { "clone", "quickstart", "--name", "x", "--schema", "q" }, 0, "fine" },
  } do
    t.equal(run_cli(p, dir, case[1]).status, case[2], case[3])
  end
end)
