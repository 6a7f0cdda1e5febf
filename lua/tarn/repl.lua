--- The prompt: `tarn repl`, and `tarn` alone at a terminal.
--
-- The task that reads lines runs nothing itself: each entry is a task of its own, which Ctrl-C
-- stops, while the variables stay.

local fault = require "tarn.fault"
local sessions = require "tarn.repl.session"
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
  local batch = require "tarn.repl.batch"
  if arg.dry_run then
    if not arg.execute then
      fault.usage(ctx.op, "--dry-run looks at what -e gives, and there is none")
    end
    return batch.check(session, arg.execute)
  end
  require("tarn.command").ask_in_calls(true)
  require("tarn.reload").install(function(text) session:warn(text) end)
  require("tarn.reload").refresh(function(text) session:warn(text) end)
  if arg.execute then
    batch.texts(session, arg.execute)
  elseif M.has_person() then
    return require("tarn.repl.prompt").run(session)
  else
    batch.input(session)
  end
  ctx.finish(session.outcome)
end

return M
