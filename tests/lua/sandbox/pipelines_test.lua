local http = require "native.http"
local json = require "native.json"
local workspace = require "testing.workspace"

local PATH <const> = "/api/2.0/pipelines"

local function map(n)
  local made = {}
  for i = 1, n do
    made["k" .. i] = "v"
  end
  return made
end

local function list(n, value)
  local made = {}
  for i = 1, n do
    made[i] = value
  end
  return made
end

local LIBRARIES <const> = { { notebook = { path = "/Shared/etl" } } }
local CLUSTERS <const> = { { label = "default", num_workers = 1 } }
local INGESTION <const> = { connection_name = "c", objects = json.array {} }

-- Requests that create refuses: fields beside { name, libraries }, status, error_code, words of
-- the message, and why.
local REFUSED <const> = {
  { { libraries = json.array {} }, 400, "INVALID_PARAMETER_VALUE",
    "libraries must contain at least one element", "no code" },
  { { libraries = json.null }, 400, "INVALID_PARAMETER_VALUE",
    "libraries must contain at least one element", "null is absent" },
  { { target = "a.b" }, 400, "INVALID_PARAMETER_VALUE", 'CreatePipeline target_schema_name "a.b" '
    .. "is not a valid name. Valid names must contain only alphanumeric characters and "
    .. "underscores, and cannot contain spaces, periods, forward slashes, or control characters.",
    "a dot in target" },
  { { catalog = "c", serverless = true, clusters = CLUSTERS }, 400, "INVALID_PARAMETER_VALUE",
    "You cannot provide cluster settings when using serverless compute.", "serverless clusters" },
  { { catalog = "c", libraries = json.null, ingestion_definition = INGESTION,
    clusters = CLUSTERS }, 400, "INVALID_PARAMETER_VALUE",
    "You cannot provide cluster settings when using serverless compute.",
    "ingestion is serverless by default" },
  { { target = "t", schema = "s" }, 400, "INVALID_PARAMETER_VALUE", "'target' and 'schema'",
    "two schemas" },
  { { storage = "dbfs:/x", catalog = "c" }, 400, "INVALID_PARAMETER_VALUE", "'storage'",
    "two locations" },
  { { serverless = true }, 400, "INVALID_PARAMETER_VALUE", "Unity Catalog",
    "serverless without catalog" },
  { { libraries = { { glob = { include = "/a/**" } }, { file = { path = "/a.py" } } } }, 400,
    "INVALID_PARAMETER_VALUE", "'glob'", "a glob beside a file" },
  { { libraries = { { glob = { include = "/a/**" }, file = { path = "/a.py" } } } }, 400,
    "INVALID_PARAMETER_VALUE", "exactly one of", "two keys in one element" },
  { { ingestion_definition = INGESTION }, 400, "INVALID_PARAMETER_VALUE", "'libraries'",
    "ingestion with code" },
  { { libraries = json.null, ingestion_definition = { connection_name = "c",
    ingestion_gateway_id = "g" } }, 400, "INVALID_PARAMETER_VALUE", "ingestion_gateway_id",
    "a connection and a gateway" },
  { { run_as = { user_name = "a", service_principal_name = "b" } }, 400,
    "INVALID_PARAMETER_VALUE", "Exactly one of", "run_as of two" },
  { { run_as = { user_name = "nobody@example.com" } }, 400, "INVALID_PARAMETER_VALUE",
    "does not exist", "run_as of nobody" },
  { { run_as = { group_name = "nobodies" } }, 400, "INVALID_PARAMETER_VALUE",
    "Principal: GroupName(nobodies) does not exist", "run_as of no group" },
  { { run_as = { group_name = "users", user_name = "lars.nygaard@example.com" } }, 400,
    "INVALID_PARAMETER_VALUE", "Exactly one of", "run_as of a user and a group" },
  { { run_as = { group = "users" } }, 400, "INVALID_PARAMETER_VALUE", "Exactly one of",
    "run_as of no principal" },
  { { parent_path = "/Shared/no" }, 404, "RESOURCE_DOES_NOT_EXIST", "/Shared/no",
    "a parent folder that is not there" },
  { { parent_path = "Shared" }, 400, "INVALID_PARAMETER_VALUE", "must be absolute",
    "a parent folder without a slash" },
  { { tags = map(26) }, 400, "INVALID_PARAMETER_VALUE", "25 tags", "26 tags" },
  { { parameters = { p = ("x"):rep(10001) } }, 400, "INVALID_PARAMETER_VALUE",
    "10000 characters", "long parameters" },
  { { clusters = { { custom_tags = map(46) } } }, 400, "INVALID_PARAMETER_VALUE",
    "45 custom tags", "46 cluster tags" },
  { { clusters = { { ssh_public_keys = list(11, "k") } } }, 400, "INVALID_PARAMETER_VALUE",
    "10 SSH keys", "11 keys" },
  { { clusters = { { init_scripts = list(11, { workspace = { destination = "/x" } }) } } }, 400,
    "INVALID_PARAMETER_VALUE", "10 init scripts", "11 init scripts" },
  { { name = "" }, 400, "INVALID_PARAMETER_VALUE", "name", "no name" },
  { { name = json.array {} }, 400, "MALFORMED_REQUEST", "'name'", "a name that is a list" },
  { { continuous = "yes" }, 400, "MALFORMED_REQUEST", "'continuous'", "a word for a boolean" },
  { { configuration = { a = 1 } }, 400, "MALFORMED_REQUEST", "'configuration'",
    "a number in a map of strings" },
  { { libraries = {} }, 400, "MALFORMED_REQUEST", "'libraries'", "an object for a list" },
}

