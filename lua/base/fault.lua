--- Faults: what is raised when the world, not the program, is at fault.
--
-- A fault is a table with `kind`, `op` and `message`, and where they apply `status`, `code`,
-- `request_id`, `hint`, `retryable` and `cause`. C raises them with the same metatable.

local MT = require("native.fault").metatable

local M = {}

--- True if `e` is a fault and, when `kind` is given, one of that kind.
---@param e any
---@param kind? string
---@return boolean
function M.is(e, kind)
  return getmetatable(e) == MT and (kind == nil or e.kind == kind)
end

--- Make a fault of these fields, for those who keep it instead of raising it.
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

--- The command was called in a way it does not understand.
---@param op string
---@param message string
---@param hint? string
function M.usage(op, message, hint)
  M.raise { kind = "usage", op = op, message = message, hint = hint }
end

--- What was named is not there. Commands end with the status for "not found".
---@param op string
---@param message string
---@param hint? string
function M.not_found(op, message, hint)
  M.raise { kind = "usage", op = op, message = message, code = "NOT_FOUND", hint = hint }
end

-- Runs where the error happened, the only place where a traceback can be had.
local function as_fault(e)
  if M.is(e) then
    return e
  end
  local text = debug.traceback(tostring(e), 2)
  return M.new { kind = "bug", op = "tarn", message = tostring(e), traceback = text }
end

--- The fault for what Lua raises past every handler, as a text: the lack of memory, and trouble
-- in a handler itself.
---@param e any
---@return tarn.Fault
function M.of(e)
  if M.is(e) then
    return e
  elseif type(e) ~= "string" or not e:find "^not enough memory" then
    return M.new { kind = "bug", op = "tarn", message = tostring(e) }
  end
  local memory = require("native.guard").memory()
  return M.new { kind = "io", op = "task", code = "OUT_OF_MEMORY",
    message = ("%s: not enough memory: a script's values may take %d MiB"):format(
      memory.refused_at or "lua", memory.limit >> 20),
    hint = "does it keep what it does not need? --memory-limit MIB allows more, and 0 any" }
end

local function check(ok, ...)
  if not ok then
    return false, M.of((...))
  end
  return ok, ...
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

--- Call `f(...)`. Returns what it returns, or nil and the fault it raised.
-- A bug is not caught: it goes on up, with the traceback of where it happened. Nor should
-- a fault of kind `cancelled` be kept by its catcher: look, and raise it again.
---@param f function
---@return any result
---@return tarn.Fault? fault
function M.try(f, ...)
  return settle(check(xpcall(f, as_fault, ...)))
end

--- As pcall, but what failed is always a fault: a plain error becomes one of kind `bug`. For
-- the edges of the program: a command, a task, a web route.
---@param f function
---@return boolean ok
---@return any ... results, or the fault
function M.call(f, ...)
  return check(xpcall(f, as_fault, ...))
end

return M
