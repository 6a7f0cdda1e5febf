--- Exports are read back, by the rules of the tools that read them.

local bundle = require "tarn.export.bundle"
local hcl = require "tarn.export.hcl"
local json = require "native.json"
local layout = require "tarn.export.layout"
local model = require "tarn.export.model"
local own = require "tarn.export.json"
local reader = require "support.hcl"
local terraform = require "tarn.export.terraform"
local yaml = require "native.yaml"

local function item(spec, more)
  local one = { host = "https://h", pipeline_id = "6f0c0000-1111-2222-3333-444455556666",
    name = spec.name or "p", spec = spec, warnings = {} }
  for key, value in pairs(more or {}) do
    one[key] = value
  end
  return one
end

local function resource_of(files)
  for name, text in pairs(files) do
    if name:find "%.pipeline%.yml$" then
      local key, value = next(yaml.decode(text).resources.pipelines)
      return value, key
    end
  end
end

local function block_of(files)
  local block = reader.read(files["pipeline.tf"]).blocks[1]
  return block.body, block.labels
end

-- Pieces of text with a meaning in YAML, in HCL or in bundles.
local PIECES <const> = { "$", "$$", "${", "$${", "%", "%%", "%{", "%%{", "{", "}", '"', "\\", "\\n",
  "\n", "\r", "\t", "\0", "\27", "\127", "\u{85}", "\u{2028}", "é", "\u{1F600}", "a", "a.b", "yes",
  "no", "1e3", "007", "12:30", ": ", " #", "#", "*", "&", "!", "@", "`", "- ", "'", " ", "/*", "//",
  "<<EOT", "null", "~", "{{secrets/s/k}}", "${var.x}", "${resources.pipelines.a.id}", "=" }

local function chance(seed)
  local state = seed
  return function(n)
    state = (state * 6364136223846793005 + 1442695040888963407)
    return (state >> 33) % n + 1
  end
end

