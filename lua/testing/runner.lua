--- Runs tests written in Lua, one after the other.
--
-- A file calls `test("a sentence that is true", function(t) ... end)`. Each test is a task of
-- its own; it fails if it leaves a task behind. `tarn test` runs the tests of users and the
-- project's own suites.

local assert_with = require "testing.assert"
local clock = require "testing.clock"
local fault = require "base.fault"
local test_folders = require "testing.folders"
local task = require "native.task"
local wait = require "testing.wait"

local M = {}

local OP <const> = "tarn test"
local TIMEOUT <const> = 60 -- seconds for one test

-- ---- one test ----

local spawned -- the tasks that the present test has started
local native_spawn = task.spawn

local function spawn_counted(...)
  local started = native_spawn(...)
  if spawned then
    spawned[#spawned + 1] = started
  end
  return started
end

local TURNS <const> = 400 -- of 5 ms each, and only while a task is alive

-- The number of tasks that are still alive after they had time to end. Cancels them.
local function left_behind(tasks)
  local left
  for _ = 1, TURNS do
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

-- A handler for xpcall.
local function add_traceback(raised)
  if type(raised) == "table" then
    return raised
  end
  return debug.traceback(tostring(raised), 2)
end

-- Runs one test in a task; returns nil, or what the test raised.
local function run_one(case, timeout)
  local me, began, ok, e = task.current(), task.now(), nil, nil
  local t = assert_with.new(case.file, case.name)
  -- Set the seconds that this test may take.
  function t.timeout(seconds)
    timeout = seconds
    wait.seconds = seconds * 0.9
  end
  t.timeout(timeout)
  spawned = {}
  local running = native_spawn(function()
    ok, e = xpcall(case.f, add_traceback, t)
    task.wake(me)
  end)
  while ok == nil and task.alive(running) do
    if not task.park(math.max(0, began + timeout - task.now()))
      and task.now() >= began + timeout then
      task.cancel(running)
      break
    end
  end
  clock.reset()
  local tasks = spawned
  spawned = nil
  local n = left_behind(tasks)
  if ok == nil then
    return ("took more than %d seconds"):format(timeout)
  elseif not ok then
    return e
  elseif n > 0 then
    return ("left %d task%s alive"):format(n, n == 1 and "" or "s")
  end
end

-- ---- files ----

-- Lets tests require modules beside them and in the shared folder: for tests/lua/base/x_test.lua,
-- "helper" is tests/lua/base/helper.lua and "support.serving" is tests/support/serving.lua.
local function add_searcher(files)
  local folders, seen = {}, {}
  for _, path in ipairs(files) do
    local own = test_folders.of(path)
    for _, folder in ipairs { own, test_folders.shared(own) } do
      if not seen[folder] then
        seen[folder] = true
        folders[#folders + 1] = folder
      end
    end
  end
  require("testing.beside").folders = folders
  table.insert(package.searchers, function(name)
    for _, folder in ipairs(folders) do
      local path = ("%s/%s.lua"):format(folder, (name:gsub("%.", "/"))):gsub("^%./", "")
      local file <close> = io.open(path, "rb")
      if file then
        return assert(load(file:read "a", "@" .. path, "t"))
      end
    end
    return ("no file for '%s' beside the tests"):format(name)
  end)
end

-- Adds the tests of a file; a test that fails if the file does not load.
local function load_file(path, cases)
  local file <close>, why = io.open(path, "rb")
  local chunk
  if file then
    chunk, why = load(file:read "a", "@" .. path, "t")
  end
  rawset(_G, "test", function(name, f)
    cases[#cases + 1] = { file = path, name = name, f = f }
  end)
  local ok, e = false, why
  if chunk then
    ok, e = xpcall(chunk, add_traceback)
  end
  if not ok then
    cases[#cases + 1] = { file = path, name = "loads", failure = e }
  end
end

---@class tarn.TestResult
---@field file string
---@field name string
---@field outcome "passed"|"failed"|"skipped"
---@field message? string why it failed, or was skipped
---@field seconds number

-- The tests whose name, or whose file's name, contains the filter; all tests without a filter.
local function choose(cases, filter)
  local chosen = {}
  for _, case in ipairs(cases) do
    if not filter or case.name:find(filter, 1, true)
      or case.file:match "[^/]*$":find(filter, 1, true) then
      chosen[#chosen + 1] = case
    end
  end
  return chosen
end

-- A run without a test must not look like one in which all tests passed.
local function check_any(cases, chosen, files, filter)
  if #cases == 0 then
    fault.not_found(OP, ("%s: no test is in %s"):format(table.concat(files, ", "),
      #files == 1 and "this file" or "these files"), 'a test is test("a sentence", function(t) '
      .. "... end); the tests of a command stand in a file of their own, beside it")
  elseif #chosen == 0 then
    fault.not_found(OP, ("no test has '%s' in its name, or in the name of its file"):format(filter),
      ("there are %d tests; -o jsonl --filter '' lists them"):format(#cases))
  end
end

--- Load the files. The iterator runs one test at each call. A run without a test is a fault.
---@param files string[]
---@param opts? { filter?: string, timeout?: number } filter: a part of the name of a test or of
---  its file; timeout: seconds for one test
---@return fun(): tarn.TestResult?
function M.results(files, opts)
  opts = opts or {}
  local cases, i = {}, 0
  add_searcher(files)
  task.spawn = spawn_counted
  for _, path in ipairs(files) do
    load_file(path, cases)
  end
  local chosen = choose(cases, opts.filter)
  check_any(cases, chosen, files, opts.filter)
  return function()
    i = i + 1
    local case = chosen[i]
    if not case then
      return nil
    end
    local started = task.now()
    local e = case.failure or run_one(case, opts.timeout or TIMEOUT)
    local skipped = type(e) == "table" and e.skipped
    return { file = case.file, name = case.name, seconds = task.now() - started,
      outcome = e == nil and "passed" or skipped and "skipped" or "failed",
      message = skipped or e ~= nil and assert_with.describe(e) or nil }
  end
end

--- Print results as they come; the last line is "N passed, N failed".
---@param results fun(): tarn.TestResult?
---@param write fun(text: string)
---@return integer failed
function M.print(results, write)
  local counts, file = { passed = 0, failed = 0, skipped = 0 }, nil
  for result in results, nil, nil, type(results) == "table" and results or nil do
    if result.file ~= file then
      file = result.file
      write(file .. "\n")
    end
    counts[result.outcome] = counts[result.outcome] + 1
    if result.outcome == "skipped" then
      write(("  skipped: %s: %s\n"):format(result.name, result.message))
    elseif result.outcome == "failed" then
      write(("  FAILED: %s\n    %s\n"):format(result.name, (result.message:gsub("\n", "\n    "))))
    end
    io.stdout:flush()
  end
  write(("%d passed, %d failed%s\n"):format(counts.passed, counts.failed,
    counts.skipped > 0 and (", %d skipped"):format(counts.skipped) or ""))
  return counts.failed
end

return M
