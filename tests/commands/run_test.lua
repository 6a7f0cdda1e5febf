--- tarn run: plain files and scripts.

local program = require "testing.program"
local json = require "native.json"
local terminal = require "support.terminal"
local pages = require "support.pages"

local SCRIPT <const> = [[
return {
  summary = "Greet.", effect = "read",
  args = {
    { "who", "string", "Whom." },
    { "loud", "flag", "Loudly." },
    { "times", "integer", "How often.", default = 1 },
  },
  render = { text = function(data, out) out:line(data.text) end },
  run = function(ctx, arg)
    return { text = ("hello " .. arg.who .. (arg.loud and "!" or "")):rep(arg.times, " ") }
  end,
}]]

test("a plain file gets its arguments, and its result is printed", function(t)
  local dir <close> = program.dir()
  local path = dir.write("x.lua", "return { n = select('#', ...), args = { ... } }")
  t.equal(program.data { "run", path, "a", "--b=c", "-d", "--", "-o", "csv" },
    { n = 5, args = { "a", "--b=c", "-d", "-o", "csv" } })
end)

test("a file that returns a script has its own arguments and its own help", function(t)
  local dir <close> = program.dir()
  local path = dir.write("greet.lua", SCRIPT)
  t.equal(program.run({ "run", path, "you", "--loud" }).stdout, "hello you!\n")
  t.equal(program.run({ "run", path, "you", "--times", "2", "-o", "json" }).stdout,
    '{\n  "text": "hello you hello you"\n}\n')
  local r = program.run { "run", path, "you", "--luod" }
  t.equal(r.status, 2)
  t.match(r.stderr, "did you mean '--loud'?")
  local help = program.run({ "run", path, "--help" }).stdout
  t.match(help, "WHO")
  t.match(help, "Greet.")
  t.equal(program.run({ "run", path }).status, 2)
end)

test("an iterator is printed row by row", function(t)
  local dir <close> = program.dir()
  local path = dir.write("x.lua", "local n = 0\nreturn function() n = n + 1\n"
    .. "return n < 4 and { n = n } or nil end")
  t.equal(program.run({ "run", path, "-o", "csv" }).stdout, "n\r\n1\r\n2\r\n3\r\n")
  t.equal(program.run({ "run", path, "-o", "jsonl" }).stdout, '{"n":1}\n{"n":2}\n{"n":3}\n')
  t.equal(program.run({ "run", path }).stdout, "N\n1\n2\n3\n")
end)

test("a file can require the library", function(t)
  local dir <close> = program.dir()
  local path = dir.write("x.lua", [[
local tarn = require "tarn"
print "first"
return tarn.map({ 3, 1, 2 }, function(n) tarn.sleep(n / 1000) return n * 2 end, { limit = 2 })]])
  t.equal(program.run({ "run", path, "-o", "jsonl" }).stdout, "first\n6\n2\n4\n")
end)

test("the folder of the file is not searched without --path", function(t)
  local dir <close> = program.dir()
  dir.write("lua/mine.lua", "return { answer = 42 }")
  local path = dir.write("x.lua", "return require('mine').answer")
  t.equal(program.run({ "run", path }).status, 1)
  t.equal(program.run({ "--path", dir.path, "run", path }).stdout, "42\n")
end)

test("a missing or wrong file is reported", function(t)
  local r = program.run { "run", "/no/such.lua" }
  t.equal(r.status, 3)
  t.match(r.stderr, "/no/such.lua: No such file")
  local dir <close> = program.dir()
  local path = dir.write("x.lua", "local x =")
  r = program.run { "run", path }
  t.equal(r.status, 1)
  t.match(r.stderr, path .. ":1:")
  path = dir.write("y.lua", "return { run = print }")
  t.match(program.run({ "run", path }).stderr, "'summary' is missing in the header")
  t.equal(program.run({ "run", dir.path }).status, 1)
end)

