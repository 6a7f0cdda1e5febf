local access = require "tarn.permissions.acl"
local fault = require "base.fault"
local journal = require "tarn.journal"
local stopping = require "tarn.stop"

local function wanted_of(op, arg)
  local wanted = { grants = {}, revoked = {} }
  for i, text in ipairs(arg.entries or {}) do
    wanted.grants[i] = access.grant(op, text)
  end
  for i, text in ipairs(arg.revoke or {}) do
    wanted.revoked[i] = access.principal(op, "--revoke", text)
  end
  wanted.owner = arg.owner and access.principal(op, "--owner", arg.owner)
  if #wanted.grants + #wanted.revoked == 0 and not wanted.owner then
    fault.usage(op, "nothing is granted, revoked or given away",
      "such as: tarn grant sales user:ana@example.com=CAN_RUN")
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
  summary = "Change who may do what with a pipeline.",
  effect = "write",
  route = { "POST", "/api/dlt/pipelines/{pipeline}/permissions" },
  returns = { pipeline_id = "string", name = "string", status = "string" },
  details = [[
A grant is WHO=LEVEL: user:ana@example.com=CAN_RUN, group:analysts=CAN_VIEW, or
service:APPLICATION-ID=CAN_MANAGE. Whoever has a level already gets the new one in its place; others
are not touched. --revoke takes away what was granted directly, not what is inherited.

A pipeline has exactly one owner, a user or a service principal. --owner names another one; only
an admin of the workspace may, and where the pipeline publishes to Unity Catalog only after its
first update. The former owner keeps CAN_MANAGE, unless --revoke names them too.

What the list was is in the journal: `tarn undo` restores it.]],
  args = {
    { "pipeline", "pipeline", "Id, name, or unique beginning of the name." },
    { "entries", "list", "Who gets which level: WHO=LEVEL.", optional = true, positional = true },
    { "revoke", "list", "Whose own level is taken away (repeatable).", optional = true,
      value = "WHO" },
    { "owner", "string", "Who owns it from now on.", optional = true, value = "WHO" },
    { "dry_run", "flag", "Say what would change, and change nothing." },
  },
  examples = {
    { "grant sales user:ana@example.com=CAN_RUN group:analysts=CAN_VIEW", "two grants" },
    { "grant sales --revoke user:ben@example.com --dry-run", "look first" },
    { "grant sales --owner service:6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718", "as an admin" },
  },
  see = { "permissions", "undo" },
  render = { text = show },

  run = function(ctx, arg)
    local wanted = wanted_of(ctx.op, arg)
    local ws = ctx.workspace
    local found = ws:pipeline(arg.pipeline)
    local plan = access.plan(ctx.op, ws, found, wanted)
    local report = { pipeline_id = found.pipeline_id, name = found.name, changes = plan.changes,
      dry_run = arg.dry_run or nil, status = #plan.changes > 0 and "changed" or "unchanged" }
    if arg.dry_run then
      report.status = #plan.changes > 0 and "would be changed" or "unchanged"
      report.request = #plan.changes > 0 and { method = plan.method,
        path = "/api/2.0/permissions/pipelines/" .. found.pipeline_id,
        body = { access_control_list = plan.list } } or nil
    elseif #plan.changes > 0 then
      local op <close> = journal.begin { command = "grant", arg = arg,
        target = stopping.side(ws, found) }
      access.apply(ws, found, plan, op)
      report.operation = op.id
      op:finish("done", report)
    end
    return report
  end,
}
