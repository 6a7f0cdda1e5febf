--- Operations under way, and their steps.
--
-- Use it through tarn.journal, which says what an operation is.

local fault = require "base.fault"
local file = require "tarn.journal.file"
local json = require "native.json"
local options = require "base.options"
local task = require "native.task"
local writer = require "base.liveness"

local M = {}

local OP <const> = "journal"

local function text_of(value)
  if value == nil then
    return nil
  end
  return json.encode(value)
end

-- ---- names of operations ----

-- Without the letters that are taken for digits.
local DIGITS <const> = "0123456789abcdefghjkmnpqrstvwxyz"
local TICKS <const> = 12 -- to a second: 32^4 of them are a day

local function name_of(ms)
  local tick = ms % 86400000 * TICKS // 1000
  local letters = {}
  for i = 4, 1, -1 do
    local digit = tick % 32
    letters[i] = DIGITS:sub(digit + 1, digit + 1)
    tick = tick // 32
  end
  return os.date("!%y%m%d-", ms // 1000) .. table.concat(letters)
end

-- A name that is free: the time it is, or a little later.
local function free_name(db, ms)
  while true do
    local id = name_of(ms)
    if not db:find_row("SELECT 1 FROM operations WHERE id = ?", { id }) then
      return id
    end
    ms = ms + 1000 // TICKS
  end
end

-- ---- operations under way ----

---@class tarn.Side
---@field host? string
---@field org_id? string|integer
---@field profile? string
---@field pipeline_id? string
---@field name? string

-- Field of a side -> its column, behind "source_" or "target_".
M.SIDE = { host = "host", org_id = "org", profile = "profile", pipeline_id = "pipeline",
  name = "name" }

local function put_side(row, prefix, side)
  for field, column in pairs(M.SIDE) do
    local value = side and side[field]
    if value ~= nil and value ~= json.null then
      row[prefix .. column] = tostring(value)
    end
  end
end

local COLUMNS <const> = { "id", "parent", "command", "arg", "script", "version", "user", "machine",
  "process", "started", "seen", "status", "undoes", "source_host", "source_org", "source_profile",
  "source_pipeline", "source_name", "target_host", "target_org", "target_profile",
  "target_pipeline", "target_name" }

local INSERT <const> = ("INSERT INTO operations(%s) VALUES (:%s)"):format(
  table.concat(COLUMNS, ", "), table.concat(COLUMNS, ", :"))

local Operation = {}
Operation.__index = Operation

local function new_row(fields)
  local mine, now = writer.me(), task.time()
  local row = {
    command = fields.command, arg = text_of(fields.arg), script = fields.script,
    version = require("native.bundle").version, user = mine.user, machine = mine.machine,
    process = mine.process, started = now, seen = now, status = "running",
    undoes = fields.undoes,
  }
  put_side(row, "source_", fields.source)
  put_side(row, "target_", fields.target)
  return row
end

local function insert(db, row)
  local params = {}
  for _, column in ipairs(COLUMNS) do
    params[column] = row[column] == nil and json.null or row[column]
  end
  db:exec(INSERT, params)
end

local function new_operation(id, command, next_step)
  return setmetatable({ id = id, command = command, next_step = next_step or 1, items = 0,
    late = {} }, Operation)
end

-- Of two that undo the same at once, the second is refused.
local function check_undone_once(db, id)
  for _, row in ipairs(db:query("SELECT id, machine, process, seen FROM operations "
    .. "WHERE undoes = ? AND status = 'running'", { id })) do
    if writer.is_alive(row) then
      fault.raise { kind = "conflict", op = OP, hint = "wait for its end",
        message = ("%s is being undone by %s, in process %s"):format(id, row.id,
          row.process:match "^%d+") }
    end
  end
end

local FIELDS <const> = { "command", "arg", "script", "source", "target", "undoes" }

---@class tarn.OperationFields
---@field command string
---@field arg? table
---@field script? string
---@field source? tarn.Side
---@field target? tarn.Side
---@field undoes? string

--- Begin an operation. Nothing has been sent yet: if this raises, nothing has happened.
---@param fields tarn.OperationFields
---@return tarn.Operation
function M.begin(fields)
  options.check(fields, FIELDS)
  local row = new_row(fields)
  file.write(false, function(db)
    if row.undoes then
      check_undone_once(db, row.undoes)
    end
    row.id = free_name(db, row.started)
    insert(db, row)
  end)
  return new_operation(row.id, row.command)
end

--- One of many that the operation does: an operation of its own, with its own steps and end.
---@param fields? { source?: tarn.Side, target?: tarn.Side, arg?: table }
---@return tarn.Operation
function Operation:item(fields)
  options.check(fields, { "source", "target", "arg" })
  local row = new_row { command = self.command, arg = fields and fields.arg,
    source = fields and fields.source, target = fields and fields.target }
  row.parent = self.id
  self.items = self.items + 1
  row.id = ("%s.%d"):format(self.id, self.items)
  file.write(false, function(db) insert(db, row) end)
  return new_operation(row.id, row.command)
end

local function update_side(id, prefix, side)
  local row = {}
  put_side(row, prefix, side)
  local sets = {}
  for column in pairs(row) do
    sets[#sets + 1] = ("%s = :%s"):format(column, column)
  end
  table.sort(sets)
  if #sets > 0 then
    row.id = id
    return ("UPDATE operations SET %s WHERE id = :id"):format(table.concat(sets, ", ")), row
  end
end

--- Say more of the place it works on, now that it is known.
---@param side tarn.Side
function Operation:target(side)
  local sql, row = update_side(self.id, "target_", side)
  if sql then
    file.write(false, function(db) db:exec(sql, row) end)
  end
end

-- Outcomes that could not be written are kept and go first with whatever is written next.
-- Returns those that went.
local function write_late(op, db)
  local written = table.move(op.late, 1, #op.late, 1, {})
  for _, f in ipairs(written) do
    f(db)
  end
  return written
end

-- While the disk was waited for, others may have come.
local function forget_late(op, written)
  local left, gone = {}, {}
  for _, f in ipairs(written) do
    gone[f] = true
  end
  for _, f in ipairs(op.late) do
    left[#left + 1] = not gone[f] and f or nil
  end
  op.late = left
end

-- Write an outcome. The request has been sent, so a full disk is no reason to stop here: the
-- next step stops before its request, and `finish` says that the outcome is missing.
local function write_outcome(op, f)
  op.late[#op.late + 1] = f
  local _, e = fault.try(file.write, false, function(db) write_late(op, db) end)
  if e and e.kind ~= "io" then
    error(e, 0)
  elseif not e then
    op.late = {}
  end
  return e
end

local ENDINGS <const> = { done = true, failed = true, partial = true, unchanged = true,
  unknown = true }

--- End an operation: "done", "failed", "partial" (some of it), "unchanged" (there was nothing
-- to do), "unknown" (an answer was lost: it may have been done).
---@param status string
---@param result? table what the command returned
function Operation:finish(status, result)
  if not ENDINGS[status] then
    error(("unknown status '%s'"):format(tostring(status)), 2)
  elseif self.finished then
    return
  end
  self.finished = true
  local text, now = text_of(result), task.time()
  local e = write_outcome(self, function(db)
    db:exec("UPDATE operations SET status = ?, result = ?, ended = ?, seen = ? WHERE id = ?",
      { status, text or json.null, now, now, self.id })
  end)
  if e then
    fault.raise { kind = "io", op = OP, code = e.code, cause = e,
      message = ("what %s %s did is not in the journal: %s"):format(self.command, self.id,
        e.message),
      hint = e.hint and "what was sent is noted as unknown; `tarn journal` looks again. "
        .. e.hint }
  end
end

function Operation:__close(e)
  if not self.finished then
    local status = e == nil and "done" or fault.is(e) and e.ambiguous and "unknown"
      or self.changed and "partial" or "failed"
    local fields = fault.is(e) and require("engine.report").fields(e) or nil
    -- what ended the block is more important than that it could not be written down
    fault.try(self.finish, self, status, fields and { fault = fields })
  end
end

-- ---- steps ----

local Step = {}
Step.__index = Step

-- The settings that are sent are for the reader; undo needs only those from before.
local function without_secrets(what)
  if type(what) ~= "table" or type(what.spec) ~= "table" then
    return what
  end
  local copy = {}
  for key, value in pairs(what) do
    copy[key] = value
  end
  copy.spec = require("base.secrets").masked(what.spec)
  return copy
end

--- Write down what is about to be sent. It is on the disk when this returns; if it cannot be,
-- this raises, and nothing must be sent.
---@param fields { kind: string, request?: string, what?: table, before?: any }
---@return tarn.Step
function Operation:step(fields)
  options.check(fields, { "kind", "request", "what", "before" })
  if type(fields.kind) ~= "string" then
    error("kind is not a string", 2)
  end
  local n, now = self.next_step, task.time()
  local what, before = text_of(without_secrets(fields.what)), text_of(fields.before)
  self.next_step = n + 1
  local written
  file.write_together(function(db)
    written = write_late(self, db)
    db:exec("INSERT INTO steps(op, n, kind, request, what, started, status) "
      .. "VALUES (?, ?, ?, ?, ?, ?, 'unknown')",
      { self.id, n, fields.kind, fields.request or json.null, what or json.null, now })
    if before then
      db:exec("INSERT INTO befores(op, n, value) VALUES (?, ?, ?)", { self.id, n, before })
    end
    db:exec("UPDATE operations SET seen = ? WHERE id = ?", { now, self.id })
  end)
  forget_late(self, written)
  return setmetatable({ operation = self, op = self.id, n = n, kind = fields.kind }, Step)
end

local OUTCOME <const> = "UPDATE steps SET status = ?, result = ?, fault = ?, ended = ? "
  .. "WHERE op = ? AND n = ?"

local function outcome(step, status, result, failure)
  local op, now = step.operation, task.time()
  local result_text = text_of(result)
  local fault_text = failure and text_of(require("engine.report").fields(failure))
  local made = step.kind == "pipeline.create" and status == "done" and type(result) == "table"
    and result.pipeline_id
  op.changed = op.changed or status ~= "failed"
  write_outcome(op, function(db)
    db:exec(OUTCOME, { status, result_text or json.null, fault_text or json.null, now,
      step.op, step.n })
    if made then
      db:exec("UPDATE operations SET target_pipeline = ? WHERE id = ? "
        .. "AND target_pipeline IS NULL", { made, step.op })
    end
  end)
end

--- It took effect. `result` is what undo and lineage need: { pipeline_id =, last_modified = }.
---@param result? table
function Step:done(result)
  outcome(self, "done", result)
end

--- It was refused; or, if the fault is ambiguous or the wait was cut off, nobody knows.
---@param failure tarn.Fault
function Step:failed(failure)
  local unsure = failure.ambiguous or failure.kind == "cancelled" or failure.kind == "bug"
  outcome(self, unsure and "unknown" or "failed", nil, failure)
end

--- Write the step down, call `f(...)`, write down what came of it; returns what f returned.
---@param fields table as for `step`
---@param f function
---@return any ...
function Operation:perform(fields, f, ...)
  local step = self:step(fields)
  local results = table.pack(fault.call(f, ...))
  if not results[1] then
    step:failed(results[2])
    error(results[2], 0)
  end
  local first = results[2]
  step:done(type(first) == "table" and first or nil)
  return table.unpack(results, 2, results.n)
end

--- Take an operation whose process has ended up again, as one's own.
---@param id string
---@return tarn.Operation
function M.adopt(id)
  local mine = writer.me()
  local row = file.write(false, function(db)
    local row = db:find_row("SELECT o.*, (SELECT max(n) FROM steps WHERE op = o.id) AS last_step, "
      .. "(SELECT count(*) FROM operations WHERE parent = o.id) AS parts "
      .. "FROM operations o WHERE id = ?", { id })
    if not row then
      fault.not_found(OP, ("there is no operation '%s' in the journal"):format(id))
    elseif row.status == "running" and writer.is_alive(row) then
      fault.raise { kind = "conflict", op = OP,
        message = ("%s is still being done, by process %s"):format(id,
          row.process:match "^%d+"),
        hint = "wait for its end" }
    end
    db:exec("UPDATE operations SET machine = ?, process = ?, seen = ?, status = 'running', "
      .. "ended = NULL WHERE id = ?", { mine.machine, mine.process, task.time(), id })
    return row
  end)
  local op = new_operation(row.id, row.command, (row.last_step or 0) + 1)
  op.items = row.parts
  return op
end

return M