test("a dry run loads the file and does not run it", function(t)
  local dir <close> = program.dir()
  local path = dir.write("x.lua", "error 'ran'")
  t.equal(program.data({ "run", "--dry-run", path }).loads, true)
end)

test("without a terminal a script that destroys needs --yes", function(t)
  local dir <close> = program.dir()
  local path = dir.write("x.lua", [[
return {
  summary = "Destroy.", effect = "destroy", args = { { "dry_run", "flag", "Look." } },
  examples = { { "x --dry-run", "look" } },
  run = function(_, arg) return { done = not arg.dry_run } end,
}]])
  local r = program.run { "run", path, "-o", "json" }
  t.equal(r.status, 2)
  t.match(json.decode(r.stderr).hint, "--yes")
  t.equal(program.data { "run", path, "--yes" }, { done = true })
  t.equal(program.data { "run", path, "--dry-run" }, { done = false })
end)

test("a script asks its own question, made from its context and its arguments", function()
  local dir <close> = program.dir()
  dir.write("x.lua", [[
return {
  summary = "Destroy.", effect = "destroy",
  args = { { "what", "string", "What." }, { "dry_run", "flag", "Look." } },
  examples = { { "x a --dry-run", "look" } },
  question = function(ctx, arg) return ("%s destroys %s."):format(ctx.op, arg.what) end,
  run = function(_, arg) return { destroyed = arg.what } end,
}]])
  local term <close> = terminal.start({ program.path, "run", "x.lua", "everything" },
    { cols = 80, cwd = dir.path })
  term:wait "tarn run: tarn run destroys everything. Go on? [y/N]"
end)

test("a script can set the exit status", function(t)
  local dir <close> = program.dir()
  local path = dir.write("x.lua", [[
return { summary = "Gate.", effect = "read", args = {},
  run = function(ctx) ctx.finish "gate" return { passed = false } end }]])
  local r = program.run { "run", path, "-o", "json" }
  t.equal(r.status, 9)
  t.equal(json.decode(r.stdout), { passed = false })
end)

test("Ctrl-C closes variables and ends with 130", function(t)
  local dir <close> = program.dir()
  local path = dir.write("x.lua", [[
local tarn = require "tarn"
local _ <close> = setmetatable({}, { __close = function() print "closed" end })
print "waiting"
io.stdout:flush()
tarn.sleep(300)]])
  for _, signal in ipairs { "INT", "TERM" } do
    local running <close> = program.start { "run", path }
    running:wait_for "waiting"
    running:signal(signal)
    t.equal(running:result(), { status = 130, stdout = "waiting\nclosed\n", stderr = "" }, signal)
  end
end)

test("a plain script's workspace is the one that --profile names", function(t)
  local dir <close> = program.dir()
  local path = dir.write("x.lua", [[
local tarn = require "tarn"
return { names = { tostring(tarn.workspace()), tostring(tarn.workspace "demo") } }]])
  t.equal(program.data { "-p", "demo-dr", "run", path },
    { names = { "workspace demo-dr", "workspace demo" } })
end)

test("the script in the README runs", function(t)
  local dir <close> = program.dir()
  local path = dir.write("stale.lua", pages.file("README.md", "stale.lua"))
  local data, r = program.data { "-p", "demo", "run", path }
  t.equal(r.stderr, "")
  t.is_true(#data > 0)
end)

test("two runs in the same second have different random numbers", function(t)
  -- `setarch -R`: without random addresses, which would also make the numbers differ
  local dir <close> = program.dir()
  local path = dir.write("x.lua", "print(math.random(0))")
  local r = program.shell(("for i in 1 2 3 4; do setarch -R $TARN run %s || $TARN run %s; done")
    :format(path, path))
  local seen, n = {}, 0
  for number in r.stdout:gmatch "%-?%d+" do
    n = n + (seen[number] and 0 or 1)
    seen[number] = true
  end
  t.equal(n, 4, r.stdout)
end)
