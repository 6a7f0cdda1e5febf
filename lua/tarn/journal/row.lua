--- Rows of the journal as records. A row that no version of tarn can have written is damage,
-- of the disk or by another program: it is said to be so, and not taken for something else.
--
-- Use it through tarn.journal.

local fault = require "base.fault"
local file = require "tarn.journal.file"
local json = require "native.json"
local liveness = require "base.liveness"
local operation = require "tarn.journal.operation"

local M = {}

-- Column -> its type, behind "?" where it may be missing.
local OPERATION <const> = { id = "string", parent = "?string", command = "string",
  script = "?string", version = "string", user = "?string", machine = "string",
  process = "string", started = "integer", seen = "integer", ended = "?integer",
  status = "string", undoes = "?string", undone = "?string" }
local STEP <const> = { op = "string", n = "integer", kind = "string", request = "?string",
  started = "integer", ended = "?integer", status = "string", undone = "?string" }

local function type_of(value)
  return math.type(value) == "integer" and "integer" or type(value)
end

local function check(row, columns, what)
  for name, wanted in pairs(columns) do
    local value = row[name]
    if not (value == nil and wanted:sub(1, 1) == "?")
      and type_of(value) ~= wanted:match "%a+" then
      file.raise_damaged(("%s has no %s that could be one"):format(what, name))
    end
  end
end

--- The value of a column that holds JSON, or nil where it is empty.
---@param text? string
---@param what string whose it is, for the fault
---@return any
function M.value(text, what)
  if text == nil then
    return nil
  end
  local value, e = fault.try(json.decode, text)
  if e or type(text) ~= "string" then
    file.raise_damaged(("%s: %s"):format(what, e and e.message or "no text"))
  end
  return value
end

-- The same, of which fields will be read.
local function fields(text, what)
  local value = M.value(text, what)
  if value ~= nil and type(value) ~= "table" then
    file.raise_damaged(("%s holds a value that is no object"):format(what))
  end
  return value
end

local function side_of(row, prefix, what)
  local side = {}
  for field, column in pairs(operation.SIDE) do
    local value = row[prefix .. column]
    if value ~= nil and type(value) ~= "string" then
      file.raise_damaged(("%s has no %s that could be one"):format(what, prefix .. column))
    end
    side[field] = value
  end
  return side
end

--- An operation, as tarn.journal gives it.
---@param row table
---@return tarn.OperationRecord
function M.operation(row)
  local what = ("operation %s"):format(tostring(row.id))
  check(row, OPERATION, what)
  local status = row.status
  if status == "running" and not liveness.is_alive(row) then
    status = "interrupted"
  elseif row.undone and status ~= "running" then
    status = "undone"
  end
  return {
    id = row.id, parent = row.parent, command = row.command, arg = fields(row.arg, what),
    script = row.script, version = row.version, user = row.user, started = row.started,
    ended = row.ended, status = status, result = M.value(row.result, what),
    undoes = row.undoes, undone = row.undone, source = side_of(row, "source_", what),
    target = side_of(row, "target_", what),
  }
end

--- A step, likewise; `row.has_before` is 1 or 0.
---@param row table
---@return tarn.StepRecord
function M.step(row)
  local what = ("step %s of operation %s"):format(tostring(row.n), tostring(row.op))
  check(row, STEP, what)
  return {
    op = row.op, n = row.n, kind = row.kind, request = row.request,
    what = fields(row.what, what), status = row.status, started = row.started,
    ended = row.ended, result = fields(row.result, what), fault = fields(row.fault, what),
    undone = row.undone, has_before = row.has_before == 1,
  }
end

return M
