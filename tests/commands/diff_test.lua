-- tarn diff of two workspaces: what is missing, extra, different, and what cannot be read.

local json = require "native.json"
local program = require "testing.program"
local workspace = require "testing.workspace"

-- Two workspaces with profiles `a` and `b`, and the program run with them.
local function start()
  local both = { a = workspace.start(), b = workspace.start(), dir = program.dir() }
  both.dir.write(".databrickscfg", ("[a]\nhost = %s\ntoken = demo-token\n[b]\nhost = %s\n"
    .. "token = demo-token\n"):format(both.a.url, both.b.url))
  function both.run(...)
    return program.run({ "diff", ... }, { home = both.dir.path })
  end
  function both.data(...)
    local r = both.run("-o", "json", ...)
    return json.decode(r.stdout), r.status
  end
  return setmetatable(both, { __close = function()
    both.a:__close()
    both.b:__close()
    both.dir.close()
  end })
end

local function told(report)
  local list = {}
  for i, pair in ipairs(report.pipelines) do
    local paths = {}
    for j, d in ipairs(pair.differences or {}) do
      paths[j] = d.path
    end
    list[i] = ("%s %s %s"):format(pair.name, pair.status, table.concat(paths, ","))
  end
  return list
end

local function refuse(w, id)
  w:intercept(function(request, answer)
    if request.path:find(id, 1, true) then
      return { status = 403, headers = {}, body = '{"error_code":"PERMISSION_DENIED",'
        .. '"message":"not yours"}' }
    end
    return answer()
  end)
end

