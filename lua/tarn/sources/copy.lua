--- Apply a plan of sources: folders first, then many objects at once.
--
-- An object that cannot be copied is reported and does not stop the others. Each request that
-- changes something is a step of the journal, with the bytes that it overwrites.

local fault = require "base.fault"
local json = require "native.json"
local memo = require "tarn.sources.memo"
local mentions = require "tarn.sources.mentions"
local objects = require "tarn.objects"
local plans = require "tarn.sources.plan"
local pool = require "base.pool"

local M = {}

local IMPORT <const> = "POST /api/2.0/workspace/import"
local MKDIRS <const> = "POST /api/2.0/workspace/mkdirs"

-- Stands in for an operation if the caller has no journal.
local no_operation = {}
local no_step = { done = function() end, failed = function() end }

function no_operation.step()
  return no_step
end

local Copy = {}
Copy.__index = Copy

function Copy:advance(what)
  self.done = self.done + 1
  if self.progress then
    self.progress(self.done, self.total, what)
  end
end

-- After this many objects in a row without an answer, the network counts as broken.
local DEAD <const> = 8

function Copy:fail(item, e)
  self.silent = (e.kind == "network" or e.kind == "timeout") and self.silent + 1 or 0
  if objects.is_fatal(e) or self.silent >= DEAD then
    error(e, 0)
  end
  local verdict = objects.is_too_large(e) and "too_large" or objects.is_missing(e) and "missing"
    or "failed"
  table.insert(self.report.failed, { path = item.path, target = item.target or item.path,
    verdict = verdict, reason = e.message, code = e.code, status = e.status })
end

-- ---- folders ----

function Copy:make_folder(entry)
  local step = self.op:step { kind = "workspace.mkdirs", request = MKDIRS,
    what = { path = entry.path, missing = entry.missing } }
  local _, e = fault.try(objects.make_folder, self.ws, entry.path)
  if e then
    step:failed(e)
    error(e, 0)
  end
  step:done { path = entry.path }
  for _, folder in ipairs(entry.missing) do
    self.memo:put(("folder %s %s"):format(self.connection, folder), { state = "exists" })
  end
  self.report.folders = self.report.folders + #entry.missing
end

-- ---- objects ----

-- The existing object at the item's target, with its bytes. Nil if there is none; false if it has
-- changed since the plan.
function Copy:find_before(item, planned)
  local there = objects.find(self.ws, item.target)
  if not there then
    return nil
  elseif there.kind ~= item.kind or there.modified_at ~= planned.modified_at then
    return false
  end
  local bytes = objects.take_held(planned) or objects.read(self.ws, there)
  return { bytes = bytes, format = there.format, language = there.language }
end

