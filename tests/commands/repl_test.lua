--- `tarn repl` without a terminal: -e, pipes, exit statuses.

local program = require "testing.program"
local json = require "native.json"
local workspace = require "testing.workspace"

-- Run it with a text through a pipe, or with a list of entries, each after -e.
local function repl(input, opts)
  opts = opts or {}
  local words = { table.unpack(opts.words or {}) }
  words[#words + 1] = "repl"
  for _, code in ipairs(type(input) == "table" and input or {}) do
    words[#words + 1] = "-e"
    words[#words + 1] = code
  end
  return program.run(words, { stdin = type(input) == "string" and input or "", env = opts.env })
end

test("expressions are printed, statements are not", function(t)
  local r = repl "1 + 1\nx = 20\n=x * 2\nlocal y = x + 1\ny\nprint 'printed'\nnil\n'a', 2\n"
  t.equal(r.stderr, "")
  t.equal(r.stdout, "2\n40\n21\nprinted\nnil\na\n2\n")
  t.equal(r.status, 0)
end)

test("an entry goes on until it is complete", function(t)
  local r = repl "for i = 1, 2 do\n  print(i)\nend\nx = {\n  1,\n}\n#x\n-- nothing\n\n"
  t.equal(r.stderr, "")
  t.equal(r.stdout, "1\n2\n1\n")
end)

test("entries of -e run one after the other in the same environment", function(t)
  local r = repl { "x = 20", "local function f(n) return n + 1 end", "f(x)" }
  t.equal(r.stdout, "21\n")
  t.equal(program.run({ "-e", "1 + 1" }).stdout, "2\n")
  t.equal(program.run({ "--profile", "demo", "-e", "tarn.workspace()" }).stdout, "workspace demo\n")
  t.equal(program.run({ "-e1 + 2" }).stdout, "3\n")
end)

test("lines of a pipe are answered one by one", function(t)
  local r = program.shell [[ { echo 'print(1)'; sleep 0.2; echo 'print(2)'; } | "$TARN" repl ]]
  t.equal(r.stdout, "1\n2\n")
end)

test("the first error ends it, and is shown with its line and without frames of C", function(t)
  local r = repl "print 'one'\nx.y = 1\nprint 'three'\n"
  t.equal(r.status, 1)
  t.equal(r.stdout, "one\n")
  t.equal(r.stderr, "  x.y = 1\n  ^\nerror: undefined global 'x'\n")
end)

test("an error is marked in its line", function(t)
  local function is(input, want)
    local r = repl(input)
    t.equal(r.stderr, want, input)
    t.equal(r.status, 1)
    t.no_match(r.stderr, "[C]")
  end
  is("t = {}\nt.a.b = 1\n", "  t.a.b = 1\n    ^\n"
    .. "error: attempt to index a nil value (field 'a')\n"
    .. "hint: 'a' is nil here\n")
  is("x = = 3\n", "  x = = 3\n    ^\nerror: unexpected symbol near '='\n")
  is("for i = 1, 3 do\n  local ä = 1\nend\n", "    local ä = 1\n          ^\n"
    .. "error: <name> expected near '<\\195>'\n")
  is("do\n  local a\n  a()\nend\n", "    a()\n    ^\n"
    .. "error: attempt to call a nil value (local 'a')\n")
  is("error 'mine'\n", "  error 'mine'\nerror: mine\n")
  is("error({ code = 1 })\n",
    "  error({ code = 1 })\nerror: an error that is a table, not a text\n")
end)

test("what was typed as a shell wants it is answered with how it is typed here", function(t)
  local list = 'commands are functions here: tarn.list { ... }; help "list" lists the arguments\n'
  local function hints(entry, hint)
    t.match(repl { entry }.stderr, "hint: " .. hint)
  end
  hints("tarn list", list)
  hints("tarn list --state failed", list)
  hints("list sales", list)
  hints("tarn help list", "type: help list\n")
  hints("tarn clone-to-workspace x", "commands are functions here: tarn.clone_to_workspace {")
  hints("tarn.lst {}", "did you mean 'tarn.list'?\n")
  hints("tarn.list { stat = 'x' }", "did you mean 'state'? help \"list\" shows its arguments\n")
  for _, entry in ipairs { "list", "list 'sales*' --state failed" } do -- Lua, with a comment
    t.match(repl({ entry }).stderr, "error: undefined global 'list'; " .. list)
  end
  t.no_match(repl({ "x.lst()" }).stderr, "hint")
  t.no_match(repl({ "list = = 3" }).stderr, "hint")
end)

test("help also takes a name without quotes", function(t)
  local list = repl({ 'help "list"' }).stdout
  t.match(list, "Usage: tarn list")
  t.equal(repl({ "help list" }).stdout, list)
  t.equal(repl({ "help tarn.map" }).stdout, repl({ "help(tarn.map)" }).stdout)
  t.match(repl({ "help" }).stdout, "Type Lua")
  t.match(repl({ "helping = 1", "helping" }).stdout, "1\n")
  t.match(repl({ "help(tarn.lst)" }).stdout, 'help "NAME" explains the command')
end)

test("an error of any type is shown", function(t)
  local table_text = "error: an error that is a table, not a text\n"
  local function shows(entry, text, words)
    local r = repl({ entry }, { words = words })
    t.equal(r.status, 1, entry)
    t.match(r.stderr, text)
    t.no_match(r.stderr, "bundle/")
  end
  shows("error()", "error: nil\n")
  shows("error(setmetatable({}, { __tostring = function() return nil end }))", table_text)
  shows("error(setmetatable({}, { __tostring = function() error 'x' end }))", table_text)
  shows("error(setmetatable({}, { __metatable = 1 }))", table_text)
  shows("error(setmetatable({}, { __tostring = function() return 'mine' end }))", "error: mine\n")
  shows("local t = {} while true do t[#t + 1] = ('x'):rep(1000000) end", "not enough memory",
    { "--memory-limit", "64" })
  shows("local function f() return f() + 1 end f()", "stack overflow")
end)

test("an error in an earlier entry shows its line, and the line that called it", function(t)
  local r = repl("function f(a)\n  return a.b.c\nend\n"
    .. "function g() local x = f {} return x end\ng()\n")
  t.match(r.stderr, "    return a.b.c\n             ^\n")
  t.match(r.stderr, "called from entry [2], line 1")
  t.no_match(r.stderr, "bundle/")
end)

test("an incomplete entry is an error", function(t)
  local r = repl "for i = 1, 2 do\n"
  t.equal(r.status, 1)
  t.match(r.stderr, "error: 'end' expected (to close 'for' at line 1) near <eof>\n")
  t.equal(repl({ "x = " }).status, 1)
end)

test("a fault has its hint, and the exit status of a command", function(t)
  local r = repl('tarn.get { pipeline = "no such" }', { words = { "--profile", "demo" } })
  t.equal(r.status, 3)
  t.match(r.stderr, "error: no pipeline is named 'no such'")
  t.match(r.stderr, "hint: ")
  t.equal(repl("tarn.get { pipelin = 'x' }").status, 2)
  t.equal(repl("tarn.list {}").status, 4)
end)

test("rows and iterators are shown as tables", function(t)
  local words = { "--profile", "demo" }
  local r = repl('w = tarn.workspace "demo"\nw:pipelines()\ntarn.list { filter = "sales*" }\n'
    .. '{ { a = 1, b = "x" }, { a = 20 } }\n{ 1, 2 }\n{ a = { b = { c = 1 } } }\nw\n',
    { words = words })
  t.equal(r.stderr, "")
  t.match(r.stdout, "sales_orders_etl")
  t.match(r.stdout, "NAME  +STATE  +HEALTH", true)
  t.match(r.stdout, " A  B\n 1  x\n20  -\n")
  t.match(r.stdout, "- 1\n- 2\n")
  t.match(r.stdout, "a:\n  b:\n    c: 1\n")
  t.match(r.stdout, "workspace demo\n")
end)

test("the last answer is `_`", function(t)
  t.equal(repl("40\n_ + 2\n").stdout, "40\n42\n")
end)

test("-o json prints answers as data", function(t)
  local r = repl({ "{ a = { 1, 2 } }" }, { words = { "-o", "json" } })
  t.equal(json.decode(r.stdout), { a = { 1, 2 } })
  r = repl({ 'tarn.list { filter = "sales_o*" }' },
    { words = { "--profile", "demo", "-o", "json" } })
  t.equal(json.decode(r.stdout)[1].name, "sales_orders_etl")
  r = repl({ 'tarn.get { pipeline = "no such" }' },
    { words = { "--profile", "demo", "-o", "json" } })
  t.equal(json.decode(r.stderr).code, "RESOURCE_DOES_NOT_EXIST")
end)

test("without a terminal a command that destroys needs --yes", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local env = w:env()
  local r = repl({ 'tarn.delete { pipeline = "quickstart" }' }, { env = env })
  t.equal(r.status, 2)
  t.match(r.stderr, "hint: --yes confirms it")
  r = repl({ 'tarn.delete { pipeline = "quickstart" }' }, { env = env, words = { "--yes" } })
  t.equal(r.status, 0, r.stderr)
end)

test("a command with a dash has a name with an underscore, too", function(t)
  t.equal(repl("type(tarn.clone_to_workspace), type(tarn['clone-to-workspace'])\n").stdout,
    "function\nfunction\n")
  t.match(repl("tarn.clone\n").stdout, "the command clone: call it with a table")
  t.match(repl("tarn.no_such_command {}\n").stderr, "attempt to call a nil value")
end)

test("the prompt takes the code of a script", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local r = repl('local ws = tarn.workspace()\nlocal n = 0\n'
    .. 'for p in ws:pipelines() do n = n + 1 end\n'
    .. 'n > 10\nlocal names = tarn.map({ 1, 2 }, function(i) return i * 2 end)\nnames[2]\n'
    .. 'for row in ws:sql("SELECT 1 AS a") do print(row.a) end\n',
    { env = w:env() })
  t.equal(r.stderr, "")
  t.equal(r.stdout, "true\n4\n1\n")
end)

test("dot commands: time, trace, profile, load, history, vars, quit", function(t)
  local dir <close> = program.dir()
  local path = dir.write("a.lua", "loaded = 5\nlocal own = 1\n")
  local r = repl(".load " .. path .. "\nloaded\n.vars\n.time on\n1\n.quit\nprint 'not reached'\n")
  t.equal(r.status, 0)
  t.match(r.stdout, "5\n")
  t.match(r.stdout, "loaded  5")
  t.no_match(r.stdout, "not reached")
  t.no_match(r.stdout, "own")
  t.match(r.stderr, "took %d+%.%d%d%d s", true)
  r = repl ".profile demo\ntarn.workspace()\n.profile\n.trace on\ntarn.list { limit = 1 }\n"
  t.match(r.stdout, "workspace demo\ndemo\n")
  r = repl ".profile demo\n.trace on\nx = tarn.workspace():me()\n"
  t.match(r.stderr, "> GET http://127.0.0.1")
  t.no_match(r.stderr, "demo-token")
  t.match(repl(".load /no/such/file\n").stderr, "/no/such/file: No such file")
  t.match(repl(".profile demoo\n").stderr, "did you mean 'demo'?")
  t.equal(repl(".profile demoo\n").status, 3)
  t.match(repl(".tim\n.hlp\n").stderr, "did you mean '.help'?")
  t.match(repl(".help\n").stdout, ".history [N]")
  t.match(repl(".help clone\n").stdout, "Usage: tarn clone")
end)

test("an error in a loaded file has its line", function(t)
  local dir <close> = program.dir()
  local path = dir.write("bad.lua", "x = {}\ny = x.a.b\n")
  t.match(repl(".load " .. path .. "\n").stderr, "bad.lua:2: attempt to index a nil value")
  dir.write("worse.lua", "x = = 1\n")
  t.match(repl(".load " .. dir.path .. "/worse.lua\n").stderr, "worse.lua:1: unexpected symbol")
end)

test(".edit runs the edited text, from a file that only its owner can read", function(t)
  local dir <close> = program.dir()
  dir.write("editor.sh", 'stat -c %a "$1" > "$MARK"; cat "$1" >> "$MARK"; echo "6 * 7" > "$1"')
  local r = repl("x = 1\n.edit\n", { env = { VISUAL = "sh " .. dir.path .. "/editor.sh",
    MARK = dir.path .. "/mark" } })
  t.match(r.stdout, "42\n")
  t.equal(dir.read "mark", "600\nx = 1\n")
  r = repl("1\n.edit\n", { env = { VISUAL = "false" } })
  t.match(r.stderr, "false ended with status 1, so nothing is run")
end)

test("--read-only holds at the prompt", function(t)
  local r = repl({ 'tarn.trigger { pipeline = "quickstart" }' },
    { words = { "--profile", "demo", "--read-only" } })
  t.is_true(r.status ~= 0)
  t.match(r.stderr, "read-only")
end)

test("--dry-run compiles and runs nothing", function(t)
  local r = program.run { "repl", "--dry-run", "-e", "print(1)" }
  t.equal({ r.status, r.stdout }, { 0, "" })
  r = program.run { "repl", "--dry-run", "-e", "x = = 1" }
  t.equal(r.status, 2)
  t.match(r.stderr, "unexpected symbol")
end)

test("a changed command is loaded again, and a broken one stays as it was", function(t)
  local dir <close> = program.dir()
  local header = 'return { summary = "S.", effect = "read", args = {}, '
    .. "run = function() return %s end }"
  local path = dir.write("scripts/mine.lua", header:format "'one'")
  local write = ('function write(s) local f <close> = io.open(%q, "w") f:write(s) end'):format(path)
  local r = repl({ write, "tarn.mine()", ("write(%q)"):format(header:format "'second'"),
    "tarn.mine()", "write 'return {'", "tarn.mine()", "tarn.mine()" },
    { env = { TARN_PATH = dir.path } })
  t.equal(r.stdout, "one\nsecond\nsecond\nsecond\n")
  t.equal(select(2, r.stderr:gsub("the earlier version of the command mine stays in use", "")), 1)
  t.equal(r.status, 0)
end)

test("an override that appears is used, also of a module that was loaded before", function(t)
  local dir <close> = program.dir()
  dir.write("lua/base/empty.lua", "return {}")
  local path = dir.path .. "/lua/base/suggestion.lua"
  local r = repl({ "require('base.suggestion').mine",
    ("local f <close> = io.open(%q, 'w') f:write 'return { mine = 42 }'"):format(path),
    "require('base.suggestion').mine" }, { words = { "--path", dir.path } })
  t.equal(r.stdout, "nil\n42\n")
end)

test("a module that has changed meanwhile is the new one, whatever its name", function(t)
  for _, name in ipairs { "tarn.mine", "acme.names" } do
    local dir <close> = program.dir()
    local path = dir.write("lua/" .. name:gsub("%.", "/") .. ".lua",
      "return { n = function() return 1 end }")
    local write = ('function write(s) local f <close> = io.open(%q, "w") f:write(s) end')
      :format(path)
    local r = repl({ write, ('mine = require "%s" print(mine.n()) '):format(name)
      .. "write 'return { n = function() return 22 end }'", "mine.n()" },
      { env = { TARN_PATH = dir.path } })
    t.equal(r.stdout, "1\n22\n", name)
  end
end)

test("without a terminal `tarn` alone shows the help", function(t)
  local r = program.run {}
  t.equal(r.status, 2)
  t.match(r.stdout, "Usage: tarn")
end)

test("Ctrl-C ends an entry, and the program", function(t)
  local running <close> = program.start { "repl", "-e",
    "print 'looping' io.stdout:flush() while true do end" }
  running:wait_for "looping"
  running:signal "INT"
  t.equal(running:result().status, 130)
end)
