-- tarn set and the checks that it shares with edit and rename: the named settings change, all
-- others stay, and undo restores them.

local faults = require "sandbox.http.faults"
local journal = require "tarn.journal"
local journaled = require "support.journaled"
local json = require "native.json"

local PATH <const> = "/api/2.0/pipelines"

local function start(more)
  local spec = { name = "p", catalog = "main", schema = "s", tags = { a = "1" },
    configuration = { ["mqtt.host"] = "h", ["mqtt.password"] = "hunter2hunter2" } }
  for key, value in pairs(more or {}) do
    spec[key] = value
  end
  return journaled.with_pipeline(spec)
end

local function set(j, ...)
  local r = j:run { "--profile", "there", "-ojson", "set", "p", ... }
  return r, r.status == 0 and json.decode(r.stdout) or nil
end

test("the named settings change, all others stay, and undo restores them", function(t)
  local j <close>, id = start()
  local before = j:spec(id)
  j:forget()
  local r, data = set(j, "photon=true", "tags.b=2", "configuration.mqtt.host=broker",
    "libraries[1].file.path=/Shared/a.py", "--drop", "tags.a")
  t.equal(r.status, 0, r.stderr)
  t.equal({ data.status, data.pipeline_id, #data.changes }, { "changed", id, 5 })
  t.equal(j:changes(), { "PUT " .. PATH .. "/" .. id })
  local spec = j:spec(id)
  t.equal({ spec.photon, spec.tags, spec.configuration["mqtt.host"], spec.libraries[2].file.path,
    spec.catalog, spec.configuration["mqtt.password"] },
    { true, { b = "2" }, "broker", "/Shared/a.py", "main", "hunter2hunter2" })
  local record = journal.find "last"
  t.equal({ record.command, record.status, record.target.pipeline_id }, { "set", "done", id })
  j:data { "undo", "last", "--yes" }
  t.equal(j:spec(id), before)
end)

test("nothing is sent if nothing changes", function(t)
  local j <close> = start()
  local _, data = set(j, "catalog=main", "tags.a=1")
  t.equal({ data.status, #data.changes }, { "unchanged", 0 })
  t.equal(j:changes(), {})
  t.is_nil(journal.operations()())
end)

test("a dry run lets the workspace check the settings, and changes nothing", function(t)
  local j <close>, id = start()
  local before = j:spec(id)
  local _, data = set(j, "photon=true", "--dry-run")
  t.equal({ data.status, data.dry_run, data.effective_settings.photon },
    { "would be changed", true, true })
  local r = set(j, "serverless=true", 'clusters=[{"label":"default","num_workers":1}]', "--dry-run")
  t.equal(r.status, 1, r.stdout)
  t.match(r.stderr, "cluster settings when using serverless")
  t.equal(j:spec(id), before)
  t.equal(#j.w:ok("GET", PATH).statuses, 1)
  t.is_nil(journal.operations()())
end)

test("a change by somebody else meanwhile is a conflict, and is not overwritten", function(t)
  local j <close>, id = start()
  j.on_request = function(request, answer)
    local result = answer()
    if request.method == "GET" and request.path == PATH .. "/" .. id then
      j.on_request = nil
      j.w:ok("PUT", PATH .. "/" .. id, { name = "p", catalog = "main", schema = "other",
        libraries = { { notebook = { path = "/Shared/x" } } } })
    end
    return result
  end
  local r = set(j, "photon=true")
  t.equal(r.status, 5, r.stdout)
  local spec = j:spec(id)
  t.equal({ spec.schema, spec.photon }, { "other" })
  t.equal(journal.find "last".status, "failed")
end)

test("an edit whose answer is lost is found to be done", function(t)
  local j <close>, id = start()
  j.w.server.faults = faults.new { { action = "reset_after", method = "PUT",
    path = PATH .. "/" .. id, count = 1 } }
  local r = set(j, "photon=true")
  t.equal(r.status, 0, r.stderr)
  t.equal(j:spec(id).photon, true)
end)

test("wrong words are refused before anything is sent", function(t)
  local j <close> = start()
  for _, case in ipairs { { "photon", "PATH=VALUE" }, { "libraries[7].x=1", "no such place" },
    { "--drop", "tags.zzz", "no field tags.zzz" }, { "name=", "needs a name" } } do
    local r = set(j, table.unpack(case, 1, #case - 1))
    t.equal(r.status, 2, case[1] .. r.stderr)
    t.match(r.stderr, case[#case])
  end
  t.equal(set(j).status, 2)
  t.equal(j:changes(), {})
end)

test("what cannot be changed is refused with the reason", function(t)
  local j <close> = journaled.start()
  j.w:ok("POST", PATH, { name = "p", target = "t", libraries = {
    { notebook = { path = "/Shared/x" } } } })
  for _, case in ipairs { { "storage=dbfs:/y", "cannot change its storage" },
    { "catalog=main", "storage" } } do
    local r = set(j, case[1])
    t.is_true(r.status ~= 0, r.stdout)
    t.match(r.stderr, case[2])
  end
end)

test("run_as is not removed in silence", function(t)
  local j <close> = start { run_as = { user_name = "mei.tanaka@example.com" } }
  local r = set(j, "--drop", "run_as")
  t.equal(r.status, 5)
  t.match(r.stderr, "not removed")
end)

test("unknown fields, bundles and continuous pipelines are warnings", function(t)
  local j <close> = start { deployment = { kind = "BUNDLE", metadata_file_path = "/x" } }
  local r = set(j, "chanel=PREVIEW", "continuous=true", "--dry-run")
  t.equal(r.status, 0, r.stderr)
  t.match(r.stderr, "no field chanel (did you mean 'channel'?)")
  t.match(r.stderr, "starts as soon as")
  t.match(r.stderr, "a bundle manages this pipeline")
end)

test("secrets are neither shown nor kept", function(t)
  local j <close>, id = start()
  local r, data = set(j, "configuration.mqtt.password=correcthorsebattery")
  t.equal(r.status, 0, r.stderr)
  t.equal(j:spec(id).configuration["mqtt.password"], "correcthorsebattery")
  local all = r.stdout .. r.stderr .. json.encode(journal.steps(data.operation))
    .. json.encode(journal.find(data.operation))
  t.is_nil(all:find "horse")
  t.is_nil(all:find "hunter2")
end)

test("a hook can refuse a change, in a dry run too", function(t)
  local j <close> = start()
  j.dir.write("hooks/rule.lua", [[return { before_edit = function(request, ctx)
    for _, change in ipairs(request.changes) do
      if change.path == "catalog" then ctx.refuse("the catalog of " .. request.name .. " stays") end
    end
  end }]])
  for _, more in ipairs { {}, { "--dry-run" } } do
    local r = j:run { "--profile", "there", "--path", j.dir.path, "set", "p", "catalog=x",
      table.unpack(more) }
    t.equal(r.status, 5)
    t.match(r.stderr, "the catalog of p stays")
  end
  t.equal(j:changes(), {})
end)

test("the text says what has changed, and how to reverse it", function(t)
  local j <close> = start()
  local r = j:run { "--profile", "there", "set", "p", "photon=true" }
  t.match(r.stdout, "changed  p\n  photon: (not set) -> true\n  `tarn undo ")
end)
