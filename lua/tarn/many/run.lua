--- The rows of a command for many pipelines, the faults in them, and the exit status.

local fault = require "base.fault"
local report = require "engine.report"

local M = {}

local AT_ONCE <const> = 32 -- pipelines at once; the connection limits the calls

--- The name of the exit status of many outcomes: theirs if all that failed failed in one way, else
-- "failed". That of an unknown outcome is "unknown", since somebody must look.
---@param outcomes string[] names of exit statuses, "done" for those that did not fail
---@return string
function M.outcome(outcomes)
  local first
  for _, name in ipairs(outcomes) do
    if name == "unknown" then
      return "unknown"
    elseif name ~= "done" and first and first ~= name then
      first = "failed"
    elseif name ~= "done" then
      first = first or name
    end
  end
  return first or "done"
end

-- True for a fault that every other pipeline would meet too: the others are not tried.
local function is_fatal(e)
  return e.kind == "io" or e.status == 401 or e.kind == "network" and not e.ambiguous
end

---@class tarn.ManyRun
local Run = {}
Run.__index = Run

--- "1 pipeline", "3 pipelines".
---@param n integer
---@return string
function M.count(n)
  return ("%d pipeline%s"):format(n, n == 1 and "" or "s")
end

--- The limit of pool for a command.
---@param ctx tarn.Context
---@return { limit: integer }
function M.limits(ctx)
  return { limit = math.min(ctx.options.jobs or AT_ONCE, AT_ONCE) }
end

---@param ctx tarn.Context
---@param items table[] of a choice
---@return tarn.ManyRun
function M.new(ctx, items)
  return setmetatable({ ctx = ctx, items = items, rows = {}, outcomes = {}, finished = 0,
    failed = 0 }, Run)
end

--- Put a fault into the row of its pipeline.
---@param row table
---@param e tarn.Fault
function Run:fail(row, e)
  if e.kind == "cancelled" then
    fault.raise(e)
  end
  self.fatal = self.fatal or is_fatal(e) and e or nil
  self.first, self.failed = self.first or e, self.failed + 1
  row.error = report.fields(e)
  self.outcomes[#self.outcomes + 1] = report.status_name(e)
end

--- Count a row that is finished.
---@param row table
function Run:progress(row)
  self.finished = self.finished + 1
  self.ctx.progress(self.finished, #self.items, row.name)
end

--- Set the exit status, and say in a line what failed.
function Run:finish()
  if not self.first then
    return
  end
  local skipped = self.skipped and ("; %d not tried"):format(self.skipped) or ""
  self.ctx.warn(("%d of %s failed%s: %s%s"):format(self.failed, M.count(#self.items), skipped,
    self.first.message, self.first.hint and "\nhint: " .. self.first.hint or ""))
  self.ctx.finish(M.outcome(self.outcomes))
end

--- The row of a pipeline.
---@param item table
---@param fields? table
---@return table
function M.row(item, fields)
  return M.add({ pipeline_id = item.pipeline_id, name = item.name or "" }, fields)
end

--- Add fields to a row.
---@param row table
---@param fields? table
---@return table row
function M.add(row, fields)
  for name, value in pairs(fields or {}) do
    row[name] = value
  end
  return row
end

--- The class of runs.
M.class = Run

return M