function Copy:write(item, bytes, before)
  local step = self.op:step { kind = "workspace.import", request = IMPORT, before = before,
    what = { path = item.target, kind = item.kind, format = item.format,
      language = item.language, size = #bytes, from = item.path } }
  local outcome, e = fault.try(objects.write, self.ws, item.target, bytes, item, before ~= nil)
  if e then
    step:failed(e)
    error(e, 0)
  end
  step:done { path = item.target, settled = outcome.settled, existed = outcome.existed }
  self.report.bytes = self.report.bytes + #bytes
end

-- Warn of objects that code needs and that no field of the spec names.
function Copy:check_mentions(item, bytes)
  for _, at in ipairs(mentions.of(bytes, item)) do
    if not self.planned[at] then
      table.insert(self.report.warnings,
        ("%s needs %s, which the spec does not name: it was not copied"):format(item.path, at))
    end
  end
end

function Copy:copy(item)
  local planned, before = plans.find_replaced(self.plan, item), nil
  if planned then
    before = self:find_before(item, planned)
    if before == false then
      table.insert(self.report.skipped, { path = item.path, target = item.target,
        verdict = "newer", reason = "the target's has changed since the plan was made" })
      return item.path
    end
  end
  local bytes = objects.take_held(item) or self.read(item)
  if #bytes > objects.MAX_SIZE then
    fault.raise { kind = "http", op = "sources.copy", code = "MAX_NOTEBOOK_SIZE_EXCEEDED",
      message = ("%d bytes; the workspace takes %d"):format(#bytes, objects.MAX_SIZE) }
  end
  self:write(item, bytes, before)
  self:check_mentions(item, bytes)
  table.insert(self.report.copied, item.target)
  return item.path
end

-- If two pipelines of one command need the same object, it is copied once.
function Copy:copy_once(item)
  local mine = false
  local from = self.memo:once(("copied %s %s"):format(self.connection, item.target), function()
    mine = true
    return self:copy(item)
  end)
  if from ~= item.path then
    table.insert(self.report.failed, { path = item.path, target = item.target, verdict = "odd",
      reason = ("%s was copied to the same path"):format(from) })
  elseif not mine then
    self.report.same = self.report.same + 1
  end
end

-- ---- all objects ----

---@class tarn.SourceReport
---@field copied string[]  targets of objects that were written
---@field same integer     number of objects that the target had already
---@field folders integer  number of created folders
---@field bytes integer    of the written objects
---@field skipped table[]  not copied by plan: { path, target, verdict, reason }
---@field failed table[]   refused: { path, target, verdict, reason, code }
---@field warnings string[]

local function new_report(plan)
  local report = { copied = json.array {}, same = 0, folders = 0, bytes = 0,
    skipped = json.array {}, failed = json.array {}, warnings = json.array {} }
  for _, item in ipairs(plan.items) do
    if item.verdict == "same" then
      report.same = report.same + (item.kind ~= "DIRECTORY" and 1 or 0)
    elseif item.verdict ~= "copy" then
      table.insert(report.skipped, { path = item.path, target = item.target,
        verdict = item.verdict, reason = item.reason })
    end
  end
  return report
end

-- Bytes of a large object, and how many large objects are held at a time.
local LARGE <const>, LARGE_JOBS <const> = 1024 * 1024, 2

local function todo_of(plan)
  local small, large = {}, {}
  for _, item in ipairs(plan.items) do
    if item.verdict == "copy" and item.kind ~= "DIRECTORY" then
      local list = (item.size or 0) >= LARGE and large or small
      list[#list + 1] = item
    end
  end
  return small, large
end

local function paths_of(plan)
  local set = {}
  for _, item in ipairs(plan.items) do
    set[item.path] = true
  end
  return set
end

local function sort_report(report)
  table.sort(report.copied)
  table.sort(report.warnings)
  for _, list in ipairs { report.skipped, report.failed } do
    table.sort(list, function(a, b) return a.path < b.path end)
  end
end

--- Do what the plan says. Faults of single objects are in the report; a fault that every object
-- would meet (no log-in, no journal, cancelled) is raised.
---@param source { read: fun(item: tarn.SourceItem): string }
---@param target_ws tarn.WorkspaceClient
---@param plan tarn.SourcePlan
---@param op? tarn.Operation
---@param opts? { progress?: fun(done: integer, total: integer, what: string), jobs?: integer,
---  memo?: tarn.Memo }
---@return tarn.SourceReport
function M.run(source, target_ws, plan, op, opts)
  opts = opts or {}
  local jobs = opts.jobs or 32
  local small, large = todo_of(plan)
  local self = setmetatable({
    ws = target_ws, read = source.read, plan = plan, op = op or no_operation,
    report = new_report(plan), progress = opts.progress, done = 0, silent = 0,
    total = #plan.folders + #small + #large, planned = paths_of(plan),
    memo = opts.memo or memo.new(),
    connection = tostring(target_ws.native),
  }, Copy)
  local function one(step)
    return function(item)
      local _, e = fault.try(step, self, item)
      if e then
        self:fail(item, e)
      else
        self.silent = 0
      end
      self:advance(item.target or item.path)
    end
  end
  pool.each(plan.folders, one(self.make_folder), { limit = jobs })
  pool.each(small, one(self.copy_once), { limit = jobs })
  pool.each(large, one(self.copy_once), { limit = math.min(jobs, LARGE_JOBS) })
  sort_report(self.report)
  return self.report
end

return M
