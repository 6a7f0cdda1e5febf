-- tarn list: criteria, order, limit, and several workspaces side by side.

local fake = require "testing.fake"
local json = require "native.json"
local program = require "testing.program"
local workspace = require "testing.workspace"

local function id_of(i)
  return ("%08d-0000-4000-8000-000000000000"):format(i)
end

-- A workspace that answers lists of `n` pipelines in pages, and reads each. `spec_of(i)` is the
-- spec of a pipeline, or a reply.
local function paged(n, spec_of)
  local function item(i)
    return { pipeline_id = id_of(i), name = ("p%04d"):format(i), state = i % 5 == 0 and "RUNNING"
      or "IDLE", creator_user_name = "a@x.io" }
  end
  return fake.workspace(function(request)
    if request.path == "/api/2.0/pipelines" then
      local query = request.query or ""
      local from = math.tointeger(query:match "page_token=(%d+)") or 0
      local size = math.tointeger(query:match "max_results=(%d+)")
      local list = json.array {}
      for i = from + 1, math.min(n, from + size) do
        list[#list + 1] = item(i)
      end
      return { statuses = list, next_page_token = from + size < n and tostring(from + size) or nil }
    end
    local i = math.tointeger(tonumber(request.path:match "/(%d+)%-0000"))
    local spec = spec_of(i)
    return getmetatable(spec) and spec
      or { pipeline_id = id_of(i), name = item(i).name, state = "IDLE", spec = spec }
  end)
end

local function column(rows, field)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = row[field]
  end
  return list
end

local function names(arg, ws)
  return column(fake.run("list", arg, ws), "name")
end

-- ---- limit ----

test("--limit asks for no more than it needs", function(t)
  local ws <close> = paged(1000)
  t.equal(names({ limit = 3 }, ws), { "p0001", "p0002", "p0003" })
  t.equal({ #ws.seen, ws.seen[1].query:match "max_results=%d+" }, { 1, "max_results=3" })
  t.equal(#names({ limit = 250 }, ws), 250)
  t.equal(#ws.seen, 1 + 3)
end)

test("--limit with criteria that only Tarn knows reads pages until it has enough", function(t)
  local ws <close> = paged(1000)
  t.equal(names({ limit = 21, state = "running" }, ws)[21], "p0105")
  t.equal(#ws.seen, 2)
  t.equal(#names({ limit = 21, state = "running", filter = "p00*" }, ws), 19)
end)

test("a workspace that refuses the order is asked without it", function(t)
  local ws <close> = fake.workspace(function(request)
    if (request.query or ""):find "order_by" then
      return fake.refusal(400, "INVALID_PARAMETER_VALUE", "no order")
    end
    return { statuses = { { pipeline_id = id_of(1), name = "a", state = "IDLE" } } }
  end)
  t.equal(names({ limit = 5 }, ws), { "a" })
end)

test("a limit that is less than one is refused", function(t)
  local r = program.run { "-p", "demo", "list", "--limit", "0" }
  t.equal(r.status, 2)
  t.match(r.stderr, "is less than 1")
end)

-- ---- settings ----

local function settings_of(i)
  return { catalog = i % 2 == 0 and "Sales" or i % 3 ~= 0 and "ops" or nil, schema = "s",
    tags = i % 4 == 0 and { team = "data", cost = "" } or nil,
    libraries = i == 6 and { { file = { path = "/Workspace/a/b.py" } } }
      or i == 7 and { { glob = { include = "/a/etl/**" } } } or nil }
end

test("--catalog and --tag look into the settings of what fits otherwise", function(t)
  local ws <close> = paged(8, settings_of)
  local rows = fake.run("list", { catalog = "sal*" }, ws)
  t.equal(column(rows, "name"), { "p0002", "p0004", "p0006", "p0008" })
  t.equal({ rows[1].catalog, rows[1].schema, rows[2].tags }, { "Sales", "s",
    { team = "data", cost = "" } })
  t.equal(#ws.seen, 1 + 8)
  t.equal(names({ tag = { "team=data", "cost" } }, ws), { "p0004", "p0008" })
  t.equal(names({ tag = { "team=other" } }, ws), {})
  t.equal(names({ catalog = "hive_metastore" }, ws), { "p0003" })
  t.equal(names({ catalog = "sales", case = true }, ws), {})
  local seen = #ws.seen
  t.equal(names({ catalog = "sales", filter = "p0002" }, ws), { "p0002" })
  t.equal(#ws.seen, seen + 2)
end)

test("--limit reads no more settings than it must, in the order of the workspace", function(t)
  local ws <close> = paged(100, settings_of)
  t.equal(names({ catalog = "sales", limit = 2 }, ws), { "p0002", "p0004" })
  t.is_true(#ws.seen <= 1 + 8, #ws.seen)
end)

test("settings that cannot be read are told; the exit status is 1", function(t)
  local w <close> = workspace.start()
  w:pipeline { name = "one" }
  local shut = w:pipeline { name = "two" }
  w:intercept(function(request, answer)
    if request.path:find(shut, 1, true) then
      return { status = 403, headers = {}, body = '{"error_code":"PERMISSION_DENIED",'
        .. '"message":"not yours"}' }
    end
    return answer()
  end)
  local r = program.run({ "list", "--catalog", "main", "-o", "jsonl", "--columns", "name" },
    { env = w:env() })
  t.equal({ r.status, r.stdout }, { 1, '{"name":"one"}\n' })
  t.match(r.stderr, "it is unknown whether 1 pipeline whose settings cannot be read fits; "
    .. "two: not yours")
end)

test("a pipeline that is gone when its settings are read is no pipeline", function(t)
  local ws <close> = paged(2, function(i)
    return i == 1 and settings_of(2) or fake.refusal(404, "RESOURCE_DOES_NOT_EXIST", "gone")
  end)
  local rows, status = fake.run("list", { catalog = "sales" }, ws)
  t.equal({ #rows, status }, { 1, 0 })
end)

test("a tag without a key is refused", function(t)
  local ws <close> = paged(1, settings_of)
  t.match(t.fault(fake.run, "list", { tag = { "=x" } }, ws).message, "'=x' has no key")
  t.equal(#ws.seen, 0)
end)

-- ---- notebook, name ----

test("--notebook uses the server's filter, with both forms of the path", function(t)
  local w <close> = workspace.start()
  local ws <close> = workspace.client(w)
  w:pipeline { name = "short" }
  w:pipeline { name = "long", libraries = { { notebook = { path = "/Workspace/Shared/etl" } } } }
  w:pipeline { name = "other", libraries = { { notebook = { path = "/Shared/etl2" } } } }
  local calls = 0
  w:intercept(function(_, answer)
    calls = calls + 1
    return answer()
  end)
  for _, path in ipairs { "/Shared/etl", "/Workspace/Shared/etl" } do
    local found = names({ notebook = path }, ws)
    table.sort(found)
    t.equal(found, { "long", "short" })
  end
  t.equal(calls, 4)
  t.equal(names({ notebook = "/Shared/etl", filter = "sh*" }, ws), { "short" })
  calls = 0
  t.equal(#names({ notebook = "/shared/*" }, ws), 0)
  t.equal(#names({ notebook = "/Shared/e*" }, ws), 3)
  t.equal(calls, 2 * (1 + 3))
end)

test("--notebook finds files and folders of code by the settings", function(t)
  local ws <close> = paged(8, settings_of)
  t.equal(names({ notebook = "/a/b.py" }, ws), { "p0006" })
  t.equal(names({ notebook = "/Workspace/a/*" }, ws), { "p0006", "p0007" })
end)

test("with --case the server finds names; what is a wildcard to it is compared again", function(t)
  local w <close> = workspace.start()
  local ws <close> = workspace.client(w)
  for _, name in ipairs { "a_b", "axb", "A_b", "it's" } do
    w:pipeline { name = name }
  end
  local queries = {}
  w:intercept(function(request, answer)
    queries[#queries + 1] = request.query
    return answer()
  end)
  t.equal(names({ filter = "a_*", case = true }, ws), { "a_b" })
  t.match(queries[1], "filter=name")
  t.equal(#names({ filter = "a_*" }, ws), 2)
  t.equal(names({ filter = "it's", case = true }, ws), { "it's" })
  t.equal({ queries[2]:find "filter", queries[3]:find "filter" }, {})
end)

test("a filter with more pages than one is sent with each page", function(t)
  local w <close> = workspace.start()
  local ws <close> = workspace.client(w)
  for i = 1, 130 do
    w:pipeline { name = ("x%03d"):format(i) }
  end
  w:pipeline { name = "y" }
  t.equal(#names({ filter = "x*", case = true }, ws), 130)
  t.equal(#names({ notebook = "/Shared/etl" }, ws), 131)
end)

-- ---- sort ----

test("--sort takes fields of rows, in both directions; what has no value is last", function(t)
  local w <close> = workspace.start { run_ms = 200 }
  local ws <close> = workspace.client(w)
  local ids = {}
  for _, name in ipairs { "b", "A", "c", "d" } do
    ids[name] = w:pipeline { name = name, catalog = name == "c" and "first" or "main" }
  end
  for _, name in ipairs { "c", "A" } do
    w:complete(ids[name])
  end
  t.equal(names({ sort = "name" }, ws), { "A", "b", "c", "d" })
  t.equal(names({ sort = "name:desc" }, ws), { "d", "c", "b", "A" })
  t.equal(names({ sort = "started:desc" }, ws), { "A", "c", "b", "d" })
  t.equal(names({ sort = "latest_update.creation_time" }, ws), { "c", "A", "b", "d" })
  t.equal(names({ sort = "last_run:desc,name:desc" }, ws), { "c", "A", "d", "b" })
  t.equal(names({ sort = "catalog,name" }, ws), { "c", "A", "b", "d" })
  t.equal(names({ sort = "name:desc", limit = 2 }, ws), { "d", "c" })
  for text, message in pairs { startd = "there is no field 'startd'", [""] = "names no field",
    ["name:down"] = "'down' is neither asc nor desc" } do
    t.match(t.fault(fake.run, "list", { sort = text }, ws).message, message)
  end
  t.match(t.fault(fake.run, "list", { sort = "startd" }, ws).hint, "'started'")
end)

-- ---- several workspaces ----

-- A home with these profiles, each the URL of a workspace.
local function home_of(profiles)
  local dir, text = program.dir(), {}
  for _, one in ipairs(profiles) do
    text[#text + 1] = ("[%s]\nhost = %s\ntoken = demo-token\n"):format(one[1], one[2])
  end
  dir.write(".databrickscfg", table.concat(text))
  return dir
end

test("--all-profiles lists all workspaces, each once, and tells which one failed", function(t)
  local a <close> = workspace.start()
  local b <close> = workspace.start()
  local shut <close> = fake.server(function()
    return fake.refusal(403, "PERMISSION_DENIED", "not for you")
  end)
  a:pipeline { name = "same" }
  b:pipeline { name = "same" }
  b:pipeline { name = "only", catalog = "dr" }
  local dir <close> = home_of { { "prod", a.url }, { "again", a.url }, { "dr", b.url },
    { "shut", shut.url } }
  local function run(words, ...)
    return program.run({ "list", words, ... }, { home = dir.path })
  end
  local r = run("--all-profiles", "-o", "csv", "--columns", "name,profile")
  t.equal({ r.status, (r.stdout:gsub("\r", "")) },
    { 1, "name,profile\nonly,dr\nsame,dr\nsame,prod\n" })
  t.match(r.stderr, "again is the same workspace as prod and is left out")
  t.match(r.stderr, "shut: not for you; its pipelines are missing")
  r = run("--profiles", "prod,dr", "--sort", "profile:desc", "--limit", "2", "-o", "json")
  t.equal(r.status, 0, r.stderr)
  local rows = json.decode(r.stdout)
  t.equal(column(rows, "name"), { "same", "only" })
  t.equal({ rows[1].profile, rows[1].workspace, rows[2].profile }, { "prod", a.url, "dr" })
  t.match(run("--profiles", "prod,dr").stdout, "NAME +PROFILE +STATE.*same +dr.*same +prod", true)
  t.match(run("--profiles", "prod,dr", "--catalog", "dr").stdout, "only +dr +dr +IDLE", true)
  r = run("--profiles", "shut", "-o", "json")
  t.equal({ r.status, r.stdout }, { 4, "" })
  t.match(r.stderr, "none of 1 workspaces answered: shut: not for you")
end)

test("a workspace that does not answer in time is told, and the others are listed", function(t)
  local a <close> = workspace.start()
  local b <close> = workspace.start()
  a:pipeline { name = "there" }
  b:intercept(function()
    require("native.task").sleep(60)
  end)
  local dir <close> = home_of { { "prod", a.url }, { "slow", b.url } }
  local r = program.run({ "list", "--all-profiles", "--patience", "0.5", "--columns", "name",
    "-o", "jsonl" }, { home = dir.path })
  t.equal({ r.status, r.stdout }, { 1, '{"name":"there"}\n' })
  t.match(r.stderr, "slow: no answer in 0.5 seconds; its pipelines are missing")
end)

test("options of several workspaces go with several workspaces only", function(t)
  for words, message in pairs {
    ["list --patience 3"] = "--patience goes with --profiles or --all-profiles",
    ["list --profiles a --all-profiles"] = "exclude each other",
    ["-p demo list --all-profiles"] = "--profile and --all-profiles exclude each other",
  } do
    local list = {}
    for word in words:gmatch "%S+" do
      list[#list + 1] = word
    end
    local r = program.run(list)
    t.equal(r.status, 2, words)
    t.match(r.stderr, message)
  end
end)

test("--columns goes with all of them", function(t)
  local w <close> = workspace.start()
  w:pipeline { name = "one", tags = { team = "data" } }
  local function out(...)
    local r = program.run({ "list", "--no-headers", "-o", "csv", ... }, { env = w:env() })
    return (r.stdout:gsub("\r", ""))
  end
  t.equal(out("--columns", "name,catalog,tags.team"), "one,main,data\n")
  t.equal(out("--columns", "catalog", "--sort", "schema"), "main\n")
end)
