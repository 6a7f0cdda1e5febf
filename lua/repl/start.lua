--- The prompt: `tarn repl`, and `tarn` alone at a terminal.
--
-- The task that reads lines does not run them. Each entry runs in a task of its own: Ctrl-C stops
-- that task, and the prompt and its variables stay.

local fault = require "base.fault"
local sessions = require "repl.session"
local term = require "native.term"

local M = {}

--- True if input and output are a terminal that supports line editing.
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
  ctx.options.output = nil -- the session prints the answers itself, in `session.format`
  local batch = require "repl.batch"
  if arg.dry_run then
    if not arg.execute then
      fault.usage(ctx.op, "--dry-run checks the code that -e gives, but -e is missing")
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
  ctx.finish(session.status)
end

return M
