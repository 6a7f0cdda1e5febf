--- Faults: errors whose cause is outside of the program, as tables.
--
--     local found, e = tarn.fault.try(ws.pipeline, ws, "no_such_pipeline")
--     if tarn.fault.is(e, "http") then
--       print(e.code, e.message, e.hint)
--     elseif e then
--       error(e, 0)
--     end
--
-- A fault is a table with `kind`, `op` and `message`, and where they apply `status`, `code`,
-- `request_id`, `hint`, `retryable` and `cause`. Faults raised in C have the same metatable.

local frames = require "base.frames"

local MT = require("native.fault").metatable

local M = {}

--- True if `e` is a fault; with `kind`, only if it is of that kind.
---@param e any
---@param kind? string
---@return boolean
function M.is(e, kind)
  return getmetatable(e) == MT and (kind == nil or e.kind == kind)
end

--- Make a fault with these fields without raising it.
---@param fields tarn.Fault
---@return tarn.Fault
function M.new(fields)
  if fields.retryable == nil then
    fields.retryable = false
  end
  return setmetatable(fields, MT)
end

--- Raise a fault with these fields.
---@param fields tarn.Fault
function M.raise(fields)
  error(M.new(fields), 0)
end

--- Raise a fault of kind `usage`: the caller gave wrong options or arguments.
---@param op string
---@param message string
---@param hint? string
function M.usage(op, message, hint)
  M.raise { kind = "usage", op = op, message = message, hint = hint }
end

--- Raise a fault of kind `usage` with the code NOT_FOUND: nothing has the given name. A command
-- that ends with this fault has the exit status for "not found".
---@param op string
---@param message string
---@param hint? string
function M.not_found(op, message, hint)
  M.raise { kind = "usage", op = op, message = message, code = "NOT_FOUND", hint = hint }
end

-- Fault -> the frames of the user's code from which it comes.
local places = setmetatable({}, { __mode = "k" })

-- The text of an error that is no fault. A table may have a `__tostring` that fails.
local function text_of(e)
  local ok, text = pcall(tostring, e)
  if not ok or type(e) == "table" and text:find "^[%w_.]*: 0x" then
    return "an error that is a table, not a text"
  end
  return text
end

--- A message handler for xpcall that makes a fault of any error. It runs before the stack unwinds,
-- so a traceback is possible.
---@param e any
---@return tarn.Fault
function M.handler(e)
  local f = e
  if not M.is(e) then
    local text = text_of(e)
    f = M.new { kind = "bug", op = "tarn", message = text, traceback = debug.traceback(text, 2) }
  end
  if not places[f] then
    local found = frames.collect(2)
    places[f] = found[1] and found or nil
  end
  return f
end

--- The frames of the user's code from which a fault comes, innermost first; nil if no code of the
-- user's was running.
---@param f tarn.Fault
---@return tarn.Frame[]?
function M.frames(f)
  return places[f]
end

--- Say from which frames of the user's code a fault comes.
---@param f tarn.Fault
---@param from tarn.Frame[]
---@return tarn.Fault f
function M.set_frames(f, from)
  places[f] = from
  return f
end

--- A fault for any error value. Lua raises two errors as plain texts, past every message handler:
-- that memory ran out, and that the handler itself failed.
---@param e any
---@return tarn.Fault
function M.of(e)
  if M.is(e) then
    return e
  elseif type(e) ~= "string" or not e:find "^not enough memory" then
    return M.new { kind = "bug", op = "tarn", message = text_of(e) }
  end
  local memory = require("native.guard").memory()
  return M.new { kind = "io", op = "task", code = "OUT_OF_MEMORY",
    message = ("%s: not enough memory: a script's values may take %d MiB"):format(
      memory.refused_at or "lua", memory.limit >> 20),
    hint = "does the script keep data that it no longer needs? --memory-limit MIB sets another "
      .. "limit, 0 none" }
end

-- The results of xpcall(called, ...), with a fault for any error.
local function check(called, ok, ...)
  if ok then
    return ok, ...
  end
  local f = M.of((...))
  if f.kind == "bug" and not places[f] then
    local frame = frames.of(called)
    places[f] = frame and { frame } or nil
  end
  return false, f
end

local function settle(ok, ...)
  local e = ...
  if ok then
    return ...
  elseif e.kind == "bug" then
    error(e, 0)
  end
  return nil, e
end

--- Call `f(...)`. Returns the results of `f`, or nil and the fault that `f` raised.
-- A bug is raised again, with the traceback of the place where it happened. A caller that gets a
-- fault of kind `cancelled` should raise it again with `error(e, 0)`.
---@param f function
---@return any result
---@return tarn.Fault? fault
function M.try(f, ...)
  return settle(check(f, xpcall(f, M.handler, ...)))
end

--- Like pcall, but the error is always a fault: a plain Lua error becomes a fault of kind `bug`.
-- For the edges of the program: a command, a task, a web route.
---@param f function
---@return boolean ok
---@return any ... the results of `f`, or the fault
function M.call(f, ...)
  return check(f, xpcall(f, M.handler, ...))
end

return M
