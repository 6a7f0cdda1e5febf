local json = require "native.json"
local specs = require "tarn.spec"

test("a path is read as it is written", function(t)
  for _, case in ipairs {
    { "catalog", "catalog" },
    { "clusters[0].node_type_id", "clusters[0].node_type_id" },
    { 'configuration["mqtt.password"]', 'configuration["mqtt.password"]' },
    { "configuration.mqtt.password", 'configuration["mqtt.password"]', "all of a map's key" },
    { "clusters[1].spark_conf.spark.master", 'clusters[1].spark_conf["spark.master"]' },
    { 'tags["a\\"b\\\\c"]', 'tags["a\\"b\\\\c"]' },
    { 'tags["x=y"]', 'tags["x=y"]' },
    { "a.b[3].c", "a.b[3].c" },
  } do
    t.equal(specs.path(specs.parse(case[1])), case[2], case[3])
  end
end)

test("what is no path is the caller's mistake", function(t)
  for _, text in ipairs { "", ".", "a..b", "[0]", "a[", "a[x]", "a.", 'a["b]', ".a", "a[0]b" } do
    t.equal(t.fault(specs.parse, text).kind, "usage", text)
  end
end)

test("a value is set where it is missing, and lists stay lists", function(t)
  local spec = { clusters = json.array { { label = "default" } }, tags = {} }
  specs.set(spec, specs.parse "clusters[0].num_workers", 0)
  specs.set(spec, specs.parse "clusters[1].label", "maintenance")
  specs.set(spec, specs.parse "libraries[0].notebook.path", "/a")
  specs.set(spec, specs.parse "tags.a", "b")
  t.equal(json.encode(spec), '{"clusters":[{"label":"default","num_workers":0},'
    .. '{"label":"maintenance"}],"libraries":[{"notebook":{"path":"/a"}}],"tags":{"a":"b"}}')
  t.equal(t.fault(specs.set, spec, specs.parse "clusters[7].label", "x").kind, "usage")
  t.equal(t.fault(specs.set, spec, specs.parse "clusters.label", "x").kind, "usage")
end)

test("a copy is another value, and the same text", function(t)
  local value = json.decode '{"a":[],"b":{},"c":[1,{"d":null}],"e":1e400,"f":1.0}'
  local copy = specs.copy(value)
  t.equal(json.encode(copy), json.encode(value))
  copy.c[2].d = 1
  t.equal(value.c[2].d, json.null)
end)

test("each leaf is visited once, empty tables among them", function(t)
  local paths = {}
  specs.each(json.decode '{"name":"n","z":[],"a":{"b":[{"c":1},{}]},"n":123456789012345678901}',
    function(keys) paths[#paths + 1] = specs.path(keys) end)
  t.equal(paths, { "name", "a.b[0].c", "a.b[1]", "n", "z" })
end)

test("what is bound to a workspace is known by its place or its form", function(t)
  for _, case in ipairs {
    { "catalog", "main", "catalog" }, { "target", "x", "schema" }, { "name", "x", nil },
    { "clusters[3].driver_node_type_id", "i3.xlarge", "node_type" },
    { "clusters[0].init_scripts[1].workspace.destination", "/Shared/x.sh", "path" },
    { "clusters[0].init_scripts[1].volumes.destination", "/Volumes/a/b/c", "volume" },
    { "clusters[0].init_scripts[1].s3.destination", "s3://b/k", "location" },
    { "environment.dependencies[0]", "requests==2", nil },
    { "environment.dependencies[0]", "-r /Workspace/x/requirements.txt", "path" },
    { "environment.dependencies[1]", "/Volumes/a/b/c.whl", "volume" },
    { "configuration.x", "{{secrets/a/b}}", "secret" }, { "configuration.x", "plain", nil },
    { "configuration.x", "abfss://c@a.dfs.core.windows.net/x", "location" },
    { "clusters[0].spark_conf.x", "/Users/a/b", "path" }, { "parameters.p", "dbfs:/x", "location" },
    { "ingestion_definition.objects[4].table.destination_catalog", "c", "catalog" },
    { "ingestion_definition.objects[4].table.source_catalog", "c", nil },
    { "ingestion_definition.ingestion_gateway_id", "id", "gateway" },
    { "run_as.user_name", "a@x.io", "principal" }, { "catalog", "", nil }, { "catalog", 5, nil },
    { "notifications[0].email_recipients[1]", "a@x.io", "address" },
    { "tags.catalog", "main", nil },
  } do
    t.equal(specs.find_bound(specs.parse(case[1]), case[2]), case[3], case[1])
  end
end)
