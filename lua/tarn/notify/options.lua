--- The options by which commands that watch get a notifier.
--
-- They are the command line's alone: a request to the server must not name programs to run, nor
-- addresses to post to.

local fault = require "base.fault"

local M = {}

-- For who runs the program, not for who asks its server: that one may start nothing there.
local LIST <const> = {
  { "notify", "list", "Tell of: failed, stuck=15m, silent=24h, breach='failed <= 1%'.",
    optional = true, value = "RULE" },
  { "notify_run", "path", "Tell a program: it gets JSON on its standard input.",
    optional = true, value = "PROGRAM" },
  { "notify_script", "string", "Tell the Lua function of notify/NAME.lua.", optional = true,
    value = "NAME" },
  { "notify_webhook", "string", "Tell a webhook whose URL is no secret.", optional = true,
    value = "URL" },
  { "notify_webhook_env", "string", "Tell the webhook whose URL is in this variable.",
    optional = true, value = "NAME" },
  { "notify_webhook_file", "path", "Tell the webhook whose URL is in this file.",
    optional = true, value = "FILE" },
}

for _, spec in ipairs(LIST) do
  spec.served = false
end

--- Arguments of a command, with these behind them.
---@param list table[]
---@return table[]
function M.args(list)
  for _, spec in ipairs(LIST) do
    spec.served = false
  end
  return table.move(LIST, 1, #LIST, #list + 1, list)
end

--- The notifier that the options ask for, or nil.
---@param ctx tarn.Context
---@param arg table
---@param watches boolean true if the command goes on
---@param goes_with string the option by which it does, for the message
---@param warn fun(text: string)
---@return tarn.Notifier?
function M.open(ctx, arg, watches, goes_with, warn)
  local given
  for _, spec in ipairs(LIST) do
    given = given or arg[spec[1]] ~= nil and spec[1] or nil
  end
  if not given then
    return nil
  elseif not watches then
    fault.usage(ctx.op, ("--%s goes with %s"):format(given:gsub("_", "-"), goes_with))
  elseif not arg.notify then
    fault.usage(ctx.op, ("--%s: of what?"):format(given:gsub("_", "-")),
      "--notify failed, for one")
  end
  return require("tarn.notify").new { op = ctx.op, rules = arg.notify, run = arg.notify_run,
    script = arg.notify_script, webhook = arg.notify_webhook,
    webhook_env = arg.notify_webhook_env, webhook_file = arg.notify_webhook_file, warn = warn }
end

return M
