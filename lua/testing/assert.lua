--- The assertions of tests: `t.equal(got, want)` and others. A failed one raises an error, and the
-- runner shows where.

local fault = require "base.fault"

local M = {}

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

-- The first difference of two values: its path and both values; nil if there is none.
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

-- The first line in which two texts of several lines differ.
local function text_difference(got, want)
  local a, b = lines_of(got), lines_of(want)
  for i = 1, math.max(#a, #b) do
    if a[i] ~= b[i] then
      return ("line %d:\n     got %s\n    want %s"):format(i, a[i] and show(a[i], "") or "nothing",
        b[i] and show(b[i], "") or "nothing")
    end
  end
end

---@class tarn.Test
---@field file string the file of the test
---@field name string
local T = {}
T.__index = T

local function fail(message)
  local where
  for line in debug.traceback("", 3):gmatch "[^\n]+" do
    local position = line:match "^%s*(.-%.lua:%d+)"
    if position and not position:find "lua/testing/" and not position:find "tests/support/" then
      where = position
      break
    end
  end
  error({ assertion = message, where = where }, 0)
end

--- Fails unless the values are equal. Tables are compared by their content.
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

--- Fails unless the text contains `part`, a plain text or, with `pattern`, a Lua pattern.
function T.match(text, part, pattern)
  if type(text) ~= "string" then
    fail("not a text: " .. show(text, "    "))
  elseif not text:find(part, 1, not pattern) then
    fail(("has no %s in\n    %s"):format(show(part, ""), (text:gsub("\n", "\n    "))))
  end
end

--- Fails if the text contains `part`, a plain text or, with `pattern`, a Lua pattern.
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

function T.is_nil(value, why)
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

--- Fails unless `f(...)` raises an error whose text contains `part`; returns the text.
function T.raises(part, f, ...)
  local ok, e = pcall(f, ...)
  if ok then
    fail "no error was raised"
  end
  T.match(tostring(e), part)
  return tostring(e)
end

--- Skip this test, with a reason that is printed.
function T.skip(reason)
  error({ skipped = reason }, 0)
end

--- The `t` of a test.
---@param file string
---@param name string
---@return tarn.Test
function M.new(file, name)
  local t = setmetatable({ file = file, name = name }, T)
  -- Fails unless `text` is the content of the golden file of that name: golden/NAME beside the
  -- test's file, or one folder above. `tarn test --update` writes the file anew.
  function t.golden(which, text)
    require("testing.golden").check(t, which, text)
  end
  return t
end

-- A traceback without the frames of the runner and those that only raise the error. Of an error
-- in the test itself the message remains, whose position says as much.
local function shorten(traceback)
  local message, frames = traceback:match "^(.-)\nstack traceback:\n(.*)$"
  if not message then
    return traceback
  end
  local kept = {}
  for frame in frames:gmatch "[^\n]+" do
    if frame:find "^%s*bundle/lua/testing/runner%.lua:" then
      break
    elseif not frame:find "^%s*%[C%]:" and not frame:find "^%s*bundle/lua/engine/strict%.lua:" then
      kept[#kept + 1] = frame
    end
  end
  return #kept <= 1 and message or message .. "\nstack traceback:\n" .. table.concat(kept, "\n")
end

--- An error of a test as text, with the position at which it was raised.
---@param e any
---@return string
function M.describe(e)
  if type(e) == "table" and e.assertion then
    return (e.where and e.where .. ": " or "") .. e.assertion
  elseif fault.is(e) then
    return tostring(e) .. (e.hint and "\nhint: " .. e.hint or "")
      .. (e.traceback and "\n" .. shorten(e.traceback) or "")
  end
  return shorten(tostring(e))
end

return M
