--- Runs tests written in Lua:  build/tarn run tests/support/runner.lua [--filter TEXT] FILE...
--
-- A file calls `test("a sentence that is true", function(t) ... end)`. Each test is a task of
-- its own and fails if it leaves a task behind. The last line is "N passed, N failed"; the
-- status is 1 if one failed.

local fault = require "tarn.fault"
local task = require "native.task"

local TIMEOUT <const> = 60 -- seconds for one test

-- ---- what a test asserts with ----

local function show(value, indent)
  if type(value) == "string" then
    return ("%q"):format(value):gsub("\\\n", "\\n")
  elseif type(value) ~= "table" or getmetatable(value) and getmetatable(value).__tostring then
    return tostring(value)
  end
  local keys = {}
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    if type(a) == type(b) and type(a) ~= "table" and type(a) ~= "boolean" then
      return a < b
    end
    return tostring(a) < tostring(b)
  end)
  if #keys == 0 then
    return "{}"
  end
  local inner, lines = indent .. "  ", {}
  for i, key in ipairs(keys) do
    local name = type(key) == "string" and key or "[" .. tostring(key) .. "]"
    lines[i] = inner .. name .. " = " .. show(value[key], inner)
  end
  return "{\n" .. table.concat(lines, ",\n") .. "\n" .. indent .. "}"
end

-- Where two values differ first: a path, what was found, what was wanted. Nil if nowhere.
local function difference(got, want, path)
  if got == want or got ~= got and want ~= want then
    return nil
  elseif type(got) ~= "table" or type(want) ~= "table" or math.type(got) ~= math.type(want) then
    return path, got, want
  end
  for key, item in pairs(want) do
    local at, g, w = difference(got[key], item, path .. "." .. tostring(key))
    if at then
      return at, g, w
    end
  end
  for key, item in pairs(got) do
    if want[key] == nil then
      return path .. "." .. tostring(key), item, nil
    end
  end
end