local function text_by(random)
  local parts = {}
  for i = 1, random(8) - 1 do
    parts[i] = PIECES[random(#PIECES)]
  end
  return table.concat(parts)
end

local function map_by(random)
  local map = {}
  for _ = 1, random(5) do
    map[text_by(random)] = text_by(random)
  end
  return map
end

test("Terraform reads any text back unchanged, as a value and as a key", function(t)
  local random = chance(20260819)
  for _ = 1, 1500 do
    local configuration, name = map_by(random), text_by(random)
    local body = block_of(terraform.files(item { name = name, configuration = configuration,
      libraries = json.array { { notebook = { path = name } } },
      notifications = json.array { { alerts = json.array { name, "x" } } } }))
    t.equal(body.attributes.configuration.map, configuration)
    t.equal(body.attributes.name, name)
    t.equal(body.blocks[1].body.blocks[1].body.attributes.path, name)
    t.equal(body.blocks[2].body.attributes.alerts, { name, "x" })
  end
end)

-- A bundle's rule for what is a reference, for the signs in PIECES.
local function is_reference(inner)
  for _, symbol in ipairs { "\u{85}", "\u{2028}", "\u{1F600}" } do
    inner = inner:gsub(symbol, "?")
  end
  for part in (inner .. "."):gmatch "(.-)%." do
    local bare = part:gsub("%[%d+%]", "")
    if not bare:find "^_*[%a\x80-\xff][%w\x80-\xff_-]*$" or bare:find "[_-]$" then
      return false
    end
  end
  return true
end

-- What a bundle makes of a text, if there is nothing that a reference could name.
local function resolve(t, text)
  return (text:gsub("(%$?)%${([^{}]*)}", function(sign, inner)
    if is_reference(inner) then
      t.equal(sign, "$", text)
      return "${" .. inner .. "}"
    end
  end))
end

test("a bundle reads any text back unchanged once references are resolved", function(t)
  local random, references = chance(7), 0
  for _ = 1, 1500 do
    local configuration, name = map_by(random), text_by(random)
    local files, _, warnings = bundle.files(item { name = name, configuration = configuration,
      libraries = json.array { { file = { path = name } } } })
    local value = resource_of(files)
    local resolved, changed = {}, false
    for key, text in pairs(value.configuration) do
      resolved[key] = resolve(t, text)
      changed = changed or resolved[key] ~= text
    end
    t.equal(resolved, configuration)
    t.equal(resolve(t, value.name), name)
    t.equal(resolve(t, value.libraries[1].file.path), name)
    changed = changed or value.name ~= name
    local main = yaml.decode(files["databricks.yml"])
    t.equal(main.bundle.databricks_cli_version, changed and ">= 1.15.0" or nil)
    t.equal(table.concat(warnings, "\n"):find("refuses older versions", 1, true) ~= nil, changed)
    references = references + (changed and 1 or 0)
  end
  t.is_true(references > 100, references)
end)

test("a text that would be a reference is written as text, and the file says so", function(t)
  local files, _, warnings = bundle.files(item { name = "a", configuration = {
    one = "${var.x}", two = "$${a-b.c_d[0][1].e}", three = "${a b} ${1} ${} ${a-} ${a..b} ${x",
    ["${key.k}"] = "v" } })
  local value = resource_of(files)
  t.equal(value.configuration, { one = "$${var.x}", two = "$$${a-b.c_d[0][1].e}",
    three = "${a b} ${1} ${} ${a-} ${a..b} ${x", ["${key.k}"] = "v" })
  local text = files["resources/a_6f0c0000.pipeline.yml"]
  t.match(text, "# Written as '$${...}', which stands for the text '${...}': configuration.one, "
    .. "configuration.two.")
  t.match(warnings[1], "'${...}' in configuration.one, configuration.two is a text here")
end)

test("the file and a warning name what an adopted pipeline loses", function(t)
  local one = item({ name = "a", unknown = 1, parent_path = "/Shared", clusters = json.array {
    { label = "default", surprise = 1 } }, pipeline_type = "WORKSPACE", data_sampling = false,
    id = "x" }, { parameters = { p = "1" }, run_as = { group_name = "g", later_name = "x" } })
  local files, _, warnings = terraform.files(one)
  t.match(files["pipeline.tf"], "# The first `terraform apply` then removes its settings that are "
    .. "not in this file:\n#   clusters[0].surprise\n#   parameters\n#   parent_path\n"
    .. "#   run_as.later_name\n#   unknown\n")
  t.match(warnings[1], "settings that are not in the files: clusters[0].surprise, parameters, "
    .. "parent_path, run_as.later_name, unknown")
  files, _, warnings = bundle.files(one)
  t.match(files["resources/a_6f0c0000.pipeline.yml"], "bind a_6f0c0000 " .. one.pipeline_id
    .. "\n# The first deployment then removes its settings that are not in this file:\n"
    .. "#   clusters[0].surprise\n#   run_as.later_name\n#   unknown\n")
  local last = warnings[#warnings]
  t.match(last, "not in the files: clusters[0].surprise, run_as.later_name, unknown")
  files, _, warnings = terraform.files(item { name = "a", id = "x" })
  t.no_match(files["pipeline.tf"], "removes")
  t.equal(warnings, {})
end)

test("a group that the pipeline runs as is in both formats", function(t)
  local one = item({ name = "a" }, { run_as = { group_name = "analysts" } })
  t.equal(resource_of(bundle.files(one)).run_as, { group_name = "analysts" })
  t.equal(block_of(terraform.files(one)).blocks[1].body.attributes, { group_name = "analysts" })
end)

test("Tarn's own format keeps any spec unchanged", function(t)
  local random = chance(3)
  for _ = 1, 300 do
    local spec = { name = text_by(random), configuration = map_by(random), unknown = { x = 1.0,
      y = math.maxinteger, z = json.null, list = json.array {}, n = json.number "1e400" } }
    local one = item(spec, { parameters = map_by(random), run_as = { user_name = "a" } })
    local read = own.read(own.files(one)[own.FILE], "x")
    t.equal(json.encode(read.spec), json.encode(spec))
    t.equal(read.parameters, one.parameters)
    t.equal(read.run_as, one.run_as)
  end
end)

test("a sign before an escaped one does not undo the escape", function(t)
  t.equal(hcl.quote "${a}", '"$${a}"')
  t.equal(hcl.quote "$${a}", '"\\u0024$${a}"')
  t.equal(hcl.quote "%{if}", '"%%{if}"')
  t.equal(hcl.quote "$ 100% {", '"$ 100% {"')
  t.equal(hcl.quote "$%{", '"$%%{"')
  t.equal(hcl.quote 'a"b\\\n\0', '"a\\"b\\\\\\n\\u0000"')
  t.equal(t.fault(hcl.quote, "\xff").kind, "parse")
end)

test("maps are attributes, objects are blocks in the singular, lists of texts are lists",
  function(t)
    local body, labels = block_of(terraform.files(item {
      name = "Revenue 2", id = "x", catalog = "main", edition = "",
      storage = "dbfs:/pipelines/ab-c",
      clusters = json.array { { label = "default", num_workers = 0, autoscale = { min_workers = 1 },
        spark_conf = { ["a.b"] = "1" }, init_scripts = json.array { { workspace = {
          destination = "/x" } } } } },
      ingestion_definition = { source_type = "MYSQL", objects = json.array { { table = {
        source_table = "a", table_configuration = { primary_keys = json.array { "k" } } } } } },
      unknown = 1, filters = { include = json.array {} }, photon = false, spare = json.null,
      snapshot = 9007199254740993123,
    }))
    t.equal(labels, { "databricks_pipeline",
      "revenue_2_6f0c0000_1111_2222_3333_444455556666" })
    t.equal(body.attributes, { name = "Revenue 2", catalog = "main", photon = false })
    local types = {}
    for i, block in ipairs(body.blocks) do
      types[i] = block.type
    end
    t.equal(types, { "cluster", "filters", "ingestion_definition" })
    local cluster = body.blocks[1].body
    t.equal(cluster.attributes, { label = "default", num_workers = 0,
      spark_conf = { map = { ["a.b"] = "1" } } })
    t.equal(cluster.blocks[2].type, "init_scripts")
    local objects = body.blocks[3].body
    t.equal(objects.attributes, {})
    t.equal(objects.blocks[1].body.blocks[1].body.blocks[1].body.attributes.primary_keys, { "k" })
  end)

test("each field that a format does not have is listed with a reason", function(t)
  local spec = { name = "a", id = "x", unknown = { b = 1 }, development = true,
    edition = "ADVANCED", pipeline_type = "WORKSPACE",
    clusters = json.array { { label = "default", surprise = 1 } },
    deployment = { kind = "BUNDLE" }, storage = "dbfs:/pipelines/6f0c0000-1111" }
  local more = { parameters = { p = "1" }, permissions = {
    { kind = "user_name", name = "o@x", level = "IS_OWNER" },
    { kind = "group_name", name = "g", level = "CAN_RUN" } } }
  local function dropped(list)
    local paths = {}
    for _, one in ipairs(list) do
      t.is_true(#one.reason > 10, one.path)
      paths[#paths + 1] = one.path
    end
    table.sort(paths)
    return table.concat(paths, " ")
  end
  local files, list = bundle.files(item(spec, more))
  t.equal(dropped(list), "clusters[0].surprise deployment development edition id permissions "
    .. "pipeline_type storage unknown")
  local value, key = resource_of(files)
  t.equal(key, "a_6f0c0000")
  t.equal(value, { name = "a", clusters = { { label = "default" } }, parameters = { p = "1" },
    permissions = { { level = "CAN_RUN", group_name = "g" } } })
  files, list = terraform.files(item(spec, more))
  t.equal(dropped(list), "clusters[0].surprise deployment id parameters permissions pipeline_type "
    .. "storage unknown")
  local granted = reader.read(files["pipeline.tf"]).blocks[2]
  t.equal(granted.body.attributes.pipeline_id, { reference =
    "databricks_pipeline.a_6f0c0000_1111_2222_3333_444455556666.id" })
  t.equal(granted.body.blocks[1].body.attributes, { group_name = "g",
    permission_level = "CAN_RUN" })
  t.equal(#granted.body.blocks, 1, "the owner is not granted twice")
end)

test("a bundle keeps a storage and an edition that are not the default", function(t)
  local value = resource_of(bundle.files(item { name = "a", storage = "dbfs:/mine",
    edition = "CORE" }))
  t.equal(value, { name = "a", storage = "dbfs:/mine", edition = "CORE" })
end)

test("keys of resources are those of the bundle's own generator", function(t)
  for name, key in pairs {
    ["Revenue"] = "revenue", ["Sales -- daily (EU)"] = "sales_daily_eu", ["__a__"] = "a",
    ["Ärger Über"] = "ärger_über", ["日本 語"] = "日本_語", ["\u{1F600}"] = "pipeline",
    ["«a»"] = "a", [""] = "pipeline", ["[dev x] y"] = "dev_x_y", ["a\xffb"] = "a_b",
  } do
    t.equal(bundle.key(name), key, name)
  end
end)

test("the main file has a target for development and one for production", function(t)
  local main = yaml.decode(bundle.files(item { name = "Ä b" })["databricks.yml"])
  t.equal(main.bundle.name, "b_6f0c0000")
  t.equal(main.include, { "resources/*.yml" })
  t.equal(main.targets.dev, { mode = "development", default = true,
    workspace = { host = "https://h" } })
  t.equal(main.targets.prod.mode, "production")
  t.match(main.targets.prod.workspace.root_path, "/.bundle/${bundle.name}/${bundle.target}")
end)

test("a bundle has relative paths of downloaded sources, and warns of others", function(t)
  local index = { objects = {
    { path = "/Users/a/r", kind = "DIRECTORY", file = "src" },
    { path = "/Users/a/r/t", kind = "DIRECTORY", file = "src/t" },
    { path = "/Users/a/r/n", kind = "NOTEBOOK", file = "src/n.py" },
  } }
  local files, _, warnings = bundle.files(item { name = "a", root_path = "/Workspace/Users/a/r",
    libraries = json.array { { glob = { include = "/Workspace/Users/a/r/t/**" } },
      { notebook = { path = "/Users/a/r/n" } }, { glob = { include = "/Shared/z/**" } } } }, index)
  local value = resource_of(files)
  t.equal(value.root_path, "../src")
  t.equal(value.libraries[1].glob.include, "../src/t/**")
  t.equal(value.libraries[2].notebook.path, "../src/n.py")
  t.equal(value.libraries[3].glob.include, "/Shared/z/**")
  t.equal(#warnings, 1)
  t.match(warnings[1], "libraries[2].glob.include names /Shared/z/**")
end)

test("an export does not change the spec that it is given", function(t)
  local spec = { name = "a", id = "1", edition = "ADVANCED", root_path = "/Users/r",
    ingestion_definition = { source_type = "X", objects = json.array {} },
    libraries = json.array { { notebook = { path = "/Users/r/n" } } } }
  local before = json.encode(spec)
  local index = { objects = { { path = "/Users/r/n", kind = "NOTEBOOK", file = "src/n.py" } } }
  bundle.files(item(spec), index)
  terraform.files(item(spec), index)
  own.files(item(spec))
  t.equal(json.encode(spec), before)
end)

test("the base of sources is the root folder, or the folder that the libraries share", function(t)
  local function base(spec) return layout.base(spec) end
  t.equal(base { root_path = "/Workspace/Users/a/r/" }, "/Users/a/r")
  t.equal(base { libraries = { { notebook = { path = "/Users/a/r/n" } },
    { file = { path = "/Workspace/Users/a/s/f.py" } } } }, "/Users/a")
  t.equal(base { libraries = { { glob = { include = "/Users/a/r/**" } } } }, "/Users/a/r")
  t.equal(base { libraries = { { notebook = { path = "/Users/ab/n" } },
    { notebook = { path = "/Users/a/n" } } } }, "/Users")
  t.equal(base {}, "/")
  t.equal(layout.relative("/Workspace/Users/a/r/x/y.py", "/Users/a/r"), "x/y.py")
  t.equal(layout.relative("/Users/ab/y.py", "/Users/a"), "/Users/ab/y.py")
end)

test("every object and list of a model names an existing type", function(t)
  for name, pipeline in pairs { bundle = "Pipeline", terraform = "PipelineConfig" } do
    local known = model.new(require("tarn.export.model." .. name))
    local seen, todo = {}, { pipeline }
    while #todo > 0 do
      local fields = known:fields(table.remove(todo))
      t.is_true(fields)
      for field, schema in pairs(fields) do
        if schema.kind == "object" and not seen[schema.type] then
          t.is_true(known:fields(schema.type), field)
          seen[schema.type] = true
          todo[#todo + 1] = schema.type
        end
      end
    end
    local root = known:fields()
    t.equal(root.clusters, { kind = "object", list = true, type = "PipelineCluster",
      block = name == "terraform" and "cluster" or nil })
    t.equal(root.tags, { kind = "map", list = false })
    t.match(known.from, "%d%.%d", true)
  end
end)

test("values of another type than the model's are written", function(t)
  local body = block_of(terraform.files(item { name = "a", catalog = { x = "1" },
    configuration = "oops", clusters = { y = "2" }, tags = json.null }))
  t.equal(body.attributes.catalog, { map = { x = "1" } })
  t.equal(body.attributes.configuration, "oops")
  t.equal(body.attributes.tags, nil)
end)

test("nulls in lists are left out", function(t)
  local one = item { name = "a", filters = { include = json.array { json.null, "x" } },
    clusters = json.array { json.null,
      { label = "l", ssh_public_keys = json.array { json.null } } },
    libraries = json.array { "odd", { notebook = { path = "/n" } } } }
  local value = resource_of(bundle.files(one))
  t.equal({ value.filters.include, value.clusters }, { { "x" },
    { { label = "l", ssh_public_keys = {} } } })
  local body = block_of(terraform.files(one))
  t.equal({ #body.blocks, body.blocks[1].body.attributes.label }, { 3, "l" })
end)

test("a file that is no export is refused with its path", function(t)
  for text, part in pairs {
    ["{"] = "x: line 1", ["[]"] = "not an exported pipeline", ["{}"] = "not an exported",
    ['{"format": "tarn-pipeline/9"}'] = "its format is tarn-pipeline/9",
    ['{"format": "tarn-pipeline/1"}'] = "has no spec",
  } do
    local e = t.fault(own.read, text, "x")
    t.equal(e.kind, "parse")
    t.match(e.message, part)
  end
end)
