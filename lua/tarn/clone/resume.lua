--- Resume a bulk clone that was interrupted or that ended with work left.

local arguments = require "tarn.clone.arguments"
local fault = require "base.fault"
local journal = require "tarn.journal"
local secrets = require "base.secrets"
local spec = require "tarn.spec"

local M = {}

local WORK_LEFT <const> = { failed = true, partial = true, unknown = true }

-- The bulk clone to resume: the newest one, if it ended with work left (Ctrl-C, an expired log-in),
-- else the newest one that was interrupted. If this run says how to choose pipelines, only runs
-- with the same choice count, and nil means that this run begins anew. Without a choice and without
-- a run to resume, a fault is raised.
local function find_interrupted(ctx, arg)
  local is_chosen = arg.match or arg.from_file
  local wanted = arg.from_file and arguments.kept(arg).from_file
  local newest = true
  for record in journal.operations { command = ctx.op:match "%S+$" } do
    local kept = record.arg or {}
    if is_chosen and kept.match == arg.match and kept.from_file == wanted
      and kept.name == arg.name or not is_chosen and (kept.match or kept.from_file) then
      if record.status == "interrupted" or newest and WORK_LEFT[record.status] then
        return record
      end
      newest = false
    end
  end
  if is_chosen then
    return nil
  end
  fault.not_found(ctx.op, "no bulk clone was interrupted", "`tarn journal` lists the operations")
end

local RESUMED <const> = { "match", "from_file", "exclude", "name", "map", "catalog", "schema",
  "set", "drop", "path_map", "with_sources", "overwrite", "permissions", "production", "continuous",
  "placeholder", "start", "update" }

-- The workspace of an interrupted run: the given one, or the one of the profile that the run used.
local function open_side(ctx, side, given)
  if side.profile and (not given or given.profile ~= side.profile) then
    return ctx.open(side.profile)
  end
  return given
end

--- Prepare to resume a run: `arg` and `ctx` get its arguments and workspace.
---@param ctx tarn.Context
---@param arg table
---@param target? tarn.WorkspaceClient
---@return table? record of the run; nil if there is no run to resume
---@return tarn.WorkspaceClient? target
---@return table<string, table> done id of the source -> journal item of a finished clone
function M.prepare(ctx, arg, target)
  local record = find_interrupted(ctx, arg)
  if not record then
    return nil, target, {}
  end
  local again = spec.copy(record.arg)
  for _, name in ipairs(RESUMED) do
    arg[name] = type(arg[name]) == "table" and arg[name] or again[name]
  end
  arg.items = again.items
  for _, item in ipairs(arg.set or {}) do
    if secrets.is_masked(item) then
      fault.usage(ctx.op, ("the journal does not keep the secret of --set %s"):format(item),
        "give all --set options again, together with --resume")
    end
  end
  rawset(ctx, "workspace", open_side(ctx, record.source, rawget(ctx, "workspace")))
  if record.target.org_id ~= record.source.org_id then
    target = open_side(ctx, record.target, target)
    if not target then
      fault.usage(ctx.op, ("the interrupted run reached its target %s without a profile: give the "
        .. "target again"):format(record.target.host or ""))
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

return M