local function lines_of(text)
  local lines = {}
  for line in (text .. "\n"):gmatch "(.-)\n" do
    lines[#lines + 1] = line
  end
  return lines
end

-- The first line in which two texts differ, for texts that have several.
local function text_difference(got, want)
  local a, b = lines_of(got), lines_of(want)
  for i = 1, math.max(#a, #b) do
    if a[i] ~= b[i] then
      return ("line %d:\n     got %s\n    want %s"):format(i, a[i] and show(a[i], "") or "nothing",
        b[i] and show(b[i], "") or "nothing")
    end
  end
end

local T = {}
T.__index = T

local function fail(message)
  error({ assertion = message, where = debug.traceback("", 3):match "([^\n]-_test%.lua:%d+)" }, 0)
end

--- Fails unless the values are the same, tables compared by what they hold.
function T.equal(got, want, why)
  local prefix = why and why .. ": " or ""
  if type(got) == "string" and type(want) == "string" and got ~= want
    and (got:find "\n" or want:find "\n") then
    fail(prefix .. text_difference(got, want))
  end
  local path, g, w = difference(got, want, "")
  if path then
    fail(("%s%s\n     got %s\n    want %s"):format(prefix, path == "" and "differs"
      or "differs at " .. path:sub(2), show(g, "    "), show(w, "    ")))
  end
end

--- Fails unless the text holds `part`, taken as it is; with `pattern`, as a Lua pattern.
function T.match(text, part, pattern)
  if type(text) ~= "string" then
    fail("not a text: " .. show(text, "    "))
  elseif not text:find(part, 1, not pattern) then
    fail(("has no %s in\n    %s"):format(show(part, ""), (text:gsub("\n", "\n    "))))
  end
end

function T.no_match(text, part, pattern)
  if text:find(part, 1, not pattern) then
    fail(("has %s in\n    %s"):format(show(part, ""), (text:gsub("\n", "\n    "))))
  end
end

function T.is_true(value, why)
  if not value then
    fail((why or "not true") .. ": " .. show(value, "    "))
  end
end

function T.is_false(value, why)
  if value then
    fail((why or "not false") .. ": " .. show(value, "    "))
  end
end

T.is_nil = function(value, why)
  if value ~= nil then
    fail((why or "not nil") .. ": " .. show(value, "    "))
  end
end

--- Fails unless `f(...)` raises a fault; returns it.
function T.fault(f, ...)
  local results = table.pack(pcall(f, ...))
  local e = results[2]
  if results[1] then
    fail("no fault was raised; returned " .. show(e, "    "))
  elseif not fault.is(e) then
    fail("raised no fault but " .. show(e, "    "))
  end
  return e
end

--- Fails unless `f(...)` raises an error whose text holds `part`; returns the text.
function T.raises(part, f, ...)
  local ok, e = pcall(f, ...)
  if ok then
    fail "no error was raised"
  end
  T.match(tostring(e), part)
  return tostring(e)
end

--- Leave this test out, with a reason that is printed.
function T.skip(reason)
  error({ skipped = reason }, 0)
end

-- ---- running ----

local function describe(e)
  if type(e) == "table" and e.assertion then
    return (e.where and e.where:gsub("^%s+", "") .. ": " or "") .. e.assertion
  elseif fault.is(e) then
    return tostring(e) .. (e.hint and "\nhint: " .. e.hint or "")
      .. (e.traceback and "\n" .. e.traceback or "")
  end
  return tostring(e)
end

local spawned -- tasks that the test which runs has started
local native_spawn = task.spawn

local function spawn_counted(...)
  local started = native_spawn(...)
  if spawned then
    spawned[#spawned + 1] = started
  end
  return started
end

-- Tasks still alive after they had some turns to end.
local function left_behind(tasks)
  local left
  for _ = 1, 20 do
    left = {}
    for _, one in ipairs(tasks) do
      if task.alive(one) then
        left[#left + 1] = one
      end
    end
    if #left == 0 then
      break
    end
    task.sleep(0.005)
  end
  for _, one in ipairs(left) do
    task.cancel(one)
  end
  return #left
end

-- Runs one test in a task; returns its outcome: nil, or what it raised.
local function run_one(case)
  local me, ok, e = task.current(), nil, nil
  spawned = {}
  local running = native_spawn(function()
    ok, e = xpcall(case.f, function(raised)
      if type(raised) == "table" then
        return raised
      end
      return debug.traceback(tostring(raised), 2)
    end, T)
    task.wake(me)
  end)
  local deadline = task.now() + TIMEOUT
  while ok == nil and task.alive(running) do
    if not task.park(math.max(0, deadline - task.now())) and task.now() >= deadline then
      task.cancel(running)
      break
    end
  end
  local tasks = spawned
  spawned = nil
  local n = left_behind(tasks)
  if ok == nil then
    return ("took more than %d seconds"):format(TIMEOUT)
  elseif not ok then
    return e
  elseif n > 0 then
    return ("left %d task%s alive"):format(n, n == 1 and "" or "s")
  end
end

local function parse(words)
  local files, filter = {}, nil
  local i = 1
  while i <= #words do
    if words[i] == "--filter" then
      filter = words[i + 1]
      i = i + 1
    else
      files[#files + 1] = words[i]
    end
    i = i + 1
  end
  table.sort(files)
  return files, filter
end

-- Modules beside the tests: "support.script" is tests/support/script.lua.
local function searcher(name)
  local path = "tests/" .. name:gsub("%.", "/") .. ".lua"
  local file <close> = io.open(path, "rb")
  if not file then
    return ("no file '%s'"):format(path)
  end
  return assert(load(file:read "a", "@" .. path, "t"))
end

local cases = {}

local function load_file(path)
  local file <close>, why = io.open(path, "rb")
  local chunk
  if file then
    chunk, why = load(file:read "a", "@" .. path, "t")
  end
  rawset(_G, "test", function(name, f)
    cases[#cases + 1] = { file = path, name = name, f = f }
  end)
  local ok, e
  if chunk then
    ok, e = xpcall(chunk, debug.traceback)
  else
    ok, e = false, why
  end
  if not ok then
    cases[#cases + 1] = { file = path, name = "loads", f = function() error(e, 0) end }
  end
end

local files, filter = parse { ... }
table.insert(package.searchers, searcher)
task.spawn = spawn_counted
for _, path in ipairs(files) do
  load_file(path)
end

local passed, failed, skipped, file = 0, 0, 0, nil
for _, case in ipairs(cases) do
  if not filter or case.name:find(filter, 1, true) or case.file:find(filter, 1, true) then
    if case.file ~= file then
      file = case.file
      print(file)
    end
    local e = run_one(case)
    if e == nil then
      passed = passed + 1
    elseif type(e) == "table" and e.skipped then
      skipped = skipped + 1
      print("  skipped: " .. case.name .. ": " .. e.skipped)
    else
      failed = failed + 1
      print("  FAILED: " .. case.name .. "\n    " .. describe(e):gsub("\n", "\n    "))
    end
    io.stdout:flush()
  end
end
print(("%d passed, %d failed%s"):format(passed, failed,
  skipped > 0 and (", %d skipped"):format(skipped) or ""))
if failed > 0 then
  fault.raise { kind = "http", op = "tests", message = ("%d failed"):format(failed) }
end
