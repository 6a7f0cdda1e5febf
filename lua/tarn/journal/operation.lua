--- Operations under way; see tarn.journal.

local fault = require "base.fault"
local file = require "tarn.journal.file"
local ids = require "tarn.journal.id"
local json = require "native.json"
local liveness = require "base.liveness"
local options = require "base.options"
local outcomes = require "tarn.journal.outcomes"
local steps = require "tarn.journal.step"
local task = require "native.task"

local M = {}

local OP <const> = "journal"

local function encode(value)
  return value ~= nil and json.encode(value) or nil
end

---@class tarn.Side
---@field host? string
---@field org_id? string|integer
---@field profile? string
---@field pipeline_id? string
---@field name? string

-- Field of a side -> its column without the prefix "source_" or "target_".
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
  local mine, now = liveness.me(), task.time()
  local row = {
    command = fields.command, arg = encode(fields.arg), script = fields.script,
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

-- Refuse to undo an operation that another process is undoing.
local function check_undone_once(db, id)
  for _, row in ipairs(db:query("SELECT id, machine, process, seen FROM operations "
    .. "WHERE undoes = ? AND status = 'running'", { id })) do
    if liveness.is_alive(row) then
      fault.raise { kind = "conflict", op = OP, hint = "wait until that process ends",
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

--- Begin an operation. If this raises a fault, nothing must be sent.
---@param fields tarn.OperationFields
---@return tarn.Operation
function M.begin(fields)
  options.check(fields, FIELDS)
  local row = new_row(fields)
  file.write(false, function(db)
    if row.undoes then
      check_undone_once(db, row.undoes)
    end
    row.id = ids.free(db, row.started)
    insert(db, row)
  end)
  return new_operation(row.id, row.command)
end

--- Begin an item: one of many things that the operation does, with steps and an end of its own.
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

--- Add fields of the target, when they become known.
---@param side tarn.Side
function Operation:target(side)
  local sql, row = update_side(self.id, "target_", side)
  if sql then
    file.write(false, function(db) db:exec(sql, row) end)
  end
end

local ENDINGS <const> = { done = true, failed = true, partial = true, unchanged = true,
  unknown = true }

--- End an operation.
---@param status "done"|"failed"|"partial"|"unchanged"|"unknown" "partial": only a part was done;
--- "unchanged": there was nothing to do; "unknown": an answer was lost, and what it was about may
--- have been done
---@param result? table of the command
function Operation:finish(status, result)
  if not ENDINGS[status] then
    error(("unknown status '%s'"):format(tostring(status)), 2)
  elseif self.finished then
    return
  end
  self.finished = true
  local text, now = encode(result), task.time()
  local e = outcomes.write(self, function(db)
    db:exec("UPDATE operations SET status = ?, result = ?, ended = ?, seen = ? WHERE id = ?",
      { status, text or json.null, now, now, self.id })
  end)
  if e then
    fault.raise { kind = "io", op = OP, code = e.code, cause = e,
      message = ("the outcome of %s %s is not in the journal: %s"):format(self.command, self.id,
        e.message),
      hint = e.hint and ("%s; then `tarn journal %s --look` asks the workspace for it"):format(
        e.hint, self.id) }
  end
end

function Operation:__close(e)
  if not self.finished then
    local status = e == nil and "done" or fault.is(e) and e.ambiguous and "unknown"
      or self.changed and "partial" or "failed"
    if fault.is(e, "cancelled") and self.changed then
      -- whoever presses Ctrl-C must learn that something may have been done
      e.hint = ("`tarn journal %s --look` says what was done, `tarn undo %s` takes it back"):format(
        self.id, self.id)
    end
    local fields = fault.is(e) and require("engine.report").fields(e) or nil
    -- the error that has ended the block is more important than a failed write
    fault.try(self.finish, self, status, fields and { fault = fields })
  end
end

--- Write down a request before it is sent. If this raises a fault, nothing must be sent.
---@param fields { kind: string, request?: string, what?: table, before?: any }
---@return tarn.Step
function Operation:step(fields)
  options.check(fields, { "kind", "request", "what", "before" })
  if type(fields.kind) ~= "string" then
    error("kind is not a string", 2)
  end
  return steps.begin(self, fields)
end

--- Write down a step, call `f(...)`, and write down its outcome. Returns the results of `f`.
---@param fields table as for `step`
---@param f function sends the request
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

--- Continue an interrupted operation in this process.
---@param id string
---@return tarn.Operation
function M.adopt(id)
  local mine = liveness.me()
  local row = file.write(false, function(db)
    local row = db:find_row("SELECT o.*, (SELECT max(n) FROM steps WHERE op = o.id) AS last_step, "
      .. "(SELECT count(*) FROM operations WHERE parent = o.id) AS parts "
      .. "FROM operations o WHERE id = ?", { id })
    if not row then
      fault.not_found(OP, ("there is no operation '%s' in the journal"):format(id))
    elseif row.status == "running" and liveness.is_alive(row) then
      fault.raise { kind = "conflict", op = OP,
        message = ("%s still runs, in process %s"):format(id, row.process:match "^%d+"),
        hint = "wait until that process ends" }
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
