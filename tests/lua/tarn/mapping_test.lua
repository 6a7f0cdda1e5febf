local program = require "testing.program"
local mapping = require "tarn.mapping"

-- A map of a file with that text.
local function map_of(text, opts, name)
  local dir <close> = program.dir()
  local all = { map = dir.write(name or "map.lua", text) }
  for key, value in pairs(opts or {}) do
    all[key] = value
  end
  return mapping.new(all)
end

test("a table, a function and JSON give the same map", function(t)
  for _, case in ipairs {
    { 'return { catalogs = { sales = "sales_dr" } }' },
    { 'return { catalogs = function(name) return name .. "_dr" end }' },
    { 'return { catalogs = { sales = function(name) return name .. "_dr" end } }' },
    { '{"catalogs": {"sales": "sales_dr"}}', "map.json" },
  } do
    local map = map_of(case[1], nil, case[2])
    t.equal((map:apply("catalog", "sales", {})), "sales_dr", case[1])
  end
end)

test("the longest prefix of whole names wins, with and without /Workspace", function(t)
  local map = mapping.new { path_map = { "/Users/a@x.io=/Users/b@x.io",
    "/Users/a@x.io/etl=/Shared/etl", "/Workspace/Repos/a=/Repos/b/" } }
  for _, case in ipairs {
    { "/Users/a@x.io/x", "/Users/b@x.io/x" }, { "/Users/a@x.io/etl/n", "/Shared/etl/n" },
    { "/Users/a@x.io/etl2", "/Users/b@x.io/etl2" }, { "/Users/a@x.io", "/Users/b@x.io" },
    { "/Workspace/Users/a@x.io/etl/**", "/Workspace/Shared/etl/**" },
    { "/Repos/a/n", "/Repos/b/n" }, { "/Users/a@x.iox/n", nil }, { "/Shared/n", nil },
  } do
    t.equal((map:apply("path", case[1], {})), case[2], case[1])
  end
end)

test("--catalog and --schema replace only the pipeline's own catalog and schema", function(t)
  local map = mapping.new { catalog = "dr", schema = "s2" }
  local where = { default_catalog = "Sales", default_schema = "s", catalog = "sales" }
  t.equal({ map:apply("catalog", "sales", where) }, { "dr", "--catalog" })
  t.is_nil((map:apply("catalog", "other", where)))
  t.equal({ map:apply("schema", "s", where) }, { "s2", "--schema" })
  t.is_nil((map:apply("schema", "other", where)))
  t.is_nil((map:apply("volume", "/Volumes/sales/s/v", where)))
end)

test("a schema of one catalog is distinct from schemas of the same name", function(t)
  local map = map_of 'return { schemas = { ["a.s"] = "x", s = "y" } }'
  t.equal((map:apply("schema", "s", { catalog = "a" })), "x")
  t.equal((map:apply("schema", "s", { catalog = "b" })), "y")
end)

test("volumes follow their catalogs and schemas, or a location of their own", function(t)
  local map = map_of [[return { catalogs = { a = "b" }, schemas = { ["a.s"] = "t" },
    locations = { ["/Volumes/a/s/special"] = "/Volumes/z/z/z", ["s3://old"] = "s3://new" } }]]
  t.equal((map:apply("volume", "/Volumes/a/s/v/f.whl", {})), "/Volumes/b/t/v/f.whl")
  t.equal((map:apply("volume", "dbfs:/Volumes/a/q/v", {})), "dbfs:/Volumes/b/q/v")
  t.equal((map:apply("volume", "/Volumes/a/s/special/x", {})), "/Volumes/z/z/z/x")
  t.equal((map:apply("location", "s3://old/k", {})), "s3://new/k")
end)

test("only the scopes in references are replaced", function(t)
  local map = map_of 'return { secret_scopes = { a = "b", ["c/k"] = "d/l" } }'
  t.equal((map:apply("secret", "x {{secrets/a/k}} {{secrets/c/k}} {{secrets/e/k}}", {})),
    "x {{secrets/b/k}} {{secrets/d/l}} {{secrets/e/k}}")
  t.is_nil((map:apply("secret", "{{secrets/e/k}}", {})))
end)

test("an empty name counts as none, false drops, and an equal name is a rule", function(t)
  local map = map_of 'return { policies = { a = "", b = false, c = "c" } }'
  t.is_nil((map:apply("policy", "a", {})))
  t.equal((map:apply("policy", "b", {})), false)
  local new, rule = map:apply("policy", "c", {})
  t.equal(new, "c")
  t.match(rule, "policies in ")
end)

test("rules that have matched nothing are reported", function(t)
  local map = map_of('return { pools = { p = "q", r = "s" }, drop = { "tags" } }',
    { path_map = { "/A=/B" } })
  map:apply("pool", "p", {})
  local unused = table.concat(map:unused(), "\n")
  t.match(unused, "'r' does not occur in the source")
  t.match(unused, "--path-map /A=/B")
  t.match(unused, "has no such field")
  t.no_match(unused, "'p'")
end)

test("a value is a text in fields for texts, and JSON elsewhere", function(t)
  local map = mapping.new { set = { "configuration.n=3", "clusters[0].num_workers=0",
    'tags["a=b"]=c=d', "serverless=false", "libraries=[]", "catalog=5", "channel=PREVIEW" } }
  local values = {}
  for i, set in ipairs(map.sets) do
    values[i] = { set.path, set.value }
  end
  t.equal(values, { { "configuration.n", "3" }, { "clusters[0].num_workers", 0 },
    { 'tags["a=b"]', "c=d" }, { "serverless", false }, { "libraries", {} }, { "catalog", "5" },
    { "channel", "PREVIEW" } })
end)

test("a fault says what is wrong with a map, and in which file", function(t)
  for _, case in ipairs {
    { "return { catalog = {} }", "there is no section 'catalog'" },
    { "return 5", "neither a table nor a function" },
    { "return {", "map.lua:1:" }, { "error 'x'", "x" }, { "return os.time()", "os" },
    { "return { paths = 5 }", "'paths' is neither" },
    { "return { paths = { a = 5 } }", "'a' is neither a text" },
    { "return { spec = {} }", "'spec' is not a function" },
  } do
    local e = t.fault(map_of, case[1])
    t.equal(e.kind, "usage", case[1])
    t.match(e.message, case[2])
  end
  t.match(t.fault(map_of, "{", nil, "m.json").message, "not JSON")
  t.equal(t.fault(mapping.new, { path_map = { "/x" } }).kind, "usage")
  t.equal(t.fault(mapping.new, { set = { "=x" } }).kind, "usage")
end)
