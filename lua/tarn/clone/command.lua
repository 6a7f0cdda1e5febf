--- The run and data of `tarn clone` and `tarn clone-to-workspace`.

local arguments = require "tarn.clone.arguments"
local bulk = require "tarn.clone.bulk"
local clone = require "tarn.clone"
local collections = require "base.collections"
local fault = require "base.fault"
local journal = require "tarn.journal"
local jobs = require "tarn.clone.jobs"
local json = require "native.json"
local report = require "engine.report"
local suggest = require("tarn.mapping").suggest

local M = {}

-- ---- the data of one clone ----

local function count(list)
  return type(list) == "table" and #list or 0
end

local function preview(plan)
  local body = plan.body
  return { catalog = body.catalog or json.null, target = body.target or body.schema or json.null,
    libraries_count = count(body.libraries), clusters_count = count(body.clusters) }
end

local function verdict_counts(rows)
  local counts = collections.counts(rows, "verdict")
  for _, verdict in ipairs { "kept", "set", "mapped", "dropped", "attention" } do
    counts[verdict] = counts[verdict] or 0
  end
  return counts
end

local function public_side(side)
  return { host = side.host, org_id = side.org_id, profile = side.profile, user = side.user,
    pipeline_id = side.pipeline_id, name = side.name }
end

local function fault_list(faults)
  local list = json.array {}
  for i, e in ipairs(faults) do
    list[i] = report.fields(e)
  end
  return list
end

-- The sources of a plan, with the fields that a reader needs.
local function source_rows(made)
  local list = json.array {}
  for i, item in ipairs(made and made.items or {}) do
    list[i] = { path = item.path, target = item.target, kind = item.kind, verdict = item.verdict,
      reason = item.reason, language = item.language, format = item.format, size = item.size }
  end
  return made and list or nil
end

--- A plan as data for output: without handles and secrets.
---@param plan tarn.ClonePlan
---@return table
function M.data(plan)
  local body, shown = plan.body, preview(plan)
  return {
    source_pipeline_id = plan.source.pipeline_id, source_pipeline_name = plan.source.name,
    pipeline_id = plan.source.pipeline_id, new_name = plan.name,
    source_workspace = plan.source.host, dest_workspace = plan.target.host,
    source = public_side(plan.source), copy = public_side(plan.target),
    dest_pipeline_id = plan.target.pipeline_id or json.null,
    same_workspace = plan.same_workspace, action = plan.action, changes = plan.changes,
    catalog = body.catalog or json.null, target = shown.target,
    libraries_count = count(body.libraries),
    clusters_count = count(body.clusters), continuous = body.continuous == true,
    serverless = body.serverless == true, spec_preview = shown,
    fields = plan.fields, counts = verdict_counts(plan.fields), steps = plan.steps,
    warnings = plan.warnings, admin_commands = clone.admin_commands(plan),
    effective_settings = plan.effective, effective_differences = plan.effective_differences,
    placeholder = plan.placeholder and plan.placeholder.path, sources = source_rows(plan.sources),
    problems = fault_list(plan.refusals), hooks = plan.hooks, jobs = jobs.data(plan),
    code_names = plan.code_names, rewrite_code = plan.rewrites,
  }
end

-- ---- one clone ----

local function outcome_of(e)
  local status = report.status(e)
  for name, number in pairs(report.statuses) do
    if number == status then
      return name
    end
  end
end

local function finish(data, plan, done, ctx)
  data.status, data.new_pipeline_id = done.status, done.pipeline_id
  data.dest_pipeline_id, data.update_id = done.pipeline_id, done.update_id
  data.copy.pipeline_id = done.pipeline_id
  data.sources_report = done.sources
  data.jobs = jobs.data(plan)
  for _, e in ipairs(done.problems) do
    table.insert(data.problems, report.fields(e))
  end
  local failed = done.problems[1]
  if failed then
    ctx.finish(outcome_of(failed))
  elseif done.sources and #done.sources.failed > 0 then
    ctx.finish "failed"
  end
  return failed ~= nil or done.sources ~= nil and #done.sources.failed > 0
end

local function check_unused(data, map)
  for _, unused in ipairs(map:unused()) do
    table.insert(data.warnings, unused)
  end
end

local function clone_one(ctx, arg, target)
  local options = arguments.options(arg)
  options.pipeline = arg.pipeline
  options.session = clone.session(ctx.workspace, target, options)
  options.command = arguments.command_line(arg, arg.pipeline,
    target ~= ctx.workspace and target.profile)
  local plan = clone.plan(ctx.workspace, target, options)
  if arg.suggest_map then
    return suggest.map { plan }
  end
  local data = M.data(plan)
  check_unused(data, options.session.map)
  data.dry_run = arg.dry_run
  if arg.dry_run then
    data.status = "planned"
    if plan.refusals[1] then
      data.status = "refused"
      ctx.finish(outcome_of(plan.refusals[1]))
    end
    return data
  end
  clone.check(plan)
  if clone.is_over(plan) then
    data.status, data.new_pipeline_id = "unchanged", plan.copy.pipeline_id
    data.dest_pipeline_id = plan.copy.pipeline_id
    return data
  end
  local op <close> = journal.begin { command = ctx.op:match "%S+$", arg = arguments.kept(arg),
    source = plan.source, target = plan.target }
  data.operation = op.id
  local done = clone.apply(plan, op, { progress = ctx.progress })
  local partly = finish(data, plan, done, ctx)
  data.admin_commands = clone.admin_commands(plan)
  op:finish(partly and "partial" or done.status == "unchanged" and "unchanged" or "done",
    { status = done.status, new_pipeline_id = done.pipeline_id, new_name = plan.name,
      hooks = plan.hooks })
  return data
end

--- Run one of the two commands. The default target is the source's workspace, or with --resume the
-- target of the interrupted run.
---@param ctx tarn.Context
---@param arg table
---@param target? tarn.WorkspaceClient
---@return any
function M.run(ctx, arg, target)
  target = target or not arg.resume and ctx.workspace or nil
  if arg.match or arg.from_file or arg.resume then
    if arg.pipeline then
      fault.usage(ctx.op, "PIPELINE cannot be combined with --match, --from-file or --resume")
    end
    return bulk.run(ctx, arg, target)
  elseif not arg.pipeline then
    fault.usage(ctx.op, "PIPELINE is missing", "or choose many with --match or --from-file")
  elseif arg.exclude then
    fault.usage(ctx.op, "--exclude needs --match or --from-file")
  end
  return clone_one(ctx, arg, target or ctx.workspace)
end

return M
