local json = require "native.json"
local spec = require "tarn.spec"

test("the text of a path is parsed to the same path", function(t)
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
    t.equal(spec.path(spec.parse(case[1])), case[2], case[3])
  end
end)

test("a text that is not a path is a usage fault", function(t)
  for _, text in ipairs { "", ".", "a..b", "[0]", "a[", "a[x]", "a.", 'a["b]', ".a", "a[0]b" } do
    t.equal(t.fault(spec.parse, text).kind, "usage", text)
  end
end)

test("set creates missing tables, and lists stay lists", function(t)
  local settings = { clusters = json.array { { label = "default" } }, tags = {} }
  spec.set(settings, spec.parse "clusters[0].num_workers", 0)
  spec.set(settings, spec.parse "clusters[1].label", "maintenance")
  spec.set(settings, spec.parse "libraries[0].notebook.path", "/a")
  spec.set(settings, spec.parse "tags.a", "b")
  t.equal(json.encode(settings), '{"clusters":[{"label":"default","num_workers":0},'
    .. '{"label":"maintenance"}],"libraries":[{"notebook":{"path":"/a"}}],"tags":{"a":"b"}}')
  t.equal(t.fault(spec.set, settings, spec.parse "clusters[7].label", "x").kind, "usage")
  t.equal(t.fault(spec.set, settings, spec.parse "clusters.label", "x").kind, "usage")
end)

test("a copy encodes to the same text, and a change of it leaves the original alone", function(t)
  local value = json.decode '{"a":[],"b":{},"c":[1,{"d":null}],"e":1e400,"f":1.0}'
  local copy = spec.copy(value)
  t.equal(json.encode(copy), json.encode(value))
  copy.c[2].d = 1
  t.equal(value.c[2].d, json.null)
end)

test("each leaf is visited once, empty tables included", function(t)
  local paths = {}
  spec.each(json.decode '{"name":"n","z":[],"a":{"b":[{"c":1},{}]},"n":123456789012345678901}',
    function(keys) paths[#paths + 1] = spec.path(keys) end)
  t.equal(paths, { "name", "a.b[0].c", "a.b[1]", "n", "z" })
end)

test("a value bound to a workspace is recognized by its path or its form", function(t)
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
    t.equal(spec.find_bound(spec.parse(case[1]), case[2]), case[3], case[1])
  end
end)