test("create refuses the same requests as the real server, with the same messages", function(t)
  local w <close> = workspace.start()
  for _, case in ipairs(REFUSED) do
    local body = { name = "p", libraries = LIBRARIES }
    for key, value in pairs(case[1]) do
      body[key] = value
    end
    local status, answer = w:call("POST", PATH, body)
    t.equal({ status, answer.error_code }, { case[2], case[3] }, case[5])
    t.match(answer.message, case[4])
  end
  t.is_nil(w:ok("GET", PATH).statuses, "nothing was created")
end)

test("types are checked first, then fields that exclude each other, then libraries", function(t)
  local w <close> = workspace.start()
  local body = { name = "p", photon = 1, target = "t", schema = "s" }
  local _, answer = w:call("POST", PATH, body)
  t.match(answer.message, "photon")
  body.photon = true
  _, answer = w:call("POST", PATH, body)
  t.match(answer.message, "'target' and 'schema'")
  body.schema = nil
  _, answer = w:call("POST", PATH, body)
  t.match(answer.message, "libraries must contain")
end)

test("names are unique unless duplicates are allowed", function(t)
  local w <close> = workspace.start()
  w:pipeline()
  local status, answer = w:call("POST", PATH, { name = "p", libraries = LIBRARIES })
  t.equal({ status, answer.error_code }, { 409, "RESOURCE_CONFLICT" })
  t.equal(answer.message, "The pipeline name 'p' is already used by another pipeline. This check "
    .. "can be skipped by setting `allow_duplicate_names = true` in the request.")
  w:pipeline { allow_duplicate_names = true }
  t.equal(#w:ok("GET", PATH).statuses, 2)
end)

test("a spec is stored as it was sent, unknown and empty fields included", function(t)
  local w <close> = workspace.start()
  local sent = '{"name":"exact","catalog":"MAIN","schema":"s","libraries":[{"notebook":'
    .. '{"path":"/Workspace/Shared/x"}}],"clusters":[],"tags":{},"tomorrow":{"list":[],"map":{},'
    .. '"big":9223372036854775807,"half":0.5,"none":null},"run_as":{"user_name":'
    .. '"lars.nygaard@example.com"},"parameters":{"a":"1"},"allow_duplicate_names":true}'
  local _, made = w:call("POST", PATH, nil, { text = sent })
  local got = w:ok("GET", PATH .. "/" .. made.pipeline_id)
  t.equal(json.encode(got.spec), '{"catalog":"main","clusters":[],"id":"' .. made.pipeline_id
    .. '","libraries":[{"notebook":{"path":"/Workspace/Shared/x"}}],"name":"exact","schema":"s",'
    .. '"tags":{},"tomorrow":{"big":9223372036854775807,"half":0.5,"list":[],"map":{},'
    .. '"none":null}}')
  t.equal(got.run_as, { user_name = "lars.nygaard@example.com" })
  t.equal(got.run_as_user_name, "lars.nygaard@example.com")
  t.equal(got.creator_user_name, "ada.okafor@example.com")
  t.equal(got.parameters, { a = "1" })
end)

test("a pipeline that never ran has no health, no updates and no run_as", function(t)
  local w <close> = workspace.start()
  local got = w:ok("GET", PATH .. "/" .. w:pipeline())
  t.equal({ got.state, got.name, got.effective_publishing_mode },
    { "IDLE", "p", "DEFAULT_PUBLISHING_MODE" })
  t.is_nil(got.health)
  t.is_nil(got.latest_updates)
  t.is_nil(got.run_as)
  t.equal(math.type(got.last_modified), "integer")
end)

test("a pipeline without catalog and storage uses the Hive metastore", function(t)
  local w <close> = workspace.start()
  local id = w:ok("POST", PATH, { name = "h", libraries = LIBRARIES, target = "t" }).pipeline_id
  local got = w:ok("GET", PATH .. "/" .. id)
  t.equal(got.spec.storage, "dbfs:/pipelines/" .. id)
  t.is_nil(got.effective_publishing_mode)
end)

test("by default the event log is published beside the tables", function(t)
  local w <close> = workspace.start()
  local got = w:ok("GET", PATH .. "/" .. w:pipeline { event_log = { name = "log" } })
  t.equal(got.spec.event_log, { name = "log", catalog = "main", schema = "s" })
end)

test("a dry run checks, shows the effective settings and creates nothing", function(t)
  local w <close> = workspace.start()
  local answer = w:ok("POST", PATH, { name = "d", libraries = LIBRARIES, catalog = "main",
    dry_run = true })
  t.equal({ answer.effective_settings.channel, answer.effective_settings.continuous },
    { "CURRENT", false })
  t.is_nil(answer.pipeline_id)
  t.is_nil(w:ok("GET", PATH).statuses)
  t.equal((w:call("POST", PATH, { name = "d", dry_run = true })), 400)
end)

test("an invalid id is 400, an unknown one 404", function(t)
  local w <close> = workspace.start()
  local id = "00000000-0000-4000-8000-000000000000"
  local status, answer = w:call("GET", PATH .. "/" .. id)
  t.equal({ status, answer.error_code, answer.message }, { 404, "RESOURCE_DOES_NOT_EXIST",
    "The specified pipeline " .. id .. " was not found." })
  status, answer = w:call("GET", PATH .. "/6d1f")
  t.equal({ status, answer.error_code }, { 400, "INVALID_PARAMETER_VALUE" })
end)

test("an edit replaces the whole spec", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline { configuration = { a = "1" }, tags = { x = "y" },
    parameters = { p = "1" } }
  local before = w:ok("GET", PATH .. "/" .. id)
  t.equal(w:ok("PUT", PATH .. "/" .. id, { name = "p2", catalog = "main", libraries = LIBRARIES,
    expected_last_modified = before.last_modified, id = id }), {})
  local after = w:ok("GET", PATH .. "/" .. id)
  t.equal(after.spec, { id = id, name = "p2", catalog = "main", libraries = LIBRARIES })
  t.equal(after.name, "p2")
  t.is_nil(after.parameters)
  t.is_true(after.last_modified > before.last_modified, "last_modified grows")
end)

-- Edits of a pipeline with clusters, run_as and a catalog that are refused.
local EDITS <const> = {
  { { clusters = { { label = "updates", num_workers = 1 } } }, 400,
    "clusters must have exactly 1 default cluster", "no default cluster" },
  { { clusters = { { label = "default", num_workers = 1 }, { num_workers = 1 } } }, 400,
    "clusters must have exactly 1 default cluster", "two default clusters" },
  { { run_as = json.null }, 400, "Once configured, run_as of the pipeline can not be set to null. "
    .. "Please set run_as to lars.nygaard@example.com to preserve the pipeline's run_as",
    "run_as removed" },
  { { expected_last_modified = 1 }, 409, "was modified", "changed meanwhile" },
  { { name = "other" }, 409, "already used", "the name of another pipeline" },
  { { catalog = json.null }, 400, "moved between", "out of Unity Catalog" },
  { { id = "00000000-0000-4000-8000-000000000000" }, 400, "id in the body", "another id" },
  { { target = "a b", schema = json.null }, 400, 'EditPipeline target_schema_name "a b"',
    "a bad target" },
}

test("edit refuses the same requests as the real server, with the same messages", function(t)
  local w <close> = workspace.start()
  w:pipeline { name = "other" }
  local base = { name = "p", catalog = "main", schema = "s", serverless = false,
    clusters = CLUSTERS, libraries = LIBRARIES, run_as = { user_name =
    "lars.nygaard@example.com" } }
  local id = w:pipeline(base)
  local before = w:ok("GET", PATH .. "/" .. id)
  for _, case in ipairs(EDITS) do
    local body = {}
    for key, value in pairs(base) do
      body[key] = value
    end
    for key, value in pairs(case[1]) do
      body[key] = value
    end
    local status, answer = w:call("PUT", PATH .. "/" .. id, body)
    t.equal(status, case[2], case[4])
    t.match(answer.message, case[3])
  end
  t.equal(w:ok("GET", PATH .. "/" .. id), before, "nothing changed")
end)

test("a deleted pipeline is gone at once, or after a configured time", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  t.equal(w:ok("DELETE", PATH .. "/" .. id), {})
  t.equal((w:call("GET", PATH .. "/" .. id)), 404)
  t.equal((w:call("DELETE", PATH .. "/" .. id)), 404)
  id = w:pipeline { configuration = { ["sandbox.delete_ms"] = "5000" } }
  w:ok("DELETE", PATH .. "/" .. id .. "?cascade=false&force=true")
  t.equal(w:ok("GET", PATH .. "/" .. id).state, "DELETED")
  w.clock:advance(5001)
  t.equal((w:call("GET", PATH .. "/" .. id)), 404)
  t.equal((w:call("DELETE", PATH .. "/" .. w:pipeline() .. "?cascade=perhaps")), 400)
end)

test("a listing has pages, and its tokens are valid for the same listing only", function(t)
  local w <close> = workspace.start { scenario = "large:253,0,0" }
  local all, pages = w:all(PATH .. "?max_results=100", "statuses")
  t.equal({ #all, pages }, { 253, 3 })
  for i = 2, #all do
    t.is_true(all[i - 1].pipeline_id < all[i].pipeline_id, "sorted by id")
  end
  t.equal(#w:ok("GET", PATH).statuses, 25, "25 by default")
  local token = http.escape(w:ok("GET", PATH).next_page_token)
  for _, other in ipairs { "order_by=name", "filter=name%20LIKE%20'p%25'" } do
    local status, answer = w:call("GET", PATH .. "?" .. other .. "&page_token=" .. token)
    t.equal({ status, answer.error_code }, { 400, "INVALID_PARAMETER_VALUE" }, other)
  end
  t.equal((w:call("GET", PATH .. "?page_token=bm9wZQ==")), 400)
  t.equal((w:call("GET", PATH .. "?page_token=%21")), 400)
  for size, status in pairs { ["101"] = 400, ["-1"] = 400, ["x"] = 400, ["100"] = 200 } do
    t.equal((w:call("GET", PATH .. "?max_results=" .. size)), status, size)
  end
end)

test("an item of a listing has no spec", function(t)
  local w <close> = workspace.start { scenario = "large:1,1,1" }
  local item = w:ok("GET", PATH).statuses[1]
  t.is_nil(item.spec)
  t.equal({ item.state, item.health }, { "RUNNING", "HEALTHY" })
  t.match(item.latest_updates[1].creation_time, "^%d+%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$", true)
end)

local function names_of(answer)
  local names = {}
  for i, item in ipairs(answer.statuses or {}) do
    names[i] = item.name
  end
  return names
end

-- A filter, and the names that it finds among those below; nil: it is refused.
local FILTERS <const> = {
  { "name LIKE 'sales%'", { "sales_a", "sales_b", "sales_B" } },
  { "name LIKE '%B'", { "sales_B" } },
  { "name like '%b'", { "sales_b" } },
  { "name LIKE 'sales__'", { "sales_a", "sales_b", "sales_B" } },
  { "name LIKE 'sales\\_b'", { "sales_b" } },
  { "name LIKE 'sales\\__'", { "sales_a", "sales_b", "sales_B" } },
  { "name LIKE '%it''s%'", { "it's [1]*" } },
  { "name LIKE '%[1]*'", { "it's [1]*" } },
  { "name LIKE 'none'", {} },
  { "notebook='/Shared/nb'", { "it's [1]*" } },
  { "notebook = '/Workspace/Shared/nb'", { "it's [1]*" } },
  { "", { "it's [1]*", "sales_B", "sales_a", "sales_b" } },
  { "name = 'x'" }, { "name LIKE 'a' AND name LIKE 'b'" }, { "name LIKE x" },
  { "state='RUNNING'" }, { "name LIKE 'it's'" },
}

test("a listing is filtered by name or notebook, and by nothing else", function(t)
  local w <close> = workspace.start()
  for _, name in ipairs { "sales_a", "sales_b", "sales_B" } do
    w:pipeline { name = name }
  end
  w:pipeline { name = "it's [1]*", libraries = { { notebook = {
    path = "/Workspace/Shared/nb" } } } }
  for _, case in ipairs(FILTERS) do
    local status, answer = w:call("GET", PATH .. "?order_by=name&filter=" .. http.escape(case[1]))
    t.equal(status, case[2] and 200 or 400, case[1])
    if case[2] then
      local want = { table.unpack(case[2]) }
      table.sort(want)
      t.equal(names_of(answer), want, case[1])
    end
  end
end)

test("a listing is sorted by id or name, ascending or descending", function(t)
  local w <close> = workspace.start()
  for _, name in ipairs { "b", "c", "a" } do
    w:pipeline { name = name }
  end
  t.equal(names_of(w:ok("GET", PATH .. "?order_by=name")), { "a", "b", "c" })
  t.equal(names_of(w:ok("GET", PATH .. "?order_by=name%20desc")), { "c", "b", "a" })
  t.equal(names_of(w:ok("GET", PATH .. "?order_by=name%20asc&order_by=id")), { "a", "b", "c" })
  local up = w:ok("GET", PATH .. "?order_by=id%20asc").statuses
  local down = w:ok("GET", PATH .. "?order_by=id%20desc").statuses
  t.equal({ up[1].name, up[3].name }, { down[3].name, down[1].name })
  local two, pages = w:all(PATH .. "?order_by=name%20desc&max_results=1", "statuses")
  t.equal({ two[1].name, two[2].name, two[3].name, pages }, { "c", "b", "a", 3 })
  t.equal((w:call("GET", PATH .. "?order_by=state")), 400)
end)

test("MIGRATE_TO_UC clones a pipeline of the Hive metastore and starts the clone", function(t)
  local w <close> = workspace.start()
  local uc = w:pipeline()
  local hms = w:ok("POST", PATH, { name = "h", libraries = LIBRARIES,
    configuration = { a = "1" } }).pipeline_id
  local status, answer = w:call("POST", PATH .. "/" .. uc .. "/clone", { catalog = "main",
    name = "n" })
  t.equal({ status, answer.error_code }, { 400, "INVALID_PARAMETER_VALUE" })
  t.equal((w:call("POST", PATH .. "/" .. hms .. "/clone", { name = "n" })), 400)
  t.equal((w:call("POST", PATH .. "/" .. hms .. "/clone", { catalog = "main" })), 409)
  local id = w:ok("POST", PATH .. "/" .. hms .. "/clone", { catalog = "main", target = "t",
    name = "n", clone_mode = "MIGRATE_TO_UC", configuration = { b = "2" } }).pipeline_id
  local got = w:ok("GET", PATH .. "/" .. id)
  t.equal({ got.spec.catalog, got.spec.target, got.spec.configuration, got.spec.storage },
    { "main", "t", { a = "1", b = "2" } })
  t.equal(#got.latest_updates, 1)
  w:run(hms)
  t.equal((w:call("POST", PATH .. "/" .. hms .. "/clone", { catalog = "main", target = "t",
    name = "m" })), 409, "the source must be at rest")
end)

test("the environment can be applied to a running pipeline only", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline()
  t.equal((w:call("POST", PATH .. "/" .. id .. "/environment/apply", {})), 400)
  w:run(id)
  t.equal(w:ok("POST", PATH .. "/" .. id .. "/environment/apply", {}), {})
end)

test("a pipeline runs as a group, and stands in a folder", function(t)
  local w <close> = workspace.start()
  local id = w:pipeline { run_as = { group_name = "analysts" }, parent_path = "/Workspace/Shared" }
  local got = w:ok("GET", PATH .. "/" .. id)
  t.equal(got.run_as, { group_name = "analysts" })
  t.equal({ got.run_as_user_name, got.spec.parent_path }, { "analysts", "/Workspace/Shared" })
  local body = got.spec
  local status, answer = w:call("PUT", PATH .. "/" .. id, body)
  t.equal(status, 400)
  t.match(answer.message, "Please set run_as to analysts")
  body.run_as = { group_name = "users" }
  w:ok("PUT", PATH .. "/" .. id, body)
  t.equal(w:ok("GET", PATH .. "/" .. id).run_as_user_name, "users")
  status = w:call("POST", PATH, { name = "x", libraries = body.libraries,
    run_as = { group_name = "admins" } }, { token = "demo-viewer-token" })
  t.equal(status, 403, "of a group to which the caller does not belong")
end)
