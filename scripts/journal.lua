local journal = require "tarn.journal"
local rows = require "output.render.rows"
local show = require "tarn.journal.show"
local time = require "base.time"

local function list(ctx, arg)
  local since, last = time.range(ctx.op, arg.since, arg["until"])
  local next_record = journal.operations { command = arg.command, status = arg.status,
    since = since, until_ms = last, limit = arg.limit }
  return function()
    local record = next_record()
    return record and show.row(record)
  end
end

return {
  summary = "Show the operations that changed something, and their results.",
  effect = "read",
  route = { "GET", "/api/dlt/journal/{operation}" },
  returns = { any = {
    { { id = "string", command = "string", status = "string", start_time = "integer",
      ["end_time?"] = "integer" } },
    { id = "string", command = "string", status = "string", steps = { { kind = "string",
      n = "integer", status = "string" } } },
  } },
  details = [[
Each request that changes something is recorded before it is sent, and its result afterwards.
Without an argument, the command lists the operations, newest first. With one, it shows the steps
of the operation and the fields that they changed. Values that look like secrets are shown as ***.

An operation is named by its id, the beginning of the id or of the id's second half, or "last". An
operation is `interrupted` if it was killed while it ran. A step is `unknown` if its request may
have been sent but the answer was lost. --look asks the workspace for the result of such steps and
records it; no request is sent again.

The journal is $XDG_STATE_HOME/tarn/journal.db (default: ~/.local/state). It keeps the former
settings and sources, which undo needs. Only its owner can read it.]],
  args = {
    { "operation", "string", "Show this operation: its id, the beginning of the id, or last.",
      optional = true, positional = true, of = "operation" },
    { "command", "string", "List operations of this command.", optional = true, of = "command" },
    { "status", "choice", "List operations with this status.", optional = true,
      choices = { "running", "done", "failed", "partial", "unchanged", "interrupted", "unknown",
        "undone" } },
    { "since", "string", "List operations after this time: 7d, today, a date.", optional = true,
      value = "TIME" },
    { "until", "string", "List operations before this time.", optional = true, value = "TIME" },
    { "limit", "integer", "Most operations to list.", default = 50, min = 1, value = "N" },
    { "look", "flag", "Ask the workspace for the results of unknown steps.",
      served = false },
  },
  examples = {
    { "journal", "list the newest operations" },
    { "journal last", "show the steps of the newest operation" },
    { "journal --status interrupted", "list interrupted operations" },
    { "journal last --look", "find out the results of unknown steps" },
  },
  see = { "undo" },
  render = {
    columns = { "id", "start_time", "command", "status", "source", "target", "workspace",
      "undone_by" },
    text = function(data, screen, ...)
      if rows.is_iterator(data) then
        screen:list("operation", { { "id", worth = 9 }, { "start_time", title = "TIME" },
          { "command", worth = 8 }, { "status", worth = 7 }, { "source", worth = 6 },
          { "target", worth = 6 }, { "workspace" } }, data, ...)
      else
        show.page(data, screen, ...)
      end
    end,
  },

  run = function(ctx, arg)
    if not arg.operation then
      return list(ctx, arg)
    end
    local record = journal.find(arg.operation)
    if arg.look then
      local undo = require "tarn.undo"
      for _, step in ipairs(undo.settle(undo.open(ctx, record), record.id)) do
        ctx.warn(("step %s/%d: %s"):format(step.op, step.n, step.doubt))
      end
      record = journal.find(record.id)
    end
    return show.details(record)
  end,
}
