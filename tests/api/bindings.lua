--- Calls every function and every method of every native library with what it is not made for:
-- wrong types, no arguments and too many, boxes of other types, closed boxes, and boxes whose
-- finalizer has run. Nothing may crash, and a method that is not given an open box of its own
-- type must raise.
--
-- The program that runs this, test_bindings.c, gives what scripts cannot reach:
--   types()      name -> metatable, of all types that are known by now
--   upvalue(f)   the first upvalue of a function in C
--   held(co)     the userdata on the stack of a coroutine that waits
--   values       as values.lua makes them; and what boxes.lua returns

local types, upvalue, held, values, open, waits, nowhere, tables = ...

local task = require "native.task"
local json = require "native.json"
local fault = require "native.fault"

-- Those of Tarn's libraries, under their names.
local libraries = {}
for name in pairs(package.preload) do
  if name:find "^native%." then
    libraries[name] = require(name)
  end
end

-- ---- calling ----

-- What f(...) came to; one that waits is cancelled.
local function attempt(f, ...)
  local result
  local t = task.spawn(function(...) result = table.pack(pcall(f, ...)) end, ...)
  task.sleep(0)
  for _ = 1, 1000 do
    if not task.alive(t) then
      break
    end
    task.cancel(t)
    task.sleep(0)
  end
  if not result then
    error("it neither returns nor raises", 0)
  end
  for i = 2, result.n do
    local given = result[i]
    if type(given) == "userdata" and given ~= json.null then
      pcall(function() given:close() end)
    end
  end
  return result[1], result[2]
end

local function is_error(e)
  return type(e) == "string" or getmetatable(e) == fault.metatable
end

-- Functions in C of the metatable and of what is behind __index.
local function methods(mt)
  local list = {}
  local function add(from)
    for name, f in pairs(from) do
      if type(f) == "function" then
        list[name] = f
      end
    end
  end
  add(mt)
  local index = mt.__index
  if type(index) == "function" then
    add(upvalue(index))
  elseif type(index) == "table" then
    add(index)
  end
  return list
end

-- Those that take any box of their type, closed or not.
local CLOSERS <const> = { close = true, __gc = true, __close = true }
local OF_CLOSED <const> = {
  ["tarn.server.stats"] = "they are numbers of the box", ["tarn.server.__index"] = "methods",
  ["tarn.cursor.__index"] = "fields stay", ["tarn.credential.__tostring"] = "its source",
  ["tarn.json.number.__tostring"] = "never closed", ["tarn.json.number.__eq"] = "never closed",
}
-- Those that answer false instead.
local OF_OTHERS <const> = { ["tarn.json.number.__eq"] = true }

local calls = 0

local function call(where, f, ...)
  calls = calls + 1
  local given = table.pack(...)
  local ok, done, e = pcall(attempt, f, ...)
  if not ok then
    for i = 1, given.n do
      given[i] = tostring(given[i]):sub(1, 40)
    end
    error(("%s(%s): %s"):format(where, table.concat(given, ", "), done), 0)
  end
  return done, e
end

-- ---- the walk ----

local parts = {}

-- Every type is known to boxes.lua: a new one wants a line there.
function parts.types()
  for name in pairs(types()) do
    local places = 0
    for _, list in ipairs { open, waits, nowhere, tables } do
      places = places + (list[name] and 1 or 0)
    end
    assert(places == 1, "a type that is not, or twice, in tests/api/boxes.lua: " .. name)
  end
  for name in pairs(open) do
    assert(types()[name], "no such type: " .. name)
  end
end

-- Functions of libraries, and of Lua's that are ours.
local functions = {}
for name, library in pairs(libraries) do
  for key, f in pairs(library) do
    if type(f) == "function" then
      functions[name .. "." .. key] = f
    end
  end
end
functions["native.guard.set_read_only"] = nil -- for good: see below
for name, library in pairs { string = { "find", "match", "gmatch", "gsub" },
  debug = { "getinfo", "getlocal", "setlocal", "getmetatable", "getupvalue", "setupvalue",
    "upvalueid", "upvaluejoin" },
  coroutine = { "resume", "wrap", "close" }, _G = { "load" } } do
  for _, key in ipairs(library) do
    functions[name .. "." .. key] = _G[name][key]
  end
end

