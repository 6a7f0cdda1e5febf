--- The parts of the prompt that need no terminal.

local about = require "repl.about"
local chunk = require "repl.chunk"
local complete = require "repl.complete"
local context = require "repl.context"
local env = require "repl.env"
local history = require "repl.history"
local json = require "native.json"
local lexer = require "base.lexer"
local pager = require "repl.pager"
local sessions = require "repl.session"
local show = require "repl.show"

-- ---- what is typed ----

test("Lua text is split into tokens, complete or not", function(t)
  local kinds = {}
  for i, token in ipairs(lexer.tokens "local x=[[a]b]] ..'q\\'' --c\n 0x1p4>=y '") do
    kinds[i] = token.kind .. " " .. token.text
  end
  t.equal(kinds, { "keyword local", "name x", "op =", "string [[a]b]]", "op ..", "string 'q\\''",
    "comment --c", "number 0x1p4", "op >=", "name y", "string '" })
  t.is_true(lexer.tokens("--[[ x")[1].open)
  t.is_true(lexer.tokens("[==[ x ]]")[1].open)
  t.equal(#lexer.tokens " \n\t ", 0)
end)

test("locals of the outermost level become variables of the session", function(t)
  t.equal(chunk.without_locals "local x = 1", "      x = 1")
  t.equal(chunk.without_locals "local x, y", "      x, y = nil")
  t.equal(chunk.without_locals "local function f() local a = 1 end",
    "      function f() local a = 1 end")
  t.equal(chunk.without_locals "local c <close> = f()", "local c <close> = f()")
  t.equal(chunk.without_locals "do local a = 1 end local b = 2", "do local a = 1 end       b = 2")
  t.equal(chunk.without_locals "x = 'local y'", "x = 'local y'")
  t.equal(chunk.without_locals "repeat local a = 1 until a local b", "repeat local a = 1 until a"
    .. "       b = nil")
end)

test("an entry is complete, incomplete, or not Lua", function(t)
  local function kind(text)
    local f, why, incomplete = chunk.compile(text, "[1]", {})
    return f and "whole" or incomplete and "more" or why
  end
  for _, text in ipairs { "1 + 1", "=1", "x = 1", "f()", "return 1", "for i = 1, 2 do end",
    "local x" } do
    t.equal(kind(text), "whole", text)
  end
  for _, text in ipairs { "for i = 1, 2 do", "f(", "x = {", "x = [[a", "--[[ a", "if a then",
    "function f()", "1 +" } do
    t.equal(kind(text), "more", text)
  end
  t.match(kind "x = = 1", "unexpected symbol near '='")
  t.match(kind "x = 'a", "unfinished string")
  t.equal(chunk.compile("=1 + 2", "[1]", {})(), 3)
  t.is_true(chunk.is_empty " -- nothing\n")
  t.is_false(chunk.is_empty "--[[ open")
end)

test("variables of the prompt are separate from globals, and undefined ones are errors", function(t)
  local vars = env.new { tarn = 1 }
  local function run(text)
    return chunk.compile(text, "[1]", vars)()
  end
  run "fresh = 1"
  t.is_nil(rawget(_G, "fresh"))
  t.equal(run "fresh", 1)
  t.equal(run "string", string)
  run "local later"
  t.is_nil(run "later")
  t.raises("undefined global 'frsh'; did you mean 'fresh'?", run, "frsh")
  t.raises(".quit leaves the prompt", run, "quit")
end)

-- ---- completion ----

test("the context of the cursor is found", function(t)
  local function is(text, want)
    local got = context.find(text)
    for field, value in pairs(want) do
      t.equal(got[field], value, text .. ": " .. field)
    end
  end
  is("pri", { kind = "name", typed = "pri", from = 1 })
  is("x = w.native.re", { kind = "field", typed = "re", chain = { "w", "native" } })
  is("w:", { kind = "method", typed = "", chain = { "w" } })
  is("f().x", { kind = "none" })
  is("tarn.clone{ pi", { kind = "name", typed = "pi", call = { "tarn", "clone" } })
  is("tarn.clone({ a = 1, ", { kind = "name", typed = "", call = { "tarn", "clone" } })
  is("tarn.clone{ a = b", { kind = "name", typed = "b" })
  is('tarn.workspace "de', { kind = "string", typed = "de", call = { "tarn", "workspace" } })
  is('w:pipeline("sa', { kind = "string", typed = "sa", call = { "w", "pipeline" },
    method = true })
  is('tarn.clone{ x = f(1), pipeline = "a b', { kind = "string", typed = "a b",
    key = "pipeline", call = { "tarn", "clone" } })
  is("-- w.", { kind = "none" })
  is("for p in w:pipelines() do\nprint(p.", { kind = "field", chain = { "p" } })
  is("12", { kind = "none" })
end)

local function session()
  local one = sessions.new { profile = "demo" }
  one.env.ws = setmetatable({ profile = "demo" }, { __index = { first = print, second = 1 } })
  one.env.ws_other = 1
  return one
end

test("names, fields, methods and commands are completed", function(t)
  local one = session()
  local function words(line, before)
    return table.concat(complete.find(one, before, line).words, " ")
  end
  t.equal(words "ws", "ws ws_other")
  t.equal(words "func", "function")
  t.equal(words "ws.", "first profile second")
  t.equal(words "ws:", "first")
  t.equal(words "string.form", "format")
  t.equal(words "tarn.clo", "clone clone_to_workspace")
  t.equal(words "tarn.workspace_", "")
  t.equal(words "nothing.x", "")
  t.equal(words("prin", "do"), "print")
  t.equal(words ".ti", "time")
  t.equal(words ".time o", "off on")
  t.equal(words ".help clone", "clone clone-to-workspace")
  t.equal(words 'tarn.stop { pi', "pipeline = ")
  t.match(words "tarn.trigger { ", "full_refresh = ")
  t.equal(words "tarn.trigger { pipeline = ws", "ws ws_other")
end)

test("completion inserts the common beginning of all candidates", function(t)
  local one = session()
  local found = complete.find(one, nil, "tarn.clo")
  t.equal({ found.from, found.insert }, { 6, "clone" })
  t.equal(complete.find(one, nil, "tarn.clone").insert, "")
  one.env.n = { ["ä1"] = 1 }
  one.env.wide = { a_long_name = 1, a_longer = 1 }
  t.equal(complete.find(one, nil, "wide.").insert, "a_long")
end)

test("profiles, pipelines and files are completed in strings", function(t)
  local one = session()
  local function words(line)
    return table.concat(complete.find(one, nil, line).words, " ")
  end
  t.equal(words 'tarn.workspace "de', "demo demo-dr")
  t.equal(words ".profile demo-", "demo-dr")
  t.equal(words 'tarn.get { pipeline = "sales_o', "sales_orders_etl")
  t.equal(words 'ws:first "finance_fx', "finance_fx_rates")
  t.equal(words ".load tests/support/vt", "tests/support/vt.lua")
  t.equal(words ".load tests/supp", "tests/support/")
  t.equal(words 'require "base.glo', "base.glob")
end)

test("1,000 cached names are completed within 100 ms", function(t)
  local fs, task = require "native.fs", require "native.task"
  local names = {}
  for i = 1, 1000 do
    names[i] = { ("pipeline_with_a_long_name_%04d"):format(i), "IDLE" }
  end
  local dir = os.getenv "XDG_CACHE_HOME" or os.getenv "HOME" .. "/.cache"
  fs.mkdir(dir .. "/tarn/names", { parents = true })
  fs.write(dir .. "/tarn/names/demo-dr.pipeline.json",
    json.encode { at = task.time() / 1000, names = names, whole = true })
  local one = session()
  one.options.profile = "demo-dr"
  local function ask()
    local began = task.now()
    local found = complete.find(one, nil, 'tarn.get { pipeline = "pipeline_w')
    t.equal(#found.words, 1000)
    t.equal(found.insert, "pipeline_with_a_long_name_")
    return task.now() - began
  end
  ask()
  local best = math.huge
  for _ = 1, 5 do
    best = math.min(best, ask())
  end
  t.is_true(best < 0.1, best)
end)

-- ---- history ----

test("an entry that seems to hold a secret is not stored", function(t)
  for _, line in ipairs { " tarn.list {}", "x = 'dapi0123456789abcdef'", 'h = "Bearer abc"',
    "client_secret = 'x'", 'password = "x"', "a.token = 'abc'", 'api_key = "abcdef"',
    'f("https://u:p@host/")', "PASSWORD='x'" } do
    t.is_true(history.is_private(line), line)
  end
  for _, line in ipairs { "tarn.list {}", 'w = tarn.workspace "prod"', "token_count = 3",
    'for p in w:pipelines() do print(p.name) end', "x.key = 1" } do
    t.is_false(history.is_private(line), line)
  end
end)

-- ---- answers ----

-- Run `f` with a pager on a screen of so many rows, which gets these keys.
local function paged(rows, keys, f, columns)
  local shown, asked = {}, 0
  local one = pager.new {
    key = function()
      asked = asked + 1
      return keys[asked]
    end,
    write = function(text) shown[#shown + 1] = text end,
    size = function() return columns or 10, rows end,
    measure = function(text) return #text end,
  }
  local ok, e = pcall(f, one)
  return table.concat(shown), asked, ok or e
end

local function lines(n)
  return function(one)
    for i = 1, n do
      one:write(i .. "\n")
    end
    one:finish()
  end
end

test("a text that fits the screen is not paged", function(t)
  local text, asked = paged(5, {}, lines(4))
  t.equal(text, "1\n2\n3\n4\n")
  t.equal(asked, 0)
end)

test("a longer text waits for keys", function(t)
  local text, asked = paged(5, { " ", "?", "\r", "G" }, lines(30))
  t.equal(asked, 4)
  t.equal(select(2, text:gsub("%-%- more", "")), 3)
  t.match(text, "4\n-- more")
  t.match(text, "8\n-- more")
  t.match(text, "9\n-- more")
  t.match(text, "30\n")
  local short, _, why = paged(5, { "q" }, lines(30))
  t.equal(why, pager.QUIT)
  t.no_match(short, "5\n")
  local gone, _, left = paged(5, {}, lines(30))
  t.equal(left, pager.QUIT)
  t.no_match(gone, "5\n")
end)

test("the pager's prompt fits into one row", function(t)
  t.match(paged(5, { "q" }, lines(30)), "4\n-- more --\r\27[K")
  t.match(paged(5, { "q" }, lines(30), 80), "4\n-- more: space, Enter: a line,")
end)

test("a line of ten million bytes is shown at once", function(t)
  local text = paged(5, { "q" }, function(one)
    one:write(("x"):rep(10000000))
    one:write "\nnext\nlast"
    one:finish()
  end)
  t.equal(#text:match "^x+", 10000000)
end)

test("a line that takes several rows counts as several", function(t)
  local text = paged(5, { "q" }, function(one)
    one:write(("x"):rep(25) .. "\nshort\nnext\n")
  end)
  t.match(text, "short\n-- more")
  t.no_match(text, "next")
end)

test("a value of any kind can be shown", function(t)
  local cycle = { name = "x" }
  cycle.self = cycle
  t.equal(show.plain(cycle), { name = "x", self = "(cycle)" })
  t.match(show.plain { f = print }.f, "function")
  t.equal(show.plain { [1] = "a", [2] = { b = json.null } }, { "a", { b = json.null } })
  t.equal(show.plain { [true] = 1 }, { ["true"] = 1 })
  local deep = {}
  local at = deep
  for _ = 1, 100 do
    at.x = {}
    at = at.x
  end
  t.match(json.encode(show.plain(deep)), "{...}")
end)

test("a function of the user is not called to show it", function(t)
  t.is_false(show.gives_rows(function() error "called" end))
  t.is_true(show.gives_rows(require("tarn").workspace("demo"):pipelines()))
end)

-- ---- help ----

test("help explains functions, modules, commands, values and dot commands", function(t)
  local one = session()
  local function help(...)
    return about.text(one, select("#", ...) > 0, ...)
  end
  local tarn = require "tarn"
  t.match(help(), ".profile [NAME]")
  t.match(help(), "clone_to_workspace")
  t.match(help(tarn.clone), "Usage: tarn clone")
  t.match(help "clone_to_workspace", "Usage: tarn clone-to-workspace")
  t.match(help(tarn.map), "tarn.map(list, f, opts)")
  t.match(help(require("native.fs").write), "native.fs.write(path, bytes, opts)")
  t.match(help(string.rep), "string.rep: a function of Lua")
  t.match(help(require "base.glob"), "base.glob.matcher(pattern, case)")
  t.match(help "native.task", "native.task.spawn(f, ...)")
  t.match(help "tarn.map", "many at once")
  t.match(help "error auth", "auth: ")
  t.match(help ".time", "Show how long each entry took.")
  t.match(help "string.format", "a function of Lua")
  t.match(help(tarn), "\n  tarn.map(list, f, opts)\n      Call `f` for each item")
  t.match(help(12), "12, a number")
  t.match(help { a = 1 }, "number")
  t.match(t.fault(help, "clonee").hint, "did you mean 'clone'?")
  local ws = tarn.workspace "demo"
  t.match(help(ws), ":pipelines(opts)")
  t.match(help(ws.native), ":pipeline_list(")
  t.match(help(function() end), "defined in tests/lua/repl/parts_test.lua")
end)

test("help is wrapped at the screen's width, in its columns", function(t)
  local shown = {}
  local screen = require("output.screen").new(function(text) shown[#shown + 1] = text end,
    { width = 30, terminal = false, colour = false })
  about.show(screen, "short\n  name   what it does, in many words\n\n" .. ("x"):rep(40) .. "\n")
  t.equal(table.concat(shown), "short\n  name   what it does, in many\n         words\n\n"
    .. ("x"):rep(40) .. "\n")
end)

test("each dot command has help, and can be run", function(t)
  for _, dot in ipairs(require("repl.dotcommands").list) do
    t.is_true(dot.help:find "%.$", dot.name)
    t.equal(type(dot.run), "function")
    t.match(about.dotcommands(), ("  .%s"):format(dot.name))
  end
end)
