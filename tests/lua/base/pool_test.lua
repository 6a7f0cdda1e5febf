local fault = require "base.fault"
local pool = require "base.pool"
local task = require "native.task"

local function numbers(n)
  local i = 0
  return function()
    i = i + 1
    return i <= n and i or nil
  end
end

local function on_close(f)
  return setmetatable({}, { __close = f })
end

test("map keeps the order of the items", function(t)
  local got = pool.map({ 5, 1, 3 }, function(ms)
    task.sleep(ms / 200)
    return ms * 10
  end)
  t.equal(got, { 50, 10, 30 })
end)

test("map takes an iterator, which may wait itself", function(t)
  local next_number = numbers(20)
  local inside = 0
  local got = pool.map(function()
    inside = inside + 1
    assert(inside == 1, "two tasks are in the iterator at once")
    task.sleep(0)
    inside = inside - 1
    return next_number()
  end, function(n) return -n end, { limit = 4 })
  t.equal(#got, 20)
  t.equal(got[20], -20)
end)

test("map runs no more than limit at once, and as many as that", function(t)
  local now, most = 0, 0
  pool.map(numbers(30), function()
    now = now + 1
    most = math.max(most, now)
    task.sleep(0.001)
    now = now - 1
  end, { limit = 7 })
  t.equal(most, 7)
end)

test("map of nothing is an empty list", function(t)
  t.equal(pool.map({}, error), {})
end)

test("the first error cancels the others, and comes after they have closed", function(t)
  local closed = 0
  local e = t.fault(pool.map, { 1, 2, 3 }, function(n)
    local _ <close> = on_close(function() closed = closed + 1 end)
    task.sleep(n == 2 and 0.001 or 60)
    fault.raise { kind = "http", op = "test", message = "number " .. n, status = 500 }
  end)
  t.equal(e.message, "number 2")
  t.equal(closed, 3)
end)

test("a bug in a task keeps the traceback of where it happened", function(t)
  local e = t.fault(pool.map, { 1 }, function() return nil .. "x" end)
  t.equal(e.kind, "bug")
  t.match(e.traceback, "pool_test.lua")
end)

test("an error of the iterator ends the map", function(t)
  local e = t.fault(pool.each, function()
    fault.raise { kind = "network", op = "page", message = "gone" }
  end, print)
  t.equal(e.message, "gone")
end)

test("a misspelt option is an error", function(t)
  t.raises("unknown option 'limti'", pool.map, {}, print, { limti = 3 })
  t.raises("limit is not a positive integer", pool.map, {}, print, { limit = 0 })
end)

test("stream gives results in order and holds no more than limit", function(t)
  local started, got = 0, {}
  for value in pool.stream(numbers(50), function(n)
    started = started + 1
    task.sleep((n % 3) / 1000)
    return n
  end, { limit = 5 }) do
    got[#got + 1] = value
    t.is_true(started - #got <= 5, "too far ahead")
  end
  t.equal(#got, 50)
  for i, value in ipairs(got) do
    t.equal(value, i)
  end
end)

test("leaving a stream early cancels what still runs", function(t)
  local cancelled = 0
  for value in pool.stream(numbers(100), function(n)
    local _ <close> = on_close(function(_, e) cancelled = cancelled + (e and 1 or 0) end)
    task.sleep(n == 1 and 0 or 60)
    return n
  end, { limit = 4 }) do
    t.equal(value, 1)
    if value == 1 then
      break
    end
  end
  task.sleep(0.01)
  t.equal(cancelled, 3)
end)

test("first returns what the first to end returns, and cancels the others", function(t)
  local closed = false
  local a, b = pool.first(function()
    local _ <close> = on_close(function() closed = true end)
    task.sleep(60)
  end, function()
    task.sleep(0.001)
    return "a", nil
  end)
  t.equal(a, "a")
  t.is_nil(b)
  t.is_true(closed)
end)

test("first raises what the first to end raises", function(t)
  local e = t.fault(pool.first, function() task.sleep(60) end, function()
    fault.raise { kind = "http", op = "test", message = "no" }
  end)
  t.equal(e.message, "no")
end)

test("timeout returns the results in time", function(t)
  local sum, extra = pool.timeout(5, function(a, b) return a + b, nil, 1 end, 2, 3)
  t.equal(sum, 5)
  t.is_nil(extra)
end)

test("timeout cancels what takes too long", function(t)
  local closed = false
  local e = t.fault(pool.timeout, 0.01, function()
    local _ <close> = on_close(function() closed = true end)
    task.sleep(60)
  end)
  t.equal(e.kind, "timeout")
  t.is_true(closed)
end)

test("cancelling the caller cancels its workers", function(t)
  local closed = 0
  local outer = task.spawn(function()
    pcall(pool.map, { 1, 2 }, function()
      local _ <close> = on_close(function() closed = closed + 1 end)
      task.sleep(60)
    end)
  end)
  task.sleep(0.005)
  task.cancel(outer)
  task.sleep(0.02)
  t.equal(closed, 2)
end)

test("a map within a map works", function(t)
  local got = pool.map({ 1, 2, 3 }, function(n)
    return #pool.map(numbers(n), function() task.sleep(0) return true end)
  end)
  t.equal(got, { 1, 2, 3 })
end)

test("a call that was begun goes on meanwhile, and its results are there when asked", function(t)
  local log = {}
  local finish = pool.begin(function(a, b)
    task.sleep(0.01)
    log[#log + 1] = "call"
    return a + b, nil, "third"
  end, 1, 2)
  task.sleep(0.03)
  log[#log + 1] = "wait"
  t.equal({ finish() }, { 3, nil, "third" })
  t.equal(log, { "call", "wait" })
end)

test("the error of a call that was begun is raised where its results are asked for", function(t)
  local finish = pool.begin(function()
    fault.raise { kind = "io", op = "test", message = "full" }
  end)
  t.equal(t.fault(finish).message, "full")
end)