local function sorted(t)
  local names = {}
  for name in pairs(t) do
    names[#names + 1] = name
  end
  table.sort(names)
  local i = 0
  return function()
    i = i + 1
    return names[i], t[names[i]]
  end
end

function parts.functions()
  for where, f in sorted(functions) do
    call(where, f)
    values.each(function(value) call(where, f, value) end)
    values.each(function(value)
      for _, first in ipairs { "text", {}, print } do
        call(where, f, first, value)
      end
      call(where, f, value, value, value, value, value, value)
    end)
    values.options(function(...) call(where, f, ...) end)
    for _ = 1, 30 do
      call(where, f, values.any())
    end
    values.freshen()
  end
end

function parts.closures()
  local made = {
    gmatch = function() return string.gmatch("abc", "%w") end,
    wrap = function() return coroutine.wrap(function(...) return ... end) end,
    rows = function() return (open["tarn.sqlite.statement"]():rows()) end,
  }
  for where, make in sorted(made) do
    values.each(function(value)
      local f = make()
      call(where, f, value)
      call(where, f, value, value)
    end)
  end
end

function parts.others_as_self()
  for name, mt in sorted(types()) do
    for key, f in sorted(methods(mt)) do
      local where = name .. "." .. key
      local function wrong(...)
        local done, e = call(where, f, ...)
        if (done and not OF_OTHERS[where]) or not (done or is_error(e)) then
          error(("%s(%s): %s"):format(where, tostring((...)), tostring(e)), 0)
        end
      end
      if not tables[name] then
        wrong()
        values.each(function(value, of)
          if of ~= name then
            wrong(value)
            wrong(value, value, value)
          end
        end)
      end
    end
  end
end

function parts.right_self()
  for name, make in sorted(open) do
    for key, f in sorted(methods(types()[name])) do
      local where, self = name .. "." .. key, make()
      if not CLOSERS[key] then
        call(where, f, self)
        values.each(function(value)
          call(where, f, self, value)
          call(where, f, self, "text", value)
          call(where, f, self, {}, value)
          call(where, f, self, value, value, value, value)
        end)
        values.options(function(...) call(where, f, self, ...) end)
        for _ = 1, 30 do
          call(where, f, self, values.any())
        end
      end
      if types()[name].__gc then
        types()[name].__gc(self)
      end
    end
    values.freshen()
  end
end

function parts.closed()
  for name, make in sorted(open) do
    local mt = types()[name]
    for key, f in sorted(methods(mt)) do
      local closers = { mt.__gc or false, mt.__close or false, methods(mt).close or false }
      for _, closer in ipairs(closers) do
        local where, self = name .. "." .. key, make()
        if closer then
          closer(self)
          closer(self)
          local function closed(...)
            local done, e = call(where, f, self, ...)
            local allowed = CLOSERS[key] or OF_CLOSED[where]
            if (done and not allowed) or not (done or is_error(e)) then
              error(where .. ": a closed one was taken: " .. tostring(e), 0)
            end
          end
          closed()
          closed("text", {}, print, 1)
          for _ = 1, 10 do
            closed(values.any())
          end
          closer(self)
        end
      end
    end
  end
end

-- A box that a task waits with is closed under it, and then the task goes on, or is cancelled.
function parts.closed_while_they_wait()
  for name, wait in sorted(waits) do
    local found
    for _, cancel in ipairs { true, false } do
      local t = task.spawn(function() pcall(wait) end)
      task.sleep(0.02)
      local function close(co)
        for _, box in ipairs(held(co)) do
          if types()[name] == box.metatable then
            found = true
            types()[name].__gc(box.value)
            types()[name].__gc(box.value)
            for _, f in pairs(methods(types()[name])) do
              pcall(f, box.value)
            end
          end
        end
      end
      for _, co in ipairs(held()) do
        close(co)
      end
      if cancel then
        task.cancel(t)
      else
        task.wake(t)
      end
      task.sleep(0)
      task.cancel(t)
      task.sleep(0.01)
      assert(not task.alive(t), name)
    end
    assert(found, "no box of this type: " .. name)
    collectgarbage()
  end
end

function parts.read_only()
  require("native.guard").set_read_only()
  for _, value in ipairs { 1, "text", {}, print } do
    call("native.guard.set_read_only", require("native.guard").set_read_only, value)
  end
  parts.functions()
end

return function(part)
  parts[part]()
  collectgarbage()
  return calls
end
