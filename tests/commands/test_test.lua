--- `tarn test` and testing.api, tested with test files.

local program = require "testing.program"
local fs = require "native.fs"
local json = require "native.json"
local testing = require "testing.api"

-- Run `tarn test` on a file with this text.
local function run(text, words, opts)
  local dir <close> = program.dir()
  dir.write("own_test.lua", "local testing = require 'testing.api'\n" .. text)
  local all = { "test", dir.path, table.unpack(words or {}) }
  return program.run(all, opts), dir
end

test("passed, failed and skipped tests are counted, and a failure sets the status", function(t)
  local r = run [[
    test("a", function(t) t.equal(1, 1) end)
    test("b", function(t) t.equal({ x = 1 }, { x = 2 }) end)
    test("c", function(t) t.skip "not today" end)
    test("d", function() error "oh" end)]]
  t.equal(r.status, 1)
  t.match(r.stdout, "own_test.lua:3: differs at x\n")
  t.match(r.stdout, "skipped: c: not today")
  t.match(r.stdout, "own_test.lua:5: oh")
  t.match(r.stdout, "1 passed, 2 failed, 1 skipped\n")
end)

test("with -o json the results are data", function(t)
  local r = run("test('a', function() end) test('b', function(t) t.is_true(false) end)",
    { "-o", "json", "--filter", "b" })
  local rows = json.decode(r.stdout)
  t.equal(#rows, 1)
  t.equal(rows[1].outcome, "failed")
  t.match(rows[1].message, "not true")
end)

test("a run without a test is a failure that says so", function(t)
  local dir <close> = program.dir()
  local command = dir.write("promote.lua", "return { summary = 'x' }")
  local r = program.run { "test", command }
  t.equal(r.status, 3)
  t.match(r.stderr, "promote.lua: no test is in this file")
  dir.write("zebra_test.lua", "test('one', function() end)")
  r = program.run { "test", dir.path, "--filter", "nomatch" }
  t.equal(r.status, 3)
  t.match(r.stderr, "no test has 'nomatch' in its name")
  r = program.run({ "test", dir.path, "--filter", dir.path:match "[^/]*$" })
  t.equal(r.status, 3, "the filter does not match folders")
  t.match(program.run({ "test", dir.path, "--filter", "zebra" }).stdout, "1 passed, 0 failed")
end)

test("the test files of a folder are found, and modules beside them", function(t)
  local dir <close> = program.dir()
  dir.write("tests/deep/a_test.lua", "local h = require 'helper'\ntest('a', function(t) "
    .. "t.equal(h, 7) end)")
  dir.write("tests/deep/helper.lua", "return 7")
  dir.write("tests/not_a_test.txt", "x")
  t.match(program.run({ "test", dir.path .. "/tests" }).stdout, "1 passed, 0 failed")
  t.match(program.run({ "test" }, { cwd = dir.path }).stdout, "tests/deep/a_test.lua\n1 passed")
  t.equal(program.run({ "test", dir.path .. "/nothing" }).status, 3)
  dir.write("none/x.lua", "")
  t.equal(program.run({ "test", dir.path .. "/none" }).status, 3)
end)

test("an error is shown without the frames of Tarn itself", function(t)
  local broken = run "local function a()\n  tset('x', function() end)\nend\na()"
  t.match(broken.stdout, "own_test.lua:3: undefined global 'tset'\n    stack traceback:\n")
  local _, frames = broken.stdout:gsub("\n%s+[^\n]*own_test%.lua:%d+: in ", "")
  t.equal(frames, 2)
  for _, text in ipairs { "x =", "test('a', function() foo.x() end)", "error 'oh'" } do
    local r = run(text)
    t.match(r.stdout, "own_test.lua:2: ")
    t.match(r.stdout, "0 passed, 1 failed\n")
    t.no_match(r.stdout, "traceback", text)
  end
  t.no_match(broken.stdout, "bundle/")
end)

test("a file that does not load, and tests that hang or leave a task behind, fail", function(t)
  t.match(run("x =").stdout, "FAILED: loads")
  t.match(run("test('a', function() require('tarn').sleep(60) end)", { "--timeout", "1" }).stdout,
    "took more than 1 seconds")
  t.match(run("test('a', function(t) t.timeout(60) require('tarn').sleep(1.1) end)",
    { "--timeout", "1" }).stdout, "1 passed", "t.timeout sets another limit")
  t.match(run([[test('a', function() require('native.task').spawn(function()
    require('tarn').sleep(60) end) end)]]).stdout, "left 1 task alive")
end)

test("a test can open embedded workspaces only", function(t)
  local r = run([[
    local tarn = require "tarn"
    test("a real one", function(t)
      local e = t.fault(tarn.workspace, "prod")
      t.match(e.message, "a test does not open the profile 'prod'")
    end)
    test("the environment's is not taken", function(t)
      local ws <close> = tarn.workspace()
      t.match(ws:host(), "127.0.0.1")
      t.equal(tarn.list {}().name ~= nil, true)
    end)
    test("a name for one", function(t)
      local w <close> = testing.workspace()
      w:as("prod", "demo-dr")
      w:pipeline { name = "p" }
      local prod <close> = tarn.workspace "prod"
      t.is_nil(prod:pipelines()())
      local demo <close> = tarn.workspace "demo"
      t.equal(demo:pipelines()().name, "p")
    end)]], nil, { env = { DATABRICKS_HOST = "https://prod.example.com",
      DATABRICKS_TOKEN = "dapi00000000000000000000000000000000" } })
  t.match(r.stdout, "3 passed, 0 failed")
end)

test("a run has a journal of its own", function(t)
  local home <close> = program.dir()
  local r = run([[
    test("writes", function(t)
      local w <close> = testing.workspace()
      w:pipeline { name = "p" }
      w:command("clone", { pipeline = "p", name = "q" })
      t.equal(require("tarn").journal {}().command, "clone")
    end)]], nil, { env = { XDG_STATE_HOME = home.path } })
  t.match(r.stdout, "1 passed, 0 failed")
  t.equal(#fs.list(home.path), 0)
end)

test("the clock can be moved, and a long wait takes no real time", function(t)
  local r = run [[
    local clock = testing.clock
    test("an hour in a moment", function(t)
      local w <close> = testing.workspace { run_ms = 3600000 }
      local id = w:pipeline { name = "long" }
      local began = os.time()
      clock.skip_sleeps()
      local report, status = w:command("trigger", { pipeline = "long", wait = true })
      t.equal(status, 0)
      t.equal(report.outcome or report.state, report.outcome and "completed" or "COMPLETED")
      t.is_true(os.time() - began < 50)
    end)
    test("advance moves what the workspace says", function(t)
      local w <close> = testing.workspace()
      local before = w.clock:now()
      clock.advance(86400)
      t.is_true(w.clock:now() - before >= 86400000)
    end)
    test("and it is put back", function(t)
      t.is_true(math.abs(require("native.task").time() // 1000 - os.time()) <= 2)
    end)]]
  t.match(r.stdout, "3 passed, 0 failed")
end)

test("golden texts are written and compared, and differences are shown", function(t)
  local dir <close> = program.dir()
  local function write(text)
    dir.write("g_test.lua", ("test('g', function(t) t.golden('out.txt', %q) end)"):format(text))
  end
  write "one\ntwo\n"
  t.match(program.run({ "test", dir.path }).stdout, "golden/out.txt is missing")
  t.equal(program.run({ "test", dir.path, "--update" }).status, 0)
  t.equal(dir.read "golden/out.txt", "one\ntwo\n")
  t.equal(program.run({ "test", dir.path }).status, 0)
  write "one\nthree\n"
  local r = program.run({ "test", dir.path })
  t.equal(r.status, 1)
  t.match(r.stdout, "line 2:")
end)

-- ---- recorded traffic ----

local SECRET <const> = "dapi0123456789abcdef0123456789abcdef"

-- Record a command against an embedded workspace; returns the text of the file, and the pipeline.
local function record(t, words, prepare)
  local w <close> = testing.workspace()
  local id = w:pipeline { name = "p", configuration = { ["api.password"] = "open sesame",
    note = SECRET } }
  if prepare then
    prepare(w)
  end
  local dir <close> = program.dir()
  local path = dir.path .. "/tape.jsonl"
  local all = { "--record", path, table.unpack(words) }
  local r = program.run(all, { env = w:env { XDG_STATE_HOME = dir.path } })
  t.equal(r.status, 0, r.stderr)
  t.equal(fs.find_stat(path).mode & 511, 384, "only its owner can read it")
  return fs.read(path), id
end

local function replay(text)
  local dir <close> = program.dir()
  return testing.replay(dir.write("tape.jsonl", text))
end

test("a record has no secret", function(t)
  local text, id = record(t, { "clone", "p", "--name", "q", "--set",
    "configuration.token=hush-hush-hush" })
  t.match(text, id)
  t.match(text, '"method":"POST"')
  for _, secret in ipairs { "demo-token", "open sesame", SECRET, "hush-hush-hush",
    "Authorization" } do
    t.no_match(text, secret)
  end
end)

test("a recorded read is replayed", function(t)
  local text, id = record(t, { "get", "p" })
  local ws <close> = replay(text)
  local data, status = testing.command("get", { pipeline = "p" }, ws)
  t.equal(status, 0)
  t.equal(data.pipeline_id, id)
  t.is_true(#ws.seen > 0)
end)

test("a recorded change is replayed, and another change is refused", function(t)
  local text, id = record(t, { "trigger", "p" })
  local ws <close> = replay(text)
  t.equal(testing.command("trigger", { pipeline = "p" }, ws).status, "triggered")
  local other = replay(text)
  t.fault(testing.command, "trigger", { pipeline = "p", full_refresh = true }, other)
  t.equal(other.missing, { "POST /api/2.0/pipelines/" .. id .. "/updates" })
  local ok, e = pcall(getmetatable(other).__close, other)
  t.is_false(ok)
  t.match(e.assertion, "not recorded: POST /api/2.0/pipelines/")
end)

test("answers to the same request come in their order, with faults", function(t)
  local text = record(t, { "list" }, function(w)
    w:faults { { action = "503", nth = 1, retry_after = 0 } }
  end)
  t.match(text, '"status":503')
  local ws <close> = replay(text)
  t.equal(#testing.command("list", {}, ws), 1)
  t.equal(#ws.seen, 2)
end)

test("a record that cannot be written is a fault before anything is sent", function(t)
  local r = program.run { "-p", "demo", "--record", "/dev/null/x", "list" }
  t.equal(r.status, 1)
  t.match(r.stderr, "/dev/null/x: Not a directory")
end)

test("the test beside a script calls it by its name, be it a command or a plain file", function(t)
  local dir <close> = program.dir()
  dir.write("plain.lua", 'local word = ... return { word = word, n = #require("tarn").list {} }')
  dir.write("own.lua", 'return { summary = "Own.", effect = "read", args = { { "n", "integer", '
    .. '"N." } }, run = function(ctx, arg) ctx.finish "gate" return { twice = 2 * arg.n } end }')
  local test_text = [[
    local testing = require("tarn").testing
    test("plain", function(t)
      local w <close> = testing.workspace { scenario = "demo" }
      local data, status = w:command("plain", { "x" })
      t.equal({ data.word, data.n > 10, status }, { "x", true, 0 })
    end)
    test("own", function(t)
      local w <close> = testing.workspace()
      local data, status = w:command("own", { n = 21 })
      t.equal({ data.twice, status }, { 42, 9 })
      t.match(t.fault(w.command, w, "own", { m = 1 }).message, "'m'")
      t.match(t.fault(w.command, w, "other").message, "no command 'other'")
    end)]]
  local path = dir.write("plain_test.lua", test_text)
  for _, word in ipairs { path, dir.path .. "/plain.lua", dir.path } do
    local r = program.run { "test", word }
    t.match(r.stdout, "2 passed, 0 failed")
    t.equal(r.status, 0)
  end
  local r = program.run { "test", dir.path .. "/own.lua" }
  t.equal(r.status, 3)
  t.match(r.stderr, "no test is in this file")
  t.equal(program.run({ "test", dir.path, "--filter", "nothing such" }).status, 3)
end)
