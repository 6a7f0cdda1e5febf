local acl = require "tarn.permissions.acl"
local fault = require "base.fault"
local journal = require "tarn.journal"
local stop = require "tarn.stop"

local function wanted_of(op, arg)
  local wanted = { grants = {}, revoked = {} }
  for i, text in ipairs(arg.entries or {}) do
    wanted.grants[i] = acl.grant(op, text)
  end
  for i, text in ipairs(arg.revoke or {}) do
    wanted.revoked[i] = acl.principal(op, "--revoke", text)
  end
  wanted.owner = arg.owner and acl.principal(op, "--owner", arg.owner)
  if #wanted.grants + #wanted.revoked == 0 and not wanted.owner then
    fault.usage(op, "nothing to change: give a grant, --revoke or --owner",
      "for example: tarn grant sales user:ana@example.com=CAN_RUN")
  end
  return wanted
end

local function row_text(_, row)
  return ("%s -> %s"):format(row.from or "nothing", row.to or "nothing")
end

local function show(data, screen)
  screen:heading(("%s: %s"):format(screen:clean(data.name), data.status))
  if #data.changes > 0 then
    screen:table(data.changes, { { "kind" }, { "principal" },
      { "to", title = "CHANGE", text = row_text } })
  end
end

return {
  summary = "Change the permissions of a pipeline.",
  effect = "write",
  route = { "POST", "/api/dlt/pipelines/{pipeline}/permissions" },
  returns = { pipeline_id = "string", name = "string", status = "string" },
  details = [[
A grant is WHO=LEVEL: user:ana@example.com=CAN_RUN, group:analysts=CAN_VIEW, or
service:APPLICATION-ID=CAN_MANAGE. It replaces the level that the principal has; other principals
are not changed. --revoke removes a direct grant; an inherited one cannot be removed here.

A pipeline has exactly one owner, a user or a service principal. Only an admin of the workspace
can change it with --owner; for a pipeline that publishes to Unity Catalog, only after its first
update. The former owner keeps CAN_MANAGE, unless --revoke names them.

The journal keeps the former permissions: `tarn undo` restores them.]],
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
    { "entries", "list", "Grants, as WHO=LEVEL.", optional = true, positional = true },
    { "revoke", "list", "Principal whose direct grant is removed (repeatable).", optional = true,
      value = "WHO" },
    { "owner", "string", "The new owner.", optional = true, value = "WHO" },
    { "dry_run", "flag", "Show what would be changed, and change nothing." },
  },
  examples = {
    { "grant sales user:ana@example.com=CAN_RUN group:analysts=CAN_VIEW", "grant two levels" },
    { "grant sales --revoke user:ben@example.com --dry-run", "show what would be changed" },
    { "grant sales --owner service:6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718",
      "change the owner, as an admin" },
  },
  see = { "permissions", "undo" },
  render = { text = show },

  run = function(ctx, arg)
    local wanted = wanted_of(ctx.op, arg)
    local ws = ctx.workspace
    local found = ws:pipeline(arg.pipeline)
    local plan = acl.plan(ctx.op, ws, found, wanted)
    local report = { pipeline_id = found.pipeline_id, name = found.name, changes = plan.changes,
      dry_run = arg.dry_run or nil, status = #plan.changes > 0 and "changed" or "unchanged" }
    if arg.dry_run then
      report.status = #plan.changes > 0 and "would be changed" or "unchanged"
      report.request = #plan.changes > 0 and { method = plan.method,
        path = "/api/2.0/permissions/pipelines/" .. found.pipeline_id,
        body = { access_control_list = plan.list } } or nil
    elseif #plan.changes > 0 then
      local op <close> = journal.begin { command = "grant", arg = arg,
        target = stop.side(ws, found) }
      acl.apply(ws, found, plan, op)
      report.operation = op.id
      op:finish("done", report)
    end
    return report
  end,
}
