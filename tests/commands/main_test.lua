--- The command line: options of all commands, help, faults, overrides, terminals and pipes.

local program = require "testing.program"
local json = require "native.json"

local run, shell = program.run, program.shell

test("the version is printed before and after a command", function(t)
  for _, words in ipairs { { "--version" }, { "--version", "list" }, { "list", "--version" },
    { "-v", "--version" } } do
    local r = run(words)
    t.equal(r.status, 0)
    t.match(r.stdout, "^tarn %d+%.%d+%.%d+", true)
    t.equal(r.stderr, "")
  end
end)

test("without a command the help is shown, which is wrong usage", function(t)
  local r = run {}
  t.equal(r.status, 2)
  t.match(r.stdout, "Look:")
  t.equal(run({ "--help" }).status, 0)
  t.equal(run({ "--help" }).stdout, r.stdout)
  t.equal(run({ "help" }).stdout, r.stdout)
end)

test("three ways show the same help of a command", function(t)
  local text = run({ "help", "which" }).stdout
  t.match(text, "Usage: tarn which [OPTIONS] [NAME]")
  t.equal(run({ "which", "--help" }).stdout, text)
  t.equal(run({ "-h", "which" }).stdout, text)
  t.equal(run({ "which", "x", "y", "z", "-h" }).status, 2)
end)

test("an unknown command and an unknown option are wrong usage, with a hint", function(t)
  local r = run { "lsit" }
  t.equal(r.status, 2)
  t.equal(r.stdout, "")
  t.equal(r.stderr, "tarn: there is no command 'lsit'\nhint: did you mean 'list'?\n")
  r = run { "which", "list", "--bundeld" }
  t.equal(r.status, 2)
  t.match(r.stderr, "unknown option '--bundeld'")
  t.match(r.stderr, "did you mean '--bundled'?")
end)

test("with -o json a fault is one JSON object on stderr", function(t)
  for _, words in ipairs { { "-o", "json", "which", "nothing" }, { "which", "nothing", "-ojson" },
    { "which", "--output=json", "nothing" } } do
    local r = run(words)
    t.equal(r.status, 3)
    t.equal(r.stdout, "")
    local e = json.decode(r.stderr)
    t.equal(e.kind, "usage")
    t.equal(e.code, "NOT_FOUND")
    t.equal(e.message, "there is no command, module or file 'nothing'")
    t.equal(e.op, "tarn which")
  end
  t.equal(json.decode(run({ "-o", "json", "list", "--x" }).stderr).kind, "usage")
end)

test("the name of a command cannot be a path", function(t)
  for _, name in ipairs { "../list", "/etc/passwd", "a/b", "@../x", "." } do
    t.equal(run({ name }).status, 2, name)
  end
end)

test("commands work without a home directory", function(t)
  for _, words in ipairs { { "help" }, { "which", "list" }, { "doctor", "--help" } } do
    local r = run(words, { env = { HOME = false } })
    t.equal(r.status, 0)
    t.equal(r.stderr, "")
  end
  local r = run({ "eject", "list" }, { env = { HOME = false } })
  t.equal(r.status, 2)
  t.match(r.stderr, "there is no home directory")
end)

test("a closed pipe ends quietly", function(t)
  local r = shell "{ $TARN help; echo $? >&2; } | :"
  t.equal(r.stderr, "0\n")
  local dir <close> = program.dir()
  local path = dir.write("x.lua",
    "return function(_, n) return (n or 0) < 1e7 and (n or 0) + 1 or nil end")
  r = shell("{ $TARN run " .. path .. " -o jsonl; echo $? >&2; } | head -n 2")
  t.equal(r.stdout, "1\n2\n")
  t.equal(r.stderr, "0\n")
end)

test("a full disk is a fault", function(t)
  local r = shell "$TARN help > /dev/full"
  t.equal(r.status, 1)
  t.match(r.stderr, "standard output: No space left on device")
  r = shell "$TARN -o json which list > /dev/full"
  t.equal(r.status, 1)
  t.equal(json.decode(r.stderr).kind, "io")
  r = shell "echo 'for i = 1, 1e5 do print(i) end' | $TARN run /dev/stdin > /dev/full"
  t.equal(r.status, 1)
  t.match(r.stderr, "No space left")
end)

test("a closed standard output is a fault", function(t)
  local r = shell "$TARN help >&-"
  t.equal(r.status, 1)
  t.match(r.stderr, "standard output: ")
end)

