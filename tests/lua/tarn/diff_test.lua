--- Differences of settings and of texts, and the rules for noise.

local diff = require "tarn.diff"
local fault = require "base.fault"
local json = require "native.json"
local lines = require "tarn.diff.lines"
local noise = require "tarn.diff.noise"
local screens = require "output.screen"
local text = require "tarn.diff.text"

local function side(settings, more)
  local one = { label = "x", pipeline_id = "1", settings = settings }
  for key, value in pairs(more or {}) do
    one[key] = value
  end
  return one
end

-- "path kind" of each difference, and "path rule" of each ignored one.
local function found(a, b, more)
  local differences, ignored = diff.settings(side(a), side(b, more or { pipeline_id = "2" }))
  local function list(all, field)
    local words = {}
    for i, d in ipairs(all) do
      words[i] = d.path .. " " .. d[field]
    end
    return table.concat(words, ", ")
  end
  return list(differences, "kind"), list(ignored, "rule"), differences
end

local function array(...)
  return json.array { ... }
end

test("equal settings have no difference, whatever the order of their keys", function(t)
  local a = json.decode '{"x": {"b": [1, {"c": 2}], "a": null}, "e": []}'
  local b = json.decode '{"e": [], "x": {"a": null, "b": [1, {"c": 2}]}}'
  t.equal(found(a, b), "")
end)

test("every change has a path in the form that options take", function(t)
  local shown, _, list = found(
    { catalog = "a", configuration = { ["x.y"] = "1", b = "2" }, n = 1,
      clusters = array { label = "default", num_workers = 0 } },
    { schema = "s", configuration = { ["x.y"] = "3", b = "2" }, n = 1.0,
      clusters = array { label = "default", num_workers = 1 } })
  t.equal(shown, 'catalog removed, schema added, clusters[0].num_workers changed, '
    .. 'configuration["x.y"] changed, n changed')
  t.equal(list[3].left, 0)
  t.equal(list[4].right, "3")
end)

