local journal = require "tarn.journal"
local show = require "tarn.journal.show"
local time = require "base.time"

local function list(ctx, arg)
  local next_record = journal.operations { command = arg.command, status = arg.status,
    since = arg.since and time.since(ctx.op, "--since", arg.since), limit = arg.limit }
  return function()
    local record = next_record()
    return record and show.row(record)
  end
end

return {
  summary = "Show what was changed by which command, and what became of it.",
  effect = "read",
  route = { "GET", "/api/dlt/journal/{operation}" },
  returns = { any = {
    { { id = "string", command = "string", status = "string", start_time = "integer",
      ["end_time?"] = "integer" } },
    { id = "string", command = "string", status = "string", steps = { { kind = "string",
      n = "integer", status = "string" } } },
  } },
  details = [[
Every request that changes something is written down before it is sent, and its outcome
after. Without an argument: the operations, newest first. With one: its steps, and the fields
that they changed. What looks like a secret is shown as ***.

An operation is named by its id, the beginning of it or of its second half, or "last". One
that is `interrupted` was killed in the middle; a step that is `unknown` was sent, or about to
be, and nobody saw the answer. --look asks the workspace what became of it and writes that
down; nothing is sent again.

The journal is $XDG_STATE_HOME/tarn/journal.db, by default in ~/.local/state. It keeps what
undo needs: settings and sources as they were before. Only its owner can read it.]],
  args = {
    { "operation", "string", "Show this one: its id, the beginning of it, or last.",
      optional = true, positional = true, of = "operation" },
    { "command", "string", "Only operations of this command.", optional = true, of = "command" },
    { "status", "choice", "Only operations with this outcome.", optional = true,
      choices = { "running", "done", "failed", "partial", "unchanged", "interrupted", "unknown",
        "undone" } },
    { "since", "string", "Only operations since then: 7d, 12h, or a date.", optional = true,
      value = "TIME" },
    { "limit", "integer", "At most so many.", default = 50, min = 1, value = "N" },
    { "look", "flag", "Ask the workspace what became of steps that are unknown.",
      served = false },
  },
  examples = {
    { "journal", "the newest operations" },
    { "journal last", "the steps of the newest one" },
    { "journal --status interrupted", "what was cut off" },
    { "journal last --look", "what became of it" },
  },
  see = { "undo" },
  render = {
    columns = { "id", "start_time", "command", "status", "source", "target", "workspace",
      "undone_by" },
    text = function(data, screen, ...)
      if type(data) == "function" then
        screen:table(data, { { "id" }, { "start_time", title = "TIME" }, { "command" },
          { "status" }, { "source" }, { "target" }, { "workspace" } })
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
