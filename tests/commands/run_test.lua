local cli = require "testing.program"
local json = require "native.json"
local terminal = require "support.terminal"

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

test("a plain file gets its arguments, and what it returns is printed", function(t)
  local dir <close> = cli.dir()
  local path = dir.write("x.lua", "return { n = select('#', ...), args = { ... } }")
  local r = cli.run { "run", path, "a", "--b=c", "-d", "-o", "json", "--", "-o", "csv" }
  t.equal(r.status, 0)
  t.equal(json.decode(r.stdout), { n = 5, args = { "a", "--b=c", "-d", "-o", "csv" } })
end)

test("a file that returns a script has its own arguments and its own help", function(t)
  local dir <close> = cli.dir()
  local path = dir.write("greet.lua", SCRIPT)
  t.equal(cli.run({ "run", path, "you", "--loud" }).stdout, "hello you!\n")
  t.equal(cli.run({ "run", path, "you", "--times", "2", "-o", "json" }).stdout,
    '{\n  "text": "hello you hello you"\n}\n')
  local r = cli.run { "run", path, "you", "--luod" }
  t.equal(r.status, 2)
  t.match(r.stderr, "did you mean '--loud'?")
  local help = cli.run({ "run", path, "--help" }).stdout
  t.match(help, "WHO")
  t.match(help, "Greet.")
  t.equal(cli.run({ "run", path }).status, 2)
end)

test("an iterator is printed as it goes", function(t)
  local dir <close> = cli.dir()
  local path = dir.write("x.lua", "local n = 0\nreturn function() n = n + 1\n"
    .. "return n < 4 and { n = n } or nil end")
  t.equal(cli.run({ "run", path, "-o", "csv" }).stdout, "n\r\n1\r\n2\r\n3\r\n")
  t.equal(cli.run({ "run", path, "-o", "jsonl" }).stdout, '{"n":1}\n{"n":2}\n{"n":3}\n')
  t.equal(cli.run({ "run", path }).stdout, "N\n1\n2\n3\n")
end)

test("the library is there, with tasks", function(t)
  local dir <close> = cli.dir()
  local path = dir.write("x.lua", [[
local tarn = require "tarn"
print "first"
return tarn.map({ 3, 1, 2 }, function(n) tarn.sleep(n / 1000) return n * 2 end, { limit = 2 })]])
  t.equal(cli.run({ "run", path, "-o", "jsonl" }).stdout, "first\n6\n2\n4\n")
end)

test("its folder is not searched unless it is named", function(t)
  local dir <close> = cli.dir()
  dir.write("lua/mine.lua", "return { answer = 42 }")
  local path = dir.write("x.lua", "return require('mine').answer")
  t.equal(cli.run({ "run", path }).status, 70)
  t.equal(cli.run({ "--path", dir.path, "run", path }).stdout, "42\n")
end)

test("a file that is missing, or has a mistake, says so", function(t)
  local r = cli.run { "run", "/no/such.lua" }
  t.equal(r.status, 3)
  t.match(r.stderr, "/no/such.lua: No such file")
  local dir <close> = cli.dir()
  local path = dir.write("x.lua", "local x =")
  r = cli.run { "run", path }
  t.equal(r.status, 1)
  t.match(r.stderr, path .. ":1:")
  path = dir.write("y.lua", "return { run = print }")
  t.match(cli.run({ "run", path }).stderr, "'summary' is missing in the header")
  t.equal(cli.run({ "run", dir.path }).status, 1)
end)

test("a dry run loads the file and does not run it", function(t)
  local dir <close> = cli.dir()
  local path = dir.write("x.lua", "error 'ran'")
  local r = cli.run { "run", "--dry-run", path, "-o", "json" }
  t.equal(r.status, 0)
  t.equal(json.decode(r.stdout).loads, true)
end)

