--- Many clones with one command: chosen by name or from a file, several at a time, each with an
-- outcome of its own.

local arguments = require "tarn.clone.arguments"
local clone = require "tarn.clone"
local copies = require "tarn.clone.copy"
local fault = require "base.fault"
local fields = require "tarn.spec"
local fs = require "native.fs"
local glob = require "base.glob"
local journal = require "tarn.journal"
local json = require "native.json"
local pipelines = require "tarn.pipelines"
local pool = require "base.pool"
local report = require "engine.report"
local secrets = require "base.secrets"

local M = {}

local AT_ONCE <const> = 64   -- clones: about one call each; the connection bounds calls
local NOT_CLONABLE <const> = "NOT_CLONABLE"
local INDEX_FROM <const> = 4 -- from so many on, the target's names are listed once

-- ---- which ----

local function excluded(list)
  local matchers = {}
  for i, pattern in ipairs(list or {}) do
    matchers[i] = glob.matcher(pattern)
  end
  return function(name)
    for _, matches in ipairs(matchers) do
      if matches(name) then
        return true
      end
    end
    return false
  end
end

local function read_file(op, path)
  local text = path == "-" and io.read "a" or path ~= "-" and fs.find_read(path)
  if not text then
    fault.usage(op, ("there is no file '%s'"):format(path))
  end
  local list = {}
  for line in (text .. "\n"):gmatch "(.-)\r?\n" do
    local name = line:match "^%s*(.-)%s*$"
    if name ~= "" and name:sub(1, 1) ~= "#" then
      list[#list + 1] = { pipeline = name, name = name }
    end
  end
  return list
end

-- In one workspace the copies of an earlier run match as well as their sources: what is the
-- copy of another one on the list is taken off.
local function without_copies(list, arg)
  local made = {}
  for _, item in ipairs(list) do
    if arg.name then
      made[clone.name(arg.name, item.name, false)] = item.name
    end
  end
  local kept = {}
  for _, item in ipairs(list) do
    local source = made[item.name]
    if not source or source == item.name then
      kept[#kept + 1] = item
    end
  end
  return kept
end

local function choose(ctx, arg)
  if arg.items then
    return arg.items -- what standard input said to the run that was cut off
  end
  local is_excluded, list, seen = excluded(arg.exclude), {}, {}
  local function add(item)
    if not is_excluded(item.name) and not seen[item.pipeline] then
      seen[item.pipeline] = true
      list[#list + 1] = item
    end
  end
  for _, item in ipairs(arg.from_file and read_file(ctx.op, arg.from_file) or {}) do
    add(item)
  end
  if arg.match then
    local matches = glob.matcher(arg.match)
    for item in pipelines.states(ctx.workspace) do
      if matches(item.name or "") then
        add { pipeline = item.pipeline_id, name = item.name }
      end
    end
  end
  return list
end

-- Several sources must not become one copy.
local function check_name(ctx, arg, list, target)
  if not arg.name and target == ctx.workspace then
    fault.usage(ctx.op, "--name is missing: source and target are the same workspace",
      "'*' in it stands for the source's name: --name '*_copy'")
  elseif arg.name and not arg.name:find("*", 1, true) and #list > 1 then
    fault.usage(ctx.op, ("%d pipelines cannot all be named '%s'"):format(#list, arg.name),
      "'*' in --name stands for the source's name")
  end
end

-- ---- a run that was cut off ----

local WORK_LEFT <const> = { failed = true, partial = true, unknown = true }

-- The newest bulk clone, if it ended with something left to do (Ctrl-C, a log-in that expired);
-- else the newest without an end. Of those that were chosen the same way if this one says how.
-- Nil if there is none: then it was cut off before it began. Without any choice there is
-- nothing to begin, which raises a fault.
local function find_interrupted(ctx, arg)
  local is_chosen = arg.match or arg.from_file
  local wanted = arg.from_file and arguments.kept(arg).from_file
  local newest = true
  for record in journal.operations { command = ctx.op:match "%S+$" } do
    local then_ = record.arg or {}
    if is_chosen and then_.match == arg.match and then_.from_file == wanted
      and then_.name == arg.name or not is_chosen and (then_.match or then_.from_file) then
      if record.status == "interrupted" or newest and WORK_LEFT[record.status] then
        return record
      end
      newest = false
    end
  end
  if is_chosen then
    return nil
  end
  fault.not_found(ctx.op, "no bulk clone was cut off", "`tarn journal` lists what was done")
end

local RESUMED <const> = { "match", "from_file", "exclude", "name", "map", "catalog", "schema",
  "set", "drop", "path_map", "with_sources", "overwrite", "permissions", "production", "continuous",
  "placeholder", "start", "update" }

-- The workspace of a run that was cut off: the one given now, or that of its profile then.
local function open_side(ctx, side, given)
  if side.profile and (not given or given.profile ~= side.profile) then
    return ctx.open(side.profile)
  end
  return given
end

-- Take up a run: its arguments, its workspaces, what it has done.
local function resume(ctx, arg, target)
  local record = find_interrupted(ctx, arg)
  if not record then
    return nil, target, {}
  end
  local again = fields.copy(record.arg)
  for _, name in ipairs(RESUMED) do
    arg[name] = type(arg[name]) == "table" and arg[name] or again[name]
  end
  arg.items = again.items
  for _, item in ipairs(arg.set or {}) do
    if secrets.is_masked(item) then
      fault.usage(ctx.op, ("the journal does not keep the secret of --set %s"):format(item),
        "give all --set options again, beside --resume")
    end
  end
  rawset(ctx, "workspace", open_side(ctx, record.source, rawget(ctx, "workspace")))
  if record.target.org_id ~= record.source.org_id then
    target = open_side(ctx, record.target, target)
    if not target then
      fault.usage(ctx.op, ("the target %s has no profile: name it again"):format(
        record.target.host or ""))
    end
  end
  local done = {}
  for _, item in ipairs(journal.items(record.id)) do
    if item.status == "done" or item.status == "unchanged" then
      done[item.source.pipeline_id or ""] = item
    end
  end
  return record, target, done
end

-- ---- one of many ----

-- Sources that the copy needs and that are not at the target as they are here.
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

-- What cannot be cloned at all is told, and does not make the whole a failure. All else does,
-- refused plans too: what refused them may pass, and --resume tries again.
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

-- A fault that every other clone would meet too.
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

local function count(results)
  local counts = {}
  for _, result in ipairs(results) do
    counts[result.status] = (counts[result.status] or 0) + 1
  end
  return counts
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

-- What every clone will ask, asked while the list of pipelines is still on its way. A refusal
-- is met again, and told, by who needs the answer.
local function ask_ahead(session)
  pool.each({ session.source, session.target }, function(probe)
    fault.try(probe.identity, probe)
    fault.try(probe.metastore, probe)
  end)
end

--- Clone many pipelines. One that fails does not stop the rest.
---@param ctx tarn.Context
---@param arg table
---@param target? tarn.WorkspaceClient
---@return table { results, counts, warnings }
function M.run(ctx, arg, target)
  local record, done = nil, {}
  if arg.resume then
    record, target, done = resume(ctx, arg, target)
  end
  target = target or ctx.workspace
  local session = clone.session(ctx.workspace, target, arguments.options(arg))
  local warm = pool.begin(ask_ahead, session)
  local list = choose(ctx, arg)
  check_name(ctx, arg, list, target)
  warm()
  local here, there = session.source:identity(), session.target:identity()
  if here.org_id == there.org_id then
    list = without_copies(list, arg)
  end
  local self = setmetatable({ ctx = ctx, arg = arg, target = target,
    session = session, total = #list, here = here, there = there, list = list,
    to = target ~= ctx.workspace and target.profile or nil, finished = 0, faults = 0,
    plans = {} }, Run)
  if #list >= INDEX_FROM then
    self.session.names = copies.index(target)
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
  local data = { results = json.array(results), counts = count(results),
    warnings = json.array(self.session.map:unused()), dry_run = arg.dry_run }
  finish(self, data)
  return data
end

return M
