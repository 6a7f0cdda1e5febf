--- Clone many pipelines with one command. Each clone has an outcome of its own.

local arguments = require "tarn.clone.arguments"
local choice = require "tarn.clone.choice"
local clone = require "tarn.clone"
local collections = require "base.collections"
local copy = require "tarn.clone.copy"
local fault = require "base.fault"
local journal = require "tarn.journal"
local json = require "native.json"
local pool = require "base.pool"
local report = require "engine.report"
local resume = require "tarn.clone.resume"

local M = {}

local AT_ONCE <const> = 64   -- clones at once; the connection limits the calls
local NOT_CLONABLE <const> = "NOT_CLONABLE"
local INDEX_FROM <const> = 4 -- for this many clones, list all names of the target once

-- ---- one clone of many ----

-- The sources that the copy needs and that the clone did not bring to the target.
local function not_copied(plan)
  local list = json.array {}
  for _, item in ipairs(plan and plan.sources and plan.sources.items or {}) do
    if item.verdict ~= "copy" and item.verdict ~= "same" then
      list[#list + 1] = { path = item.path, verdict = item.verdict, reason = item.reason }
    end
  end
  return list
end

local function result_of(item, plan, status)
  local sources = not_copied(plan)
  local attention = #sources
  for _, row in ipairs(plan and plan.fields or {}) do
    attention = attention + (row.verdict == "attention" and 1 or 0)
  end
  return {
    source_pipeline_id = plan and plan.source.pipeline_id or item.pipeline,
    source_pipeline_name = plan and plan.source.name or item.name,
    new_name = plan and plan.name or json.null, status = status, attention = attention,
    new_pipeline_id = plan and plan.target.pipeline_id or json.null,
    warnings = plan and plan.warnings or json.array {}, not_copied = sources,
  }
end

local Run = {}
Run.__index = Run

function Run:apply(item, plan)
  if clone.is_over(plan) then
    return result_of(item, plan, "unchanged")
  end
  local op <close> = self.op:item { source = plan.source, target = plan.target }
  local done = clone.apply(plan, op)
  local partly = #done.problems > 0 or done.sources and #done.sources.failed > 0
  local result = result_of(item, plan, partly and "partial" or done.status)
  result.operation, result.update_id = op.id, done.update_id
  for _, lost in ipairs(done.sources and done.sources.failed or {}) do
    table.insert(result.not_copied,
      { path = lost.path, verdict = lost.verdict, reason = lost.reason })
  end
  if done.problems[1] then
    result.error = report.fields(done.problems[1])
  end
  op:finish(partly and "partial" or done.status == "unchanged" and "unchanged" or "done",
    { status = done.status, new_pipeline_id = done.pipeline_id, new_name = plan.name,
      hooks = plan.hooks })
  return result
end

-- A pipeline that can never be cloned is reported, but is not a failure of the command. Everything
-- else is, refused plans included: the cause may pass, and --resume tries again.
function Run:note(result, e)
  if e then
    result.error = report.fields(e)
    self.faults = self.faults + (e.code ~= NOT_CLONABLE and 1 or 0)
  end
end

function Run:clone(item)
  local options = arguments.options(self.arg)
  options.pipeline, options.session = item.pipeline, self.session
  options.command = arguments.command_line(self.arg, item.pipeline, self.to)
  local plan = clone.plan(self.ctx.workspace, self.target, options)
  if self.arg.suggest_map then
    self.plans[#self.plans + 1] = plan
    return result_of(item, plan, "planned")
  elseif self.arg.dry_run or plan.refusals[1] then
    local result = result_of(item, plan, plan.refusals[1] and "refused" or "planned")
    result.action = plan.action
    self:note(result, plan.refusals[1])
    return result
  end
  return self:apply(item, plan)
end

-- True for a fault that every other clone would meet too.
local function is_fatal(e)
  return e.kind == "cancelled" or e.kind == "io" or e.kind == "bug" or e.status == 401
end

function Run:one(item)
  local result, e = fault.try(self.clone, self, item)
  if e and is_fatal(e) then
    fault.raise(e)
  elseif e then
    result = result_of(item, nil, e.code == NOT_CLONABLE and "refused" or "failed")
    self:note(result, e)
  end
  self.finished = self.finished + 1
  self.ctx.progress(self.finished, self.total, result.source_pipeline_name)
  return result
end

local function begin(self, record)
  if self.arg.dry_run or self.arg.suggest_map then
    return nil
  elseif record then
    return journal.adopt(record.id)
  end
  local kept = arguments.kept(self.arg)
  kept.items = self.arg.from_file == "-" and json.array(self.list) or nil
  return journal.begin { command = self.ctx.op:match "%S+$", arg = kept,
    source = { host = self.here.host, org_id = self.here.org_id, profile = self.here.profile },
    target = { host = self.there.host, org_id = self.there.org_id,
      profile = self.there.profile } }
end

local function finish(self, data)
  local failed = self.faults + (data.counts.partial or 0)
  if self.op then
    local changed = (data.counts.created or 0) + (data.counts.updated or 0)
    self.op:finish(failed > 0 and (changed > 0 and "partial" or "failed")
      or changed > 0 and "done" or "unchanged", { counts = data.counts })
    data.operation = self.op.id
  end
  if failed > 0 then
    self.ctx.finish "failed"
  end
end

-- Ask the questions that every clone has while the list of pipelines is still on its way. Faults
-- are dropped: the clone that needs the answer asks again and reports the fault.
local function ask_ahead(session)
  pool.each({ session.source, session.target }, function(probe)
    fault.try(probe.identity, probe)
    fault.try(probe.metastore, probe)
  end)
end

--- Clone many pipelines. A clone that fails does not stop the others.
---@param ctx tarn.Context
---@param arg table
---@param target? tarn.WorkspaceClient
---@return table { results, counts, warnings }
function M.run(ctx, arg, target)
  local record, done = nil, {}
  if arg.resume then
    record, target, done = resume.prepare(ctx, arg, target)
  end
  target = target or ctx.workspace
  local session = clone.session(ctx.workspace, target, arguments.options(arg))
  local wait_for_answers = pool.begin(ask_ahead, session)
  local list = choice.choose(ctx, arg)
  choice.check_name(ctx, arg, list, target)
  wait_for_answers()
  local here, there = session.source:identity(), session.target:identity()
  if here.org_id == there.org_id then
    list = choice.without_copies(list, arg)
  end
  local self = setmetatable({ ctx = ctx, arg = arg, target = target,
    session = session, total = #list, here = here, there = there, list = list,
    to = target ~= ctx.workspace and target.profile or nil, finished = 0, faults = 0,
    plans = {} }, Run)
  if #list >= INDEX_FROM then
    self.session.names = copy.index(target)
  end
  local op <close> = begin(self, record)
  self.op = op
  local results = pool.map(list, function(item)
    local before = done[item.pipeline]
    if before then
      self.finished = self.finished + 1
      return { source_pipeline_id = item.pipeline, source_pipeline_name = item.name,
        new_name = before.target.name or json.null, status = "unchanged", attention = 0,
        new_pipeline_id = before.target.pipeline_id or json.null, operation = before.id }
    end
    return self:one(item)
  end, { limit = math.min(ctx.options.jobs or AT_ONCE, AT_ONCE) })
  if arg.suggest_map then
    return require("tarn.mapping").suggest.map(self.plans)
  end
  local data = { results = json.array(results), counts = collections.counts(results, "status"),
    warnings = json.array(self.session.map:unused()), dry_run = arg.dry_run }
  finish(self, data)
  return data
end

return M
