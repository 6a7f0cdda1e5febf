--- Make records of the journal's rows; see tarn.journal.
--
-- A fault is raised for a row that no version of Tarn can have written: the disk or another program
-- has damaged it.

local fault = require "base.fault"
local file = require "tarn.journal.file"
local json = require "native.json"
local liveness = require "base.liveness"
local operation = require "tarn.journal.operation"

local M = {}

-- Column -> its type, with "?" in front if the column may be empty.
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
      file.raise_damaged(("%s has a wrong value in %s"):format(what, name))
    end
  end
end

--- The value of a column with JSON; nil if it is empty.
---@param text? string
---@param what string names the row, for the fault
---@return any
function M.value(text, what)
  if text == nil then
    return nil
  end
  local value, e = fault.try(json.decode, text)
  if e or type(text) ~= "string" then
    file.raise_damaged(("%s: %s"):format(what, e and e.message or "not a string"))
  end
  return value
end

-- Like M.value, for a column with an object.
local function fields(text, what)
  local value = M.value(text, what)
  if value ~= nil and type(value) ~= "table" then
    file.raise_damaged(("%s has a value that is not an object"):format(what))
  end
  return value
end

local function side_of(row, prefix, what)
  local side = {}
  for field, column in pairs(operation.SIDE) do
    local value = row[prefix .. column]
    if value ~= nil and type(value) ~= "string" then
      file.raise_damaged(("%s has a wrong value in %s"):format(what, prefix .. column))
    end
    side[field] = value
  end
  return side
end

--- The record of an operation.
---@param row table of the table operations
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

--- The record of a step.
---@param row table of the table steps, with `has_before`: 1 or 0
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