test("what destroys needs --yes where nobody can be asked", function(t)
  local dir <close> = cli.dir()
  local path = dir.write("x.lua", [[
return {
  summary = "Destroy.", effect = "destroy", args = { { "dry_run", "flag", "Look." } },
  examples = { { "x --dry-run", "look" } },
  run = function(_, arg) return { done = not arg.dry_run } end,
}]])
  local r = cli.run { "run", path, "-o", "json" }
  t.equal(r.status, 2)
  t.match(json.decode(r.stderr).hint, "--yes")
  t.equal(json.decode(r.stderr).op, "tarn run")
  t.equal(json.decode(cli.run({ "run", path, "-o", "json", "--yes" }).stdout), { done = true })
  t.equal(json.decode(cli.run({ "run", path, "--dry-run", "-o", "json" }).stdout),
    { done = false })
end)

test("a script asks its own question, made from its context and its arguments", function()
  local dir <close> = cli.dir()
  dir.write("x.lua", [[
return {
  summary = "Destroy.", effect = "destroy",
  args = { { "what", "string", "What." }, { "dry_run", "flag", "Look." } },
  examples = { { "x a --dry-run", "look" } },
  question = function(ctx, arg) return ("%s destroys %s."):format(ctx.op, arg.what) end,
  run = function(_, arg) return { destroyed = arg.what } end,
}]])
  local term <close> = terminal.start({ cli.program, "run", "x.lua", "everything" },
    { cols = 80, cwd = dir.path })
  term:wait "tarn run: tarn run destroys everything. Go on? [y/N]"
end)

test("a script says how it went by its exit status", function(t)
  local dir <close> = cli.dir()
  local path = dir.write("x.lua", [[
return { summary = "Gate.", effect = "read", args = {},
  run = function(ctx) ctx.finish "gate" return { passed = false } end }]])
  local r = cli.run { "run", path, "-o", "json" }
  t.equal(r.status, 9)
  t.equal(json.decode(r.stdout), { passed = false })
end)

test("Ctrl-C closes what is open and ends with 130", function(t)
  local dir <close> = cli.dir()
  local path = dir.write("x.lua", [[
local tarn = require "tarn"
local _ <close> = setmetatable({}, { __close = function() print "closed" end })
print "waiting"
io.stdout:flush()
tarn.sleep(30)]])
  local line = "$TARN run " .. path .. " & sleep 0.3; kill -TERM $!; wait $!; echo $?"
  local r = cli.shell(line)
  t.equal(r.stdout, "waiting\nclosed\n130\n")
  t.equal(r.stderr, "")
end)

test("a plain script's workspace is the one that --profile names", function(t)
  local dir <close> = cli.dir()
  local path = dir.write("x.lua", [[
local tarn = require "tarn"
return { names = { tostring(tarn.workspace()), tostring(tarn.workspace "demo") } }]])
  local r = cli.run { "-p", "demo-dr", "run", path, "-o", "json" }
  t.equal(json.decode(r.stdout), { names = { "workspace demo-dr", "workspace demo" } })
end)

test("the script in the README runs", function(t)
  local readme = io.open("README.md"):read "a"
  local dir <close> = cli.dir()
  local path = dir.write("stale.lua", readme:match "```lua\n(.-)```")
  local r = cli.run { "-p", "demo", "run", path, "-o", "json" }
  t.equal(r.stderr, "")
  t.is_true(#json.decode(r.stdout) > 0)
end)

test("two runs in the same second have different random numbers", function(t)
  -- `setarch -R`: the same addresses each time, as in the builds with sanitizers
  local dir <close> = cli.dir()
  local path = dir.write("x.lua", "print(math.random(0))")
  local r = cli.shell(("for i in 1 2 3 4; do setarch -R $TARN run %s || $TARN run %s; done")
    :format(path, path))
  local seen, n = {}, 0
  for number in r.stdout:gmatch "%-?%d+" do
    n = n + (seen[number] and 0 or 1)
    seen[number] = true
  end
  t.equal(n, 4, r.stdout)
end)
