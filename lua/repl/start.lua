--- The prompt: `tarn repl`, and `tarn` alone at a terminal.
--
-- The task that reads lines runs nothing itself: each entry is a task of its own, which Ctrl-C
-- stops, while the variables stay.

local fault = require "base.fault"
local sessions = require "repl.session"
local term = require "native.term"

local M = {}

--- True if there is a person at a terminal that lines can be edited on.
---@return boolean
function M.has_person()
  local kind = os.getenv "TERM" or ""
  return term.is_tty "in" and term.is_tty "out" and kind ~= "" and kind ~= "dumb"
end

--- Run `tarn repl`.
---@param ctx tarn.Context
---@param arg { execute?: string[], dry_run: boolean }
function M.run(ctx, arg)
  local session = sessions.new(ctx.options)
  ctx.options.output = nil -- the answers have been printed when this ends
  local batch = require "repl.batch"
  if arg.dry_run then
    if not arg.execute then
      fault.usage(ctx.op, "--dry-run looks at what -e gives, and there is none")
    end
    return batch.check(session, arg.execute)
  end
  require("engine.command").ask_in_calls(true)
  require("engine.reload").install(function(text) session:warn(text) end)
  require("engine.reload").refresh(function(text) session:warn(text) end)
  if arg.execute then
    batch.texts(session, arg.execute)
  elseif M.has_person() then
    return require("repl.prompt").run(session)
  else
    batch.input(session)
  end
  ctx.finish(session.outcome)
end

return M
