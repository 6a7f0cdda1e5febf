--- Change many pipelines as one operation of the journal, with an item for each.

local collections = require "base.collections"
local fault = require "base.fault"
local journal = require "tarn.journal"
local json = require "native.json"
local pool = require "base.pool"
local report = require "engine.report"
local runs = require "tarn.many.run"

local M = {}

local TOLD <const> = 8 -- names in a message
local UNDER_WAY <const>, NOT_TRIED <const> = "under way", "not tried"

---@class tarn.ManyChanges : tarn.ManyRun
local Changes = setmetatable({}, { __index = runs.class })
Changes.__index = Changes

local function side(ws, item)
  local info = ws.native:info()
  return { host = info.host, org_id = info.org_id, profile = ws.profile,
    pipeline_id = item and item.pipeline_id, name = item and item.name }
end

function Changes:change(item, row, opts)
  local op <close> = self.op:item { target = side(self.ctx.workspace, item) }
  self.ops[#self.ops + 1], row.operation = op, op.id
  local fields, ending = opts.change(item, op)
  runs.add(row, fields)
  op:finish(ending or "done", { status = row.status })
end

-- True if a request has taken effect, or may have.
function Changes:has_changed()
  for _, op in ipairs(self.ops) do
    if op.changed then
      return true
    end
  end
  return false
end

function Changes:one(item, i, opts)
  local row = self.rows[i]
  local skipped = opts.skip and opts.skip(item)
  if skipped then
    runs.add(row, skipped)
  elseif self.fatal then
    self.skipped = (self.skipped or 0) + 1
  else
    row.status = UNDER_WAY
    local _, e = fault.try(self.change, self, item, row, opts)
    if e then
      self:fail(row, e)
      row.status = e.ambiguous and "unknown" or "failed"
    end
  end
  self:progress(row)
end

local function names_of(rows, with_status)
  local names = {}
  for i, row in ipairs(rows) do
    names[i] = i <= TOLD and (with_status and ("%s (%s)"):format(row.name, row.status) or row.name)
      or nil
  end
  names[#names + 1] = #rows > TOLD and ("%d more"):format(#rows - TOLD) or nil
  return table.concat(names, ", ")
end

-- What has been done, for somebody who has stopped the command.
function Changes:tell_progress()
  local done, under_way, left = {}, {}, 0
  for _, row in ipairs(self.rows) do
    if row.status == UNDER_WAY then
      under_way[#under_way + 1] = row
    elseif row.status == NOT_TRIED then
      left = left + 1
    else
      done[#done + 1] = row
    end
  end
  local parts = { ("stopped in the middle: %d of %s done%s"):format(#done, runs.count(#self.rows),
    #done > 0 and ": " .. names_of(done, true) or "") }
  parts[#parts + 1] = #under_way > 0
    and ("%d under way: %s"):format(#under_way, names_of(under_way)) or nil
  parts[#parts + 1] = left > 0 and ("%d not tried"):format(left) or nil
  self.ctx.warn(("%s. `tarn journal %s` shows what was sent"):format(table.concat(parts, "; "),
    self.op.id))
end

local function ending_of(run)
  if run.first then
    return run:has_changed() and "partial" or run.first.ambiguous and "unknown" or "failed"
  end
  return run:has_changed() and "done" or "unchanged"
end

---@class tarn.ManyChange
---@field skip? fun(item: table): table?  the fields of the row of a pipeline that needs no change
---@field change fun(item: table, op: tarn.Operation): table, string? the fields of the row, with
--- `status`; how the item of the journal ends, if not "done"

--- Change pipelines, many at once, as one operation of the journal with an item for each. If the
-- command is stopped in the middle, stderr says what has been done.
---@param ctx tarn.Context
---@param arg table the arguments, for the journal
---@param items table[] of a choice
---@param opts tarn.ManyChange
---@return table[] rows in the order of the items, each with `status`
---@return string[] outcomes of those that failed: names of exit statuses
function M.run(ctx, arg, items, opts)
  local run = setmetatable(runs.new(ctx, items), Changes)
  for i, item in ipairs(items) do
    run.rows[i] = runs.row(item, { status = NOT_TRIED })
  end
  local op <close> = journal.begin { command = ctx.op:match "%S+$", arg = arg,
    target = side(ctx.workspace) }
  run.op, run.ops = op, {}
  local ok, e = fault.call(pool.each, items, function(item, i) run:one(item, i, opts) end,
    runs.limits(ctx))
  local counts = collections.counts(run.rows, "status")
  if not ok then
    run:tell_progress()
    op:finish(run:has_changed() and "partial" or "failed", { counts = counts })
    error(e, 0)
  end
  op:finish(ending_of(run), { counts = counts })
  run:finish()
  return json.array(run.rows), run.outcomes
end

--- Wait for what `change` has begun, for all rows at once. `f` may change its row, and returns the
-- name of the row's exit status. Ctrl-C ends the waits alone, and stderr says so.
---@param ctx tarn.Context
---@param rows table[] those that are waited for
---@param outcomes string[] of `change`
---@param f fun(row: table): string?
function M.wait(ctx, rows, outcomes, f)
  local left, done = collections.set(rows), 0
  local function waiting()
    local list = {}
    for _, row in ipairs(rows) do
      list[#list + 1] = left[row] and row or nil
    end
    return list
  end
  local function one(row)
    local outcome, e = fault.try(f, row)
    if e and e.kind == "cancelled" then
      fault.raise(e)
    elseif e then
      row.error, outcome = report.fields(e), report.status_name(e)
    end
    outcomes[#outcomes + 1] = outcome
    left[row], done = nil, done + 1
    local rest = waiting()
    ctx.progress(done, #rows, #rest > 0 and ("ended; not yet: %s%s"):format(rest[1].name,
      #rest > 1 and (" and %d more"):format(#rest - 1) or "") or row.name)
  end
  local ok, e = fault.call(pool.each, rows, one, { limit = math.max(1, #rows) })
  if not ok then
    ctx.warn(("the wait is over: %d of %s had ended; not yet: %s"):format(done, runs.count(#rows),
      names_of(waiting())))
    error(e, 0)
  end
  ctx.finish(runs.outcome(outcomes))
end

return M
