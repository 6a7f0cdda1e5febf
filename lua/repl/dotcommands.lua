--- The dot commands of the prompt (`.profile`, `.time`, ...). Help, completion and the prompt all
-- read the one list in this file.

local collections = require "base.collections"
local fault = require "base.fault"

local M = {}

---@class tarn.DotCommand
---@field name string
---@field args string   its arguments as help shows them: "[on|off]"
---@field help string
---@field values? string[]|"profile"|"file"|"topic" the values that completion offers
---@field run fun(session: tarn.Session, rest: string): any gets the text after the name

-- Set a boolean field of the session; without an argument it is toggled.
local function on_off(session, rest, field, name)
  if rest ~= "" and rest ~= "on" and rest ~= "off" then
    fault.usage("." .. name, ("'%s' is neither on nor off"):format(rest))
  end
  session[field] = rest == "" and not session[field] or rest == "on"
  session:say(("%s is %s"):format(name, session[field] and "on" or "off"))
end

local TRACE <const> = { off = 0, on = 1, bodies = 2 }

local function trace(session, rest)
  local level = rest == "" and (session.tracing and 0 or 1) or TRACE[rest]
  if not level then
    fault.usage(".trace", ("'%s' is not one of on, off, bodies"):format(rest))
  end
  require("native.databricks").trace(level)
  session.tracing = level > 0
  session:say("trace is " .. (level == 0 and "off" or level == 1 and "on" or "on, with bodies"))
end

local function profile(session, rest)
  if rest == "" then
    return session.options.profile or "no profile: the environment chooses the workspace; "
      .. "`tarn auth describe` shows which one"
  end
  local known = require("tarn.workspace").is_embedded(rest)
  local names = { "demo", "demo-dr" }
  for _, one in ipairs((require("tarn.auth").profiles())) do
    known = known or one.name == rest
    names[#names + 1] = one.name
  end
  if not known then
    fault.not_found(".profile", ("there is no profile '%s'"):format(rest),
      require("base.suggestion").hint(rest, names))
  end
  session.options.profile = rest
  session:say("commands and tarn.workspace() use the profile " .. rest .. " from here on")
end

local function show_history(session, rest)
  local list = session.history and session.history:lines() or session.entered
  local most = math.tointeger(tonumber(rest)) or 20
  local lines = {}
  for i = math.max(1, #list - most + 1), #list do
    lines[#lines + 1] = list[i]
  end
  session:answer(function(screen)
    for _, line in ipairs(lines) do
      screen:line(screen:clean(line, true))
    end
  end)
end

local function show_variables(session)
  local names = {}
  for name in next, session.env do
    if name ~= "tarn" and name ~= "help" then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  local rows = {}
  for i, name in ipairs(names) do
    rows[i] = { name = name, value = tostring(session.env[name]) }
  end
  return require("native.json").array(rows)
end

--- All dot commands, in the order in which help shows them.
---@type tarn.DotCommand[]
M.list = {
  { name = "help", args = "[COMMAND]", values = "topic",
    help = "Show this list; help(x) explains any value x.",
    run = function(session, rest) return session:help(rest ~= "", rest) end },
  { name = "profile", args = "[NAME]", values = "profile",
    help = "Use the workspace of this profile from here on; without a name, show the profile.",
    run = profile },
  { name = "time", args = "[on|off]", values = { "on", "off" },
    help = "Show how long each entry took.",
    run = function(session, rest) on_off(session, rest, "timing", "time") end },
  { name = "trace", args = "[on|off|bodies]", values = { "on", "off", "bodies" },
    help = "Show each request, secrets masked; with `bodies`, its body and the answer too.",
    run = trace },
  { name = "edit", args = "[NUMBER]",
    help = "Edit the last entry, or entry NUMBER, in $VISUAL or $EDITOR, and run the result.",
    run = function(session, rest) return require("repl.edit").run(session, rest) end },
  { name = "load", args = "FILE", values = "file",
    help = "Run a Lua file; its global variables stay.",
    run = function(session, rest)
      if rest == "" then
        fault.usage(".load", "FILE is missing")
      end
      return session:load((rest:gsub("^~/", (os.getenv "HOME" or "~") .. "/")))
    end },
  { name = "history", args = "[N]", help = "Show the last N entries (default 20).",
    run = show_history },
  { name = "vars", args = "", help = "Show the variables of this session.",
    run = show_variables },
  { name = "quit", args = "", help = "Leave the prompt; so does Ctrl-D on an empty line.",
    run = function(session) session.over = true end },
}

--- True if the text is a dot command and not Lua.
---@param text string
---@return boolean
function M.is_dotcommand(text)
  return text:find "^%s*%.%a" ~= nil and not text:find "\n%s*%S"
end

--- The dot command of that name, or the only one that begins with it; nil if there is none.
---@param name string
---@return tarn.DotCommand?
function M.find(name)
  local found
  for _, command in ipairs(M.list) do
    if command.name == name then
      return command
    elseif command.name:sub(1, #name) == name then
      found = found == nil and command or false
    end
  end
  return found or nil
end

--- Run a dot command.
---@param session tarn.Session
---@param text string the whole line
function M.run(session, text)
  local name, rest = text:match "^%s*%.(%S+)%s*(.-)%s*$"
  local command = M.find(name)
  if not command then
    fault.usage("tarn repl", ("there is no dot command .%s"):format(name),
      require("base.suggestion").hint(name, collections.column(M.list, "name"), ".")
        or ".help lists the dot commands")
  end
  return command.run(session, rest)
end

return M
