--- `tarn` in a real terminal: what a user types, and what the screen shows.

local program = require "testing.program"
local fs = require "native.fs"
local terminal = require "support.terminal"
local wait = require "testing.wait"

local function start(opts)
  opts = opts or {}
  local words = opts.words or { "--profile", "demo" }
  local term = terminal.start({ program.path, table.unpack(words) },
    { cols = opts.cols or 80, rows = opts.rows or 24, env = opts.env })
  term:wait(opts.prompt or "tarn demo>")
  return term
end

-- Type a line and Enter.
local function enter(term, text)
  term:type(text)
  term:key "Enter"
end

-- The screen from the last line on that begins with `from`.
local function below(screen, from)
  local at
  for position in ("\n" .. screen):gmatch("()\n" .. from:gsub("%p", "%%%0")) do
    at = position
  end
  return at and screen:sub(at) or screen
end

test("`tarn` alone is the prompt, and an expression shows its value", function(t)
  local term <close> = start { words = {}, prompt = "tarn>" }
  t.match(term:screen(), "help() explains the prompt, .quit leaves it.")
  enter(term, "6 * 7")
  t.equal(below(term:wait "\n42\n", "tarn> 6"), "tarn> 6 * 7\n42\ntarn>")
  enter(term, ".quit")
end)

test("an entry of several lines has a prompt for the further lines", function(t)
  local term <close> = start()
  enter(term, "for i = 1, 2 do")
  term:wait "\n        .>"
  enter(term, "print('line', i)")
  enter(term, "end")
  t.equal(below(term:wait("line%s+2\ntarn demo>$", true), "tarn demo> for"),
    "tarn demo> for i = 1, 2 do\n        .> print('line', i)\n        .> end\n"
    .. "line    1\nline    2\ntarn demo>")
  term:key "Up"
  term:wait "print('line', i)\nend"
  term:key "Enter"
  term:wait("line%s+2\nt.*line%s+2\n", true)
end)

test("several lines can be pasted, and a TAB in them does not complete", function(t)
  local term <close> = start()
  term:paste "x = {\n\t1,\n\t2,\n}\n#x + 40\n"
  t.match(term:wait "\n42\n", "        .>     1,")
end)

test("TAB completes commands, options, fields, methods and names", function(t)
  local term <close> = start()
  term:type "tarn.trig"
  term:key "Tab"
  term:wait "tarn.trigger"
  term:type " { pipel"
  term:key "Tab"
  term:wait "tarn.trigger { pipeline ="
  term:type '"sales_ord'
  term:key "Tab"
  term:wait 'tarn.trigger { pipeline = "sales_orders_etl'
  term:key "C-c"
  enter(term, 'w = tarn.workspace "demo"')
  term:type "w:pipe"
  term:key("Tab", "Tab")
  t.match(term:wait "pipeline   pipelines\ntarn demo> w:pipeline", "tarn demo> w:pipeline")
  term:key "C-u"
  term:type ".pro"
  term:key "Tab"
  term:type " demo-"
  term:key "Tab"
  term:key "Enter"
  term:wait "tarn demo-dr>"
end)

test("a long answer is shown a screen at a time", function(t)
  local term <close> = start { rows = 12 }
  enter(term, "tarn.list {}")
  local screen = term:wait "-- more"
  t.match(screen, "finance_revenue_r")
  local _, count = screen:gsub("\n", "")
  t.equal(count, 11)
  term:key "Space"
  term:wait "sales_promotions"
  term:key "q"
  t.no_match(term:wait("tarn demo>%s*$", true), "-- more")
  enter(term, "for i = 1, 30 do print(i) end") -- print is not paged
  term:wait "\n30\ntarn demo>"
end)

test("rows are requested only when they are shown", function(t)
  local term <close> = start { rows = 10 }
  enter(term, "calls = 0")
  enter(term, "rows = setmetatable({}, { __call = function() calls = calls + 1 "
    .. "return calls < 1000 and { n = calls } or nil end })")
  enter(term, "rows")
  term:wait "-- more"
  term:key "q"
  term:wait("tarn demo>%s*$", true)
  enter(term, "calls < 100")
  t.match(term:wait "true\n", "true")
end)