test("noise is ignored, each kind by its rule", function(t)
  local own = "dbfs:/pipelines/6d650276-60c4-4dc5-8225-de0861c669df"
  for _, case in ipairs {
    { { id = "1" }, { id = "2" }, "id id" },
    { { name = "a" }, { name = "b" }, "name name" },
    { { deployment = { kind = "BUNDLE" } }, {}, "deployment deployment" },
    { { pipeline_type = "WORKSPACE" }, {}, "pipeline_type output" },
    { { ingestion_definition = { source_type = "X", a = 1 } }, { ingestion_definition = { a = 1 } },
      "ingestion_definition.source_type output" },
    { { storage = own }, {}, "storage storage" },
    { { tags = {} }, {}, "tags empty" },
    { { clusters = array() }, {}, "clusters empty" },
    { { filters = { include = array(), exclude = array() } }, {}, "filters empty" },
    { { budget_policy_id = json.null }, {}, "budget_policy_id empty" },
    { { serverless = false }, {}, "serverless serverless" },
    { { photon = true, serverless = true }, { serverless = true }, "photon photon" },
    { { continuous = false }, {}, "continuous default" },
    { {}, { edition = "ADVANCED" }, "edition default" },
    { { edition = "pro" }, { edition = "PRO" }, "edition case" },
    { { catalog = "Main" }, { catalog = "main" }, "catalog case" },
    { { root_path = "/Workspace/Users/a" }, { root_path = "/Users/a/" }, "root_path /Workspace" },
    { { libraries = array { notebook = { path = "/Workspace/Users/a" } } },
      { libraries = array { notebook = { path = "/Users/a" } } },
      "libraries[0].notebook.path /Workspace" },
    { { catalog = "c", event_log = { name = "e", catalog = "c" } },
      { catalog = "c", event_log = { name = "e" } }, "event_log.catalog event_log" },
    { { clusters = array { label = "default", num_workers = 1 } },
      { clusters = array { num_workers = 1 } }, "clusters[0].label cluster" },
    { { libraries = array({ file = { path = "/a" } }, { file = { path = "/b" } }) },
      { libraries = array({ file = { path = "/b" } }, { file = { path = "/a" } }) },
      "libraries order" },
  } do
    local shown, ignored = found(case[1], case[2])
    t.equal(shown, "", case[3])
    t.equal(ignored, case[3])
    shown, ignored = found(case[2], case[1])
    t.equal(shown, "", case[3])
    t.is_true(#ignored > 0, case[3])
  end
end)

test("a real difference that resembles noise is shown", function(t)
  for _, case in ipairs {
    { { storage = "dbfs:/mine" }, {}, "storage removed" },
    { { continuous = true }, {}, "continuous removed" },
    { { edition = "CORE" }, {}, "edition removed" },
    { { catalog = "a" }, { catalog = "b" }, "catalog changed" },
    { { configuration = { edition = "Pro" } }, { configuration = { edition = "PRO" } },
      "configuration.edition changed" },
    { { serverless = false, ingestion_definition = { a = 1 } },
      { ingestion_definition = { a = 1 } }, "serverless removed" },
    { { event_log = { name = "e", catalog = "x" }, catalog = "c" },
      { event_log = { name = "e" }, catalog = "c" }, "event_log.catalog removed" },
    { { clusters = array { label = "default", init_scripts = array({ s3 = { destination = "a" } },
        { s3 = { destination = "b" } }) } },
      { clusters = array { label = "default", init_scripts = array({ s3 = { destination = "b" } },
        { s3 = { destination = "a" } }) } }, "clusters[0].init_scripts order" },
  } do
    t.equal(found(case[1], case[2]), case[3])
  end
end)

test("a pipeline that was renamed since differs in its name", function(t)
  t.equal(found({ name = "a" }, { name = "b" }, { pipeline_id = "1" }), "name changed")
end)

test("items of a list are paired by their names", function(t)
  local shown = found(
    { clusters = array({ num_workers = 1 }, { label = "maintenance", num_workers = 1 }),
      libraries = array({ file = { path = "/a" } }, { file = { path = "/b" } }) },
    { clusters = array({ label = "maintenance", num_workers = 2 },
        { label = "default", num_workers = 1 }),
      libraries = array({ file = { path = "/b" } }, { notebook = { path = "/c" } },
        { file = { path = "/a" } }) })
  t.equal(shown, "libraries[1] added, clusters[1].num_workers changed")
end)

test("every rule of noise has a reason and a name of its own", function(t)
  local seen = {}
  for _, rule in ipairs(noise.rules) do
    t.is_nil(seen[rule.name])
    seen[rule.name] = true
    t.is_true(#rule.why > 20, rule.name)
  end
end)

local function apply(steps, sign)
  local out = {}
  for _, step in ipairs(steps) do
    if step[1] == " " or step[1] == sign then
      out[#out + 1] = step[2]
    end
  end
  return out
end

local function longest_common(a, b)
  local row = {}
  for j = 0, #b do
    row[j] = 0
  end
  for i = 1, #a do
    local before = 0
    for j = 1, #b do
      local kept = row[j]
      row[j] = a[i] == b[j] and before + 1 or math.max(row[j], row[j - 1])
      before = kept
    end
  end
  return row[#b]
end

test("the lines of a diff are the shortest edit script between both texts", function(t)
  math.randomseed(11)
  for _ = 1, 800 do
    local a, b = {}, {}
    for _, list in ipairs { a, b } do
      for i = 1, math.random(0, 14) do
        list[i] = ("abcd"):sub(math.random(4)):sub(1, 1)
      end
    end
    local steps = lines.compare(table.concat(a, "\n"), table.concat(b, "\n"))
    t.equal(apply(steps, "-"), a)
    t.equal(apply(steps, "+"), b)
    local changes = 0
    for _, step in ipairs(steps) do
      changes = changes + (step[1] ~= " " and 1 or 0)
    end
    t.equal(changes, #a + #b - 2 * longest_common(a, b))
  end
end)

test("texts that have nothing in common are compared quickly", function(t)
  local a, b = {}, {}
  for i = 1, 20000 do
    a[i], b[i] = "a" .. i, "b" .. i
  end
  local start = os.clock()
  local steps = lines.compare(table.concat(a, "\n"), table.concat(b, "\n"))
  t.equal(#steps, 40000)
  t.is_true(os.clock() - start < 5)
end)

test("hunks have three lines around a change, and line numbers", function(t)
  local left, right = {}, {}
  for i = 1, 30 do
    left[i], right[i] = "line " .. i, "line " .. i
  end
  right[10] = "other"
  table.remove(right, 25)
  local hunks = lines.hunks(table.concat(left, "\n") .. "\n", table.concat(right, "\n") .. "\n")
  t.equal(#hunks, 2)
  t.equal({ hunks[1].left, hunks[1].right, #hunks[1].lines }, { 7, 7, 8 })
  t.equal(hunks[1].lines[4], "-line 10")
  t.equal(hunks[1].lines[5], "+other")
  t.equal({ hunks[2].left, hunks[2].right }, { 22, 22 })
  t.equal(lines.hunks("a\n", "a\n"), {})
  t.equal(lines.split "", {})
  t.equal(lines.split "a\n\nb", { "a", "", "b" })
end)

local function source(path, bytes, more)
  local one = { path = path, kind = "FILE", format = "RAW", read = function() return bytes end }
  for key, value in pairs(more or {}) do
    one[key] = value
  end
  return one
end

local function with_sources(root, list)
  return side({ root_path = root }, { sources = function() return list end })
end

test("sources are paired below their roots, and compared line by line", function(t)
  local list, n = diff.sources(
    with_sources("/Workspace/Users/a/r", { source("/Users/a/r/x.py", "1\n2\n"),
      source("/Users/a/r/same.py", "s"), source("/Users/a/r/old.py", "o"),
      source("/Users/a/r/bin", "\0\1"), source("/Users/a/r/end.py", "e\n"),
      source("/Users/a/r/n", "n", { kind = "NOTEBOOK", language = "SQL", format = "SOURCE" }),
      source("/Users/a/r", "", { kind = "DIRECTORY" }) }),
    with_sources("/Shared/q", { source("/Shared/q/x.py", "1\n3\n"),
      source("/Shared/q/same.py", "s"), source("/Shared/q/new.py", "n"),
      source("/Shared/q/bin", "\0\2"), source("/Shared/q/end.py", "e"),
      source("/Shared/q/n", "n", { kind = "NOTEBOOK", language = "PYTHON", format = "SOURCE" }) }))
  t.equal(n, 7)
  local by_path = {}
  for _, d in ipairs(list) do
    by_path[d.path] = d
  end
  t.equal(by_path["same.py"], nil)
  t.equal(by_path["x.py"].hunks[1].lines, { " 1", "-2", "+3" })
  t.equal(by_path["x.py"].right_path, "/Shared/q/x.py")
  t.equal(by_path["old.py"].kind, "removed")
  t.equal(by_path["new.py"].kind, "added")
  t.equal(by_path.bin.note, "not text")
  t.match(by_path["end.py"].note, "newline")
  t.equal(by_path.n.note, "notebook sql on the left, notebook python on the right")
end)

test("a source that cannot be read is unknown, not the same", function(t)
  local list = diff.sources(with_sources("/r", { source("/r/a", "1", { problem = "missing" }) }),
    with_sources("/r", { source("/r/a", "1") }))
  t.equal(list[1].kind, "unknown")
  t.equal(list[1].note, "missing")
  local large = source("/r/a", "")
  function large.read()
    fault.raise { kind = "http", op = "x", status = 400, code = "MAX_READ_SIZE_EXCEEDED",
      message = "too large" }
  end
  list = diff.sources(with_sources("/r", { large, source("/r/b", "1") }),
    with_sources("/r", { source("/r/a", "1"), source("/r/b", "2") }))
  t.equal({ list[1].kind, list[1].note, list[2].kind }, { "unknown", "too large", "changed" })
end)

local function shown(report, width, colour)
  local out = {}
  local screen = screens.new(function(s) out[#out + 1] = s end, { width = width, terminal = false,
    colour = colour or false })
  text.show(report, screen)
  return table.concat(out)
end

test("values stand side by side where the width allows, and never beyond it", function(t)
  local report = {
    left = { label = "a" }, right = { label = "b" }, equal = false,
    differences = { { path = "catalog", kind = "changed", left = ("x"):rep(300), right = "日本" },
      { path = "libraries", kind = "order" }, { path = "e\27[2Jvil", kind = "added", right = 1 } },
    sources = { differences = { { path = "s.py", kind = "changed",
      hunks = { { left = 1, right = 1, lines = { " a", "-" .. ("b"):rep(200), "+c" } } } } } },
  }
  for _, width in ipairs { 80, 100, 141, 200 } do
    local all = shown(report, width)
    t.no_match(all, "\27")
    if width >= 100 then
      t.match(all, "~  catalog +x+ +日本\n", true)
    else
      t.match(all, "~ catalog\n    - x")
    end
    for line in all:gmatch "[^\n]+" do
      if width >= 141 then
        t.is_true(require("native.term").width(line) <= width, line)
      end
    end
  end
  -- colours keep the blanks at the end of a line
  for line in shown({ left = report.left, right = report.right, equal = false,
    differences = report.differences }, 100, true):gsub("\27%[[%d;]*m", ""):gmatch "[^\n]+" do
    t.is_true(require("native.term").width(line) <= 100, line)
  end
  t.match(shown(report, 200), "    2 c", false)
  t.match(shown(report, math.huge), "+ 日本")
end)