test("a broken script of the user does not break other commands", function(t)
  local home <close> = program.dir()
  home.write("tarn/scripts/bad.lua", "return {\n  summary = \n}")
  home.write("tarn/scripts/worse.lua", "return { sumary = 'x' }")
  home.write("tarn/scripts/boom.lua", "error 'at load'")
  local env = { XDG_CONFIG_HOME = home.path }
  local r = run({ "help" }, { env = env })
  t.equal(r.status, 0)
  t.match(r.stdout, "  list  +List the pipelines of a workspace.", true)
  t.match(r.stdout, "  bad  +broken: ", true)
  local text = r.stdout:gsub("%s+", " ")
  t.match(text, "scripts/bad.lua:3: unexpected symbol")
  t.match(text, "unknown field 'sumary' in the header")
  t.match(text, "at load")
  t.equal(run({ "which", "list" }, { env = env }).status, 0)
  r = run({ "bad" }, { env = env })
  t.equal(r.status, 1)
  t.match(r.stderr, "scripts/bad.lua:3:")
  r = run({ "worse" }, { env = env })
  t.match(r.stderr, "did you mean 'summary'?")
end)

local WRAP <const> = [[
local base = require "@which"
return {
  summary = "Wrapped.", effect = "read", args = base.args,
  run = function(ctx, arg)
    local rows = base.run(ctx, arg)
    return { wrapped = true, count = #rows }
  end,
}]]

test("an override wraps what it overrides, and --bundled ignores it", function(t)
  local dir <close> = program.dir()
  dir.write("scripts/which.lua", WRAP)
  local words = { "--path", dir.path, "-o", "json", "which", "which" }
  t.equal(json.decode(run(words).stdout), { wrapped = true, count = 2 })
  words = { "which", "which", "-o", "json", "--path=" .. dir.path }
  t.equal(json.decode(run(words).stdout).wrapped, true, "--path after the command")
  local env = { TARN_PATH = "/nowhere:" .. dir.path }
  words = { "which", "which", "-o", "json" }
  t.equal(json.decode(run(words, { env = env }).stdout).wrapped, true)
  for _, more in ipairs { { "--bundled", "which", "list", "-o", "json" },
    { "which", "list", "-o", "json", "--bundled" }, { "@which", "list", "-o", "json" } } do
    t.equal(#json.decode(run(more, { env = env }).stdout), 1)
  end
  t.match(run({ "help" }, { env = env }).stdout, "Wrapped. [" .. dir.path .. "]")
end)

test("an undefined global in a script is an error with file and line", function(t)
  local dir <close> = program.dir()
  local path = dir.write("x.lua", "local a = 1\nreturn a + undefind")
  local r = run { "run", path }
  t.equal(r.status, 1)
  t.match(r.stderr, path .. ":2: undefined global 'undefind'")
  t.match(r.stderr, "  return a + undefind\n             ^^^^^^^^\n")
  dir.write("x.lua", "count = 1")
  r = run { "run", path }
  t.equal(r.status, 1)
  t.match(r.stderr, path .. ":1: global 'count' is not defined: write `local count`")
end)

test("the working directory is not searched, and a note says so", function(t)
  local dir <close> = program.dir()
  dir.write("scripts/which.lua", "error 'must not run'")
  local r = run({ "which", "which" }, { cwd = dir.path })
  t.equal(r.status, 0)
  t.equal(r.stderr,
    "tarn: ./scripts/which.lua is not used; --path . would use it\n")
  t.equal(run({ "-q", "which", "which" }, { cwd = dir.path }).stderr, "")
  t.match(run({ "--path", ".", "which", "which" }, { cwd = dir.path }).stderr, "must not run")
end)

test("a terminal gets colour and its own width, unless options forbid it", function(t)
  if shell("script -qec true /dev/null < /dev/null").status ~= 0 then
    t.skip "no terminal can be opened (is /dev/pts there?)"
  end
  local dir <close> = program.dir()
  local path = dir.write("x.lua", "return { { name = ('x'):rep(90), state = 'FAILED' } }")
  local function on_terminal(words, env)
    local line = ("stty cols 60 rows 20; $TARN run %s %s"):format(path, words)
    return shell(("script -qec '%s' /dev/null < /dev/null"):format(line), { env = env }).stdout
  end
  local text = on_terminal("", { TERM = "xterm" })
  t.match(text, "\27[31mFAILED")
  t.match(text, "xxx…")
  t.no_match(on_terminal("--no-color", { TERM = "xterm" }), "\27[")
  t.no_match(on_terminal("", { TERM = "xterm", NO_COLOR = "1" }), "\27[")
  t.no_match(on_terminal("", { TERM = "dumb" }), "\27[")
end)

test("a pipe gets no colour", function(t)
  local r = run({ "which", "list", "-o", "text" }, { env = { TERM = "xterm" } })
  t.no_match(r.stdout, "\27")
end)