test("Ctrl-C stops a wait and a loop, and the variables stay", function(t)
  local term <close> = start()
  enter(term, "kept = 41")
  for i = 1, 3 do
    enter(term, ("print 'waits %d' tarn.sleep(1000)"):format(i))
    term:wait("\nwaits " .. i)
    term:key "C-c"
    term:wait("stopped\ntarn demo>%s*$", true)
  end
  enter(term, "print 'loops' while true do end")
  term:wait "\nloops"
  term:key "C-c"
  term:wait("stopped\ntarn demo>%s*$", true)
  enter(term, "print 'catches' while true do pcall(function() while true do end end) "
    .. "print 'caught' end")
  term:wait "\ncatches"
  term:key "C-c"
  term:wait "\ncaught"
  term:key "C-c"
  term:wait("stopped\ntarn demo>%s*$", true)
  enter(term, "kept + 1")
  t.match(term:wait "\n42\n", "42")
end)

test("Ctrl-C leaves the line; Ctrl-D leaves an incomplete entry, and then the prompt", function(t)
  local term <close> = start { words = {}, prompt = "tarn>" }
  term:type "some words"
  term:wait "some words"
  term:key "C-c"
  term:wait "some words^C\ntarn>"
  enter(term, "x = {")
  term:wait "\n   .>"
  term:key "C-d"
  term:wait("\ntarn>%s*$", true)
  enter(term, "1 + 1")
  t.match(term:wait "\n2\n", "2")
end)

test("the output of a task is printed above the line that is typed", function(t)
  local term <close> = start()
  enter(term, "_ = tarn.spawn(function() for i = 1, 3 do tarn.sleep(0.3) print('tick', i) end end)")
  term:type "1 + 2 + "
  local screen = term:wait "3\ntarn demo> 1 + 2 +"
  t.match(screen, "tick%s+1\ntick%s+2\ntick%s+3\ntarn demo> 1 %+ 2 %+$", true)
  enter(term, "39")
  t.match(term:wait "\n42\n", "42")
  enter(term, "_ = tarn.spawn(function() tarn.sleep(0.2) error 'broken' end)")
  term:type "still"
  local failed = term:wait("error: broken\ntarn demo> still$", true)
  t.match(failed, "a background task failed:\n  _ = tarn.spawn(function()")
  t.no_match(failed, "[C]")
end)

test("the line is redrawn at a new size of the terminal", function(t)
  local term <close> = start { cols = 60 }
  term:type "'a line that is as long as the terminal is wide, and longer'"
  term:wait "longer'"
  term:resize(40, 20)
  term:wait "as th\ne terminal is wide, and longer'"
  term:resize(100, 20)
  local screen = term:wait "tarn demo> 'a line that is as long as the terminal is wide, and longer'"
  t.equal(select(2, screen:gsub("tarn demo>", "")), 1)
end)

test("wide and combined characters are edited by their width on the screen", function(t)
  local term <close> = start()
  term:type "'日本X語 häß'"
  for _ = 1, 6 do
    term:key "Left"
  end
  term:key "BSpace"
  term:wait "'日本語 häß'"
  term:key("End", "Enter")
  t.match(term:wait "\n日本語 häß\n", "日本語 häß")
end)

test("an error is marked in the line that was typed", function(t)
  local term <close> = start()
  enter(term, "x = { y = 1 }")
  enter(term, "x.z.a")
  local screen = below(term:wait "error:", "tarn demo> x.z")
  t.match(screen, "tarn demo> x.z.a\n  x.z.a\n    ^\n"
    .. "error: attempt to index a nil value (field 'z')")
  t.no_match(screen, "[C]")
end)

test("a command that destroys asks, and does nothing after no", function(t)
  local term <close> = start { cols = 150 }
  enter(term, 'tarn.delete { pipeline = "quickstart" }')
  term:wait "Go on? [y/N]"
  enter(term, "n")
  term:wait "not confirmed"
  enter(term, 'tarn.get { pipeline = "quickstart" }.name')
  t.match(term:wait "\nquickstart\n", "quickstart")
end)

