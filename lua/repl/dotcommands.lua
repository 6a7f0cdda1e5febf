--- Commands of the prompt itself, which begin with a dot. This list is the only one: help,
-- completion and the prompt read it.

local fault = require "base.fault"

local M = {}

---@class tarn.Dot
---@field name string
---@field args string   how it is called
---@field help string
---@field values? string[]|"profile"|"file"|"topic" what may stand behind it
---@field run fun(session: tarn.Session, rest: string): any

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
    fault.usage(".trace", ("'%s' is none of on, off, bodies"):format(rest))
  end
  require("native.databricks").trace(level)
  session.tracing = level > 0
  session:say("trace is " .. (level == 0 and "off" or level == 1 and "on" or "on, with bodies"))
end

local function profile(session, rest)
  if rest == "" then
    return session.options.profile or "(what the environment says: `tarn auth describe`)"
  end
  local ws = require("tarn.workspace")
  local known = ws.is_embedded(rest)
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
  session:say("commands and tarn.workspace() use the profile " .. rest)
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

--- What there is, in the order of the help.
---@type tarn.Dot[]
M.list = {
  { name = "help", args = "[COMMAND]", help = "This list; help(x) explains any x.",
    values = "topic",
    run = function(session, rest) return session:help(rest ~= "", rest) end },
  { name = "profile", args = "[NAME]", values = "profile",
    help = "The workspace of all that follows; without a name: which one it is.", run = profile },
  { name = "time", args = "[on|off]", values = { "on", "off" },
    help = "Say how long each line took.",
    run = function(session, rest) on_off(session, rest, "timing", "time") end },
  { name = "trace", args = "[on|off|bodies]", values = { "on", "off", "bodies" },
    help = "Show requests, secrets masked; with their bodies.", run = trace },
  { name = "edit", args = "[NUMBER]",
    help = "Write in $VISUAL or $EDITOR, beginning with the last entry, and run that.",
    run = function(session, rest) return require("repl.edit").run(session, rest) end },
  { name = "load", args = "FILE", values = "file",
    help = "Run a file; what it assigns is there afterwards.",
    run = function(session, rest)
      if rest == "" then
        fault.usage(".load", "FILE is missing")
      end
      return session:load((rest:gsub("^~/", (os.getenv "HOME" or "~") .. "/")))
    end },
  { name = "history", args = "[N]", help = "The last N entries (default 20).",
    run = show_history },
  { name = "vars", args = "", help = "The variables that were made here.",
    run = show_variables },
  { name = "quit", args = "", help = "The end; Ctrl-D on an empty line too.",
    run = function(session) session.over = true end },
}

--- True if the text is for this list and not Lua.
---@param text string
---@return boolean
function M.is_one(text)
  return text:find "^%s*%.%a" ~= nil and not text:find "\n%s*%S"
end

--- The entry of that name, or of that unique beginning; nil if there is none.
---@param name string
---@return tarn.Dot?
function M.find(name)
  local found
  for _, dot in ipairs(M.list) do
    if dot.name == name then
      return dot
    elseif dot.name:sub(1, #name) == name then
      found = found == nil and dot or false
    end
  end
  return found or nil
end

--- Run a line that begins with a dot.
---@param session tarn.Session
---@param text string
function M.run(session, text)
  local name, rest = text:match "^%s*%.(%S+)%s*(.-)%s*$"
  local dot = M.find(name)
  if not dot then
    local names = {}
    for i, one in ipairs(M.list) do
      names[i] = one.name
    end
    fault.usage("tarn repl", ("there is no .%s"):format(name),
      require("base.suggestion").hint(name, names, ".") or ".help lists what there is")
  end
  return dot.run(session, rest)
end

return M
