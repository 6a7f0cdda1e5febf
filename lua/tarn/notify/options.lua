--- The options --notify... of commands that watch pipelines.
--
-- Only the command line has them: a request to the server must not name programs to run or
-- addresses to post to.

local fault = require "base.fault"

local M = {}

local LIST <const> = {
  { "notify", "list", "Notify of: failed, stuck=15m, silent=24h, breach='failed <= 1%'.",
    optional = true, value = "RULE" },
  { "notify_run", "path", "Notify a program: it gets JSON on its standard input.",
    optional = true, value = "PROGRAM" },
  { "notify_script", "string", "Notify the Lua function of notify/NAME.lua.", optional = true,
    value = "NAME" },
  { "notify_webhook", "string", "Notify a webhook whose URL is not secret.", optional = true,
    value = "URL" },
  { "notify_webhook_env", "string", "Notify the webhook whose URL is in this variable.",
    optional = true, value = "NAME" },
  { "notify_webhook_file", "path", "Notify the webhook whose URL is in this file.",
    optional = true, value = "FILE" },
}

for _, spec in ipairs(LIST) do
  spec.served = false
end

--- The arguments of a command, followed by these options.
---@param list table[]
---@return table[]
function M.args(list)
  for _, spec in ipairs(LIST) do
    spec.served = false
  end
  return table.move(LIST, 1, #LIST, #list + 1, list)
end

--- The notifier for the options, or nil if there are none.
---@param ctx tarn.Context
---@param arg table
---@param watches boolean true if the command keeps running
---@param goes_with string the option that keeps it running, for messages
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
    fault.usage(ctx.op, ("--%s goes with --notify"):format(given:gsub("_", "-")),
      "such as --notify failed")
  end
  return require("tarn.notify").new { op = ctx.op, rules = arg.notify, run = arg.notify_run,
    script = arg.notify_script, webhook = arg.notify_webhook,
    webhook_env = arg.notify_webhook_env, webhook_file = arg.notify_webhook_file, warn = warn }
end

return M