test("only its owner can read the history, which has no secrets and equal lines once", function(t)
  local state <close> = program.dir()
  local path = state.path .. "/tarn/repl_history"
  do
    local term <close> = start { env = { XDG_STATE_HOME = state.path } }
    enter(term, "first = 1")
    enter(term, "second = 2")
    enter(term, "first = 1")
    enter(term, " blank = 1")
    enter(term, "token = 'dapi0123456789abcdef0123456789abcdef'")
    enter(term, "for i = 1, 1 do")
    enter(term, "x = '\\\\'")
    enter(term, "end")
    enter(term, "'the last'")
    term:wait "\nthe last\n"
  end
  local text = fs.read(path)
  t.equal(fs.find_stat(path).mode, 384)
  t.no_match(text, "dapi")
  t.no_match(text, "blank")
  t.match(text, "for i = 1, 1 do\\nx = '\\\\\\\\'\\nend\n")
  local term <close> = start { env = { XDG_STATE_HOME = state.path } }
  term:key("Up", "Up")
  term:wait "for i = 1, 1 do\nx = '\\\\'\nend"
  term:key("Up", "Up")
  term:wait("tarn demo> second = 2$", true)
  term:key "C-u"
  term:type "fir"
  term:key "C-r"
  term:wait("tarn demo> first = 1$", true)
  term:key "C-u"
  enter(term, ".history 4")
  t.match(term:wait "'the last'\n", "first = 1\nfor i")
end)

test("a history that others can read, or that is too long, is written anew", function(t)
  local state <close> = program.dir()
  local path = state.write("tarn/repl_history", ("same = 1\n"):rep(300) .. "newest = 1\n")
  fs.write(path, fs.read(path), { mode = 420 })
  local term <close> = start { env = { XDG_STATE_HOME = state.path } }
  term:key "Up"
  term:wait "newest = 1"
  t.equal(fs.find_stat(path).mode, 384)
  t.equal(fs.read(path), "same = 1\nnewest = 1\n")
end)

test("Ctrl-C goes to the editor while it runs, and stops the code that was edited", function(t)
  local dir <close> = program.dir()
  local path = dir.write("editor.sh", 'trap "echo caught >> $MARK" INT\necho editing\n'
    .. 'read -r line\necho "print [[loops]] while true do end" > "$1"\n')
  local term <close> = start { env = { EDITOR = "bash " .. path, VISUAL = false,
    MARK = dir.path .. "/mark" } }
  enter(term, ".edit")
  term:wait "editing"
  term:key "C-c"
  wait.until_true(function() return dir.read "mark" end, "the editor's trap")
  term:key "Enter"
  term:wait "\nloops"
  term:key "C-c"
  term:wait("stopped\ntarn demo>%s*$", true)
  t.equal(dir.read "mark", "caught\n")
end)

test("the prompt leaves the terminal's settings as they were", function(t)
  local term <close> = terminal.start({ "/bin/sh", "-c", ('%s --profile demo; echo "status $?"; '
    .. 'stty -a | grep -o " -\\?echo " ; cat'):format(program.path) }, {})
  term:wait "tarn demo>"
  term:key "C-d"
  t.match(term:wait("status 0\n+ *echo", true), "status 0")
end)

test("Ctrl-Z returns to the shell, and fg continues the line", function(t)
  local term <close> = terminal.start({ "/bin/bash", "--norc" }, { env = { PS1 = "shell> " } })
  term:wait "shell>"
  enter(term, program.path .. " --profile demo")
  term:wait "tarn demo>"
  term:type "6 * "
  term:key "C-z"
  term:wait("Stopped.*\nshell>", true)
  enter(term, "fg")
  term:wait("tarn demo> 6 %*$", true)
  enter(term, "7")
  t.match(term:wait "\n42\n", "42")
end)

test("a terminal without cursor movement is read like a pipe", function(t)
  local term <close> = terminal.start({ program.path, "repl" }, { env = { TERM = "dumb" } })
  enter(term, "6 * 7")
  t.match(term:wait "\n42", "42")
end)
