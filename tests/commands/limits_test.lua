--- Scripts that use too much time or memory: each is ended, with its position.

local fake = require "testing.fake"
local json = require "native.json"
local program = require "testing.program"
local task = require "native.task"

-- Run a script with limits; returns its result and its path.
local function run(text, words)
  local dir <close> = program.dir()
  local path = dir.write("away.lua", text)
  local all = { "run", path }
  table.move(words, 1, #words, 3, all)
  return program.run(all), path
end

local CPU <const> = { "--cpu-limit", "0.5" }

test("an endless loop is ended, with its line", function(t)
  local r, path = run("local n = 0\nwhile true do\n  n = n + 1\nend\n", CPU)
  t.equal(r.status, 6)
  t.match(r.stderr, path:sub(-20) .. ":")
  t.match(r.stderr, ": computed for 0.5 s without a wait")
  t.match(r.stderr, "%.lua:[23]: ", true)
  t.match(r.stderr, "--cpu-limit")
end)

local STUBBORN <const> = {
  { "pcall", "while true do pcall(function() while true do end end) end" },
  { "coroutines", "while true do coroutine.wrap(function() pcall(function() while true do end end) "
    .. "end)() end" },
  { "a handler", "while true do xpcall(function() while true do end end, function() "
    .. "while true do end end) end" },
  { "<close>", "local x <close> = setmetatable({}, { __close = function() while true do end end }) "
    .. "while true do end" },
}

for _, case in ipairs(STUBBORN) do
  test("a loop that catches the fault, with " .. case[1] .. ", is ended by force", function(t)
    local r = run(case[2], CPU)
    t.is_true(r.status == 6 or r.status == 70, case[2])
    t.is_true(r.stderr:find("computed for 0.5 s without a wait", 1, true)
      or case[1] == "a handler" and r.stderr:find "was ended", r.stderr)
  end)
end

test("a computation inside of a library is ended too", function(t)
  local sort = run("local t = {} for i = 1, 1000 do t[i] = i end\n"
    .. "table.sort(t, function() while true do end end)", CPU)
  t.equal(sort.status, 6, sort.stderr)
  local pattern = run("return (('a'):rep(30000)):find '.-.-.-.-.-b$'", { "--cpu-limit", "0.2" })
  t.is_true(pattern.status == 6 or pattern.stderr:find "was given up", pattern.stderr)
  local c = run("return (''):rep(1 << 62)", { "--cpu-limit", "0.1" })
  t.equal(c.status, 70)
  t.match(c.stderr, "what computes cannot be told to end, and was ended")
end)

test("a long computation that waits now and then is not ended", function(t)
  local r = run([[
    local tarn = require "tarn"
    local began, n = os.clock(), 0
    while os.clock() - began < 1.6 do
      for _ = 1, 100000 do n = n + 1 end
      tarn.sleep(0)
    end
    return { n = n > 0 }]], CPU)
  t.equal(r.status, 0, r.stderr)
  local free = run("local c = os.clock() while os.clock() - c < 1 do end return { ok = true }",
    { "--cpu-limit", "0" })
  t.equal(free.status, 0, free.stderr)
end)

test("a script that uses ever more memory is ended, with its line", function(t)
  local r, path = run("local t = {}\nwhile true do\n  t[#t + 1] = ('x'):rep(100) .. #t\nend\n",
    { "--memory-limit", "40" })
  t.equal(r.status, 1)
  t.match(r.stderr, path:sub(-20) .. ":3: not enough memory: a script's values may take 40 MiB")
  t.match(r.stderr, "--memory-limit")
end)

test("a table that holds itself twice, again and again, is not encoded for ever", function(t)
  local r, path = run("local json = require 'native.json'\nlocal x = {}\n"
    .. "for _ = 1, 60 do x = { x, x } end\njson.encode(x)\n",
    { "--memory-limit", "40", "--cpu-limit", "5" })
  t.equal(r.status, 1, r.stderr)
  t.match(r.stderr, path:sub(-20)
    .. ":4: not enough memory: a script's values may take 40 MiB")
end)

test("a query that computes for ever is ended, with its line", function(t)
  local r, path = run("local db = require('native.sqlite').open ':memory:'\n"
    .. "db:query('with recursive c(x) as (select 1 union all select x + 1 from c) '\n"
    .. "  .. 'select count(*) from c')\n", CPU)
  t.equal(r.status, 6, r.stderr)
  t.match(r.stderr, path:sub(-20) .. ":2: computed for 0.5 s without a wait")
end)

local GREEDY <const> = {
  "return ('x'):rep(1 << 30)",
  "local t = {} for i = 1, 1e9 do t[i] = i end",
  "local s = 'x' while true do s = s .. s end",
  "local function f(...) return f(1, ...) end f()",
  "local t = {} while true do t[#t + 1] = coroutine.create(print) end",
  "return ('a'):rep(1 << 20):gsub('a', ('b'):rep(1000))",
  "local t = {} while true do pcall(function() t[#t + 1] = ('y'):rep(1e6) .. #t end) end",
  "rawset(_G, 'kept', {}) for i = 1, 1e9 do kept[i] = { i } end",
  "return require('native.json').encode { ('x'):rep(1 << 24), ('y'):rep(1 << 24) }",
}

for i, text in ipairs(GREEDY) do
  test(("no allocation crashes the program (%d)"):format(i), function(t)
    local r = run(text, { "--memory-limit", "40", "--cpu-limit", "1" })
    t.is_true(r.status == 1 or r.status == 6 or r.status == 70, text .. ": " .. r.status)
    t.is_true(r.stderr:find "memory" or r.stderr:find "computed for" or r.stderr:find "overflow"
      or r.stderr:find "too many", text .. ": " .. r.stderr)
  end)
end

test("a script that catches a lack of memory goes on", function(t)
  local r = run([[
    local fault = require("tarn").fault
    local t = {}
    local _, e = fault.try(function() while true do t[#t + 1] = ("x"):rep(1000) .. #t end end)
    t = nil
    collectgarbage()
    return { kind = e.kind, code = e.code, rest = #("y"):rep(1000000) } ]],
    { "--memory-limit", "40", "-o", "json" })
  t.equal(r.status, 0, r.stderr)
  t.equal(json.decode(r.stdout), { code = "OUT_OF_MEMORY", kind = "io", rest = 1000000 })
end)

test("a task that computes too long does not end the others", function(t)
  local r = run([[
    local tarn = require "tarn"
    local task = require "native.task"
    task.spawn(function() while true do end end)
    for _ = 1, 10 do tarn.sleep(0.2) end
    return { done = true } ]], { "--cpu-limit", "0.5", "-o", "json" })
  t.equal(r.status, 0, r.stderr)
  t.equal(json.decode(r.stdout), { done = true })
  t.match(r.stderr, "task failed: ")
end)

local LIST <const> = "GET /api/2.0/pipelines"

test("--timeout is for the whole command, however many calls it makes", function(t)
  local n = 0
  local s <close> = fake.server { [LIST] = function()
    n = n + 1
    local id = ("%06d"):format(n)
    task.sleep(0.05)
    return { statuses = { { pipeline_id = id, name = "p" } }, next_page_token = "t" .. id }
  end }
  local r = program.run({ "list", "--timeout", "1" }, { env = program.env(s.url) })
  t.equal(r.status, 6, r.stderr)
  t.match(r.stderr, "tarn list took more than 1 s")
end)

test("a page token that comes again ends a list with a fault", function(t)
  local s <close> = fake.server {
    [LIST] = { statuses = { { pipeline_id = "1", name = "p" } }, next_page_token = "same" } }
  local r = program.run({ "list" }, { env = program.env(s.url) })
  t.equal(r.status, 1, r.stderr)
  t.match(r.stderr, "repeat the same page")
end)