test("missing, extra and different pipelines are told by field; the exit status is 9", function(t)
  local both <close> = start()
  both.a:pipeline { name = "same" }
  both.b:pipeline { name = "same" }
  both.a:pipeline { name = "left" }
  both.b:pipeline { name = "right" }
  both.a:pipeline { name = "other", schema = "one", tags = { x = "1" } }
  both.b:pipeline { name = "other", schema = "two" }
  local report, status = both.data("a:", "b:")
  t.equal(status, 9)
  t.equal(told(report), { "left missing ", "other different schema,tags", "right extra " })
  t.equal(report.counts, { same = 1, different = 1, missing = 1, extra = 1, unknown = 0 })
  t.equal({ report.equal, report.left.profile, report.right.host }, { false, "a", both.b.url })
  t.is_true(report.pipelines[2].left.pipeline_id ~= report.pipelines[2].right.pipeline_id)
  t.equal(#both.data("a:", "b:", "--all").pipelines, 4)
  local text = both.run("a:", "b:").stdout
  t.match(text, "- left  only on the left\n~ other\n")
  t.match(text, "1 without a difference, 1 different, 1 missing, 1 extra\n")
  local csv = both.run("a:", "b:", "-o", "csv", "--columns", "name,status,path").stdout
  t.equal((csv:gsub("\r", "")), "name,status,path\nleft,missing,\nother,different,schema\n"
    .. "other,different,tags\nright,extra,\n")
  t.match(both.run("a:", "b:", "-o", "yaml").stdout, "status: missing")
end)

test("workspaces without a difference are equal; the exit status is 0", function(t)
  local both <close> = start()
  local report, status = both.data("a:", "b:")
  t.equal({ report.equal, status }, { true, 0 })
  t.match(both.run("a:", "b:").stdout, "no pipeline on either side")
  for _, w in ipairs { both.a, both.b } do
    w:pipeline { name = "x", configuration = { url = w.url .. "/api", warehouse_id = w.url } }
  end
  report, status = both.data("a:", "b:")
  t.equal({ report.equal, status, report.counts.same }, { true, 0, 1 })
end)

test("ids and addresses of the workspaces themselves are ignored, and shown by --all", function(t)
  local both <close> = start()
  for _, w in ipairs { both.a, both.b } do
    local id = w == both.a and "AAAA" or "BBBB"
    w:pipeline { name = "x", serverless = false, configuration = { warehouse_id = id,
      url = w.url .. "/api" }, clusters = { { label = "default", num_workers = 1,
      policy_id = id, instance_pool_id = id } } }
  end
  local report, status = both.data("a:", "b:", "--all")
  t.equal({ report.equal, status }, { true, 0 })
  local rules = {}
  for _, d in ipairs(report.pipelines[1].ignored) do
    rules[d.path] = d.rule
  end
  for _, path in ipairs { "configuration.warehouse_id", "configuration.url",
    "clusters[0].policy_id", "clusters[0].instance_pool_id" } do
    t.equal(rules[path], "workspace", path)
  end
  t.equal(both.run("a:x", "b:x").status, 0)
  -- in one workspace such ids tell pipelines apart, and a side without one differs
  both.a:pipeline { name = "y", serverless = false, clusters = { { label = "default",
    num_workers = 1, policy_id = "CCCC", instance_pool_id = "AAAA" } } }
  t.equal(both.run("a:x", "a:y", "--no-sources").status, 9)
  both.b:pipeline { name = "y", serverless = false, clusters = { { label = "default",
    num_workers = 1, instance_pool_id = "AAAA" } } }
  t.equal(told(both.data("a:y*", "b:", "--no-sources")),
    { "y different clusters[0].policy_id" })
end)

test("globs bound it; the glob of one side is for both", function(t)
  local both <close> = start()
  for _, name in ipairs { "sales_x", "sales_y", "ops" } do
    both.a:pipeline { name = name }
  end
  both.b:pipeline { name = "sales_x" }
  both.b:pipeline { name = "hr" }
  for _, sides in ipairs { { "a:sales_*", "b:sales_*" }, { "a:sales_*", "b:" },
    { "a:", "b:sales_*" }, { "a:SALES_*", "b:" } } do
    t.equal(told(both.data(sides[1], sides[2])), { "sales_y missing " })
  end
end)

test("two globs pair what their wildcards stand for", function(t)
  local both <close> = start()
  for _, name in ipairs { "dev_sales_v1", "dev_ops_v1", "prod_sales_v2", "prod_hr_v2" } do
    both.a:pipeline { name = name }
  end
  local report = both.data("-p", "a", "dev_*_v?", "prod_*_v?", "--all")
  t.equal(told(report), { "dev_ops_v1 missing ", "dev_sales_v1 missing ",
    "prod_hr_v2 extra ", "prod_sales_v2 extra " })
  report = both.data("-p", "a", "dev_*_v1", "prod_*_v2", "--all")
  t.equal(told(report), { "dev_ops_v1 missing ", "dev_sales_v1 same ", "prod_hr_v2 extra " })
  t.match(both.run("-p", "a", "dev_*_v1", "prod_*_v2", "--all").stdout,
    "= dev_sales_v1  prod_sales_v2")
end)

test("pipelines of one name are paired with those that differ least", function(t)
  local both <close> = start()
  for _, w in ipairs { both.a, both.b } do
    for _, schema in ipairs { "one", "two" } do
      w:pipeline { name = "twin", schema = schema, allow_duplicate_names = true }
    end
  end
  both.b:pipeline { name = "twin", schema = "three", allow_duplicate_names = true }
  t.equal(told(both.data("a:", "b:", "--all")), { "twin same ", "twin same ", "twin extra " })
end)

test("what cannot be read is unknown; without a difference the exit status is 1", function(t)
  local both <close> = start()
  both.a:pipeline { name = "fine" }
  both.b:pipeline { name = "fine" }
  both.a:pipeline { name = "shut" }
  refuse(both.b, both.b:pipeline { name = "shut" })
  local report, status = both.data("a:", "b:")
  t.equal(told(report), { "shut unknown " })
  t.equal({ status, report.pipelines[1].reason, report.equal }, { 1, "not yours", false })
  t.match(both.run("a:", "b:").stdout, "? shut  not yours\n1 without a difference, 1 unknown")
  both.a:pipeline { name = "more" }
  report, status = both.data("a:", "b:")
  t.equal({ status, #report.pipelines }, { 9, 2 })
end)

test("a workspace that shows its list and no pipeline is a fault", function(t)
  local both <close> = start()
  both.a:pipeline { name = "shut" }
  refuse(both.b, both.b:pipeline { name = "shut" })
  local r = both.run("a:", "b:")
  t.equal({ r.status, r.stdout }, { 4, "" })
  t.match(r.stderr, "not yours")
end)

test("a list that is refused names its side", function(t)
  local both <close> = start()
  refuse(both.b, "/api/2.0/pipelines")
  local r = both.run("a:", "b:")
  t.equal(r.status, 4)
  t.match(r.stderr, "b: not yours")
end)

test("sources are compared, unless --no-sources is given", function(t)
  local both <close> = start()
  both.a:pipeline { name = "x" }
  both.b:pipeline { name = "x" }
  both.b:ok("POST", "/api/2.0/workspace/import", { path = "/Shared/etl", format = "SOURCE",
    language = "SQL", overwrite = true,
    content = require("native.http").base64_encode "-- Databricks notebook source\nSELECT 1" })
  local report, status = both.data("a:", "b:")
  t.equal({ status, report.pipelines[1].status, report.pipelines[1].sources.differences[1].kind },
    { 9, "different", "changed" })
  t.match(both.run("a:", "b:", "-o", "jsonl").stdout, '"part":"sources"')
  t.equal(both.run("a:", "b:", "--no-sources").status, 0)
end)

test("one pipeline and many do not go together; a missing profile is named", function(t)
  local both <close> = start()
  both.a:pipeline { name = "x" }
  local r = both.run("a:", "b:x")
  t.equal(r.status, 2)
  t.match(r.stderr, "a: names many pipelines, and b:x names one")
  r = both.run("a:", "nope:")
  t.equal(r.status, 4)
  t.match(r.stderr, "nope")
end)

test("a thousand pipelines on each side are compared with a call for each", function(t)
  local calls, fake = 0, require "testing.fake"
  local function big()
    return fake.server(function(request)
      calls = calls + 1
      if request.path ~= "/api/2.0/pipelines" then
        return { pipeline_id = request.path:match "([%x-]+)$", name = "p", state = "IDLE",
          spec = { catalog = "c" } }
      end
      local from = math.tointeger((request.query or ""):match "page_token=(%d+)" or 0)
      local list = {}
      for i = from + 1, from + 100 do
        list[#list + 1] = { pipeline_id = ("%08d-0000-4000-8000-000000000000"):format(i),
          name = ("p%04d"):format(i), state = "IDLE" }
      end
      return { statuses = list, next_page_token = from < 900 and tostring(from + 100) or nil }
    end)
  end
  local a <close> = big()
  local b <close> = big()
  local dir <close> = program.dir()
  dir.write(".databrickscfg", ("[a]\nhost = %s\ntoken = x\n[b]\nhost = %s\ntoken = y\n")
    :format(a.url, b.url))
  local r = program.run({ "diff", "a:", "b:", "--no-sources" }, { home = dir.path })
  t.equal(r.status, 0, r.stderr)
  t.match(r.stdout, "1000 without a difference")
  t.is_true(calls <= 2 * (10 + 1000) + 2, calls)
end)
