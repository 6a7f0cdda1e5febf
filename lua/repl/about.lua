--- `help()`, `help(x)` and `.help`: finds the text for a name or a value, and shows it.

local describe = require "repl.describe"
local dotcommands = require "repl.dotcommands"
local fault = require "base.fault"
local stubs = require "engine.stubs"
local topics = require "engine.help.topics"

local M = {}

-- ---- names ----

local function of_dotcommand(name)
  local found = dotcommands.find(name)
  return found and (".%s %s\n\n%s\n"):format(found.name, found.args, found.help)
end

-- "tarn.map", "string.format": a field of a variable.
local function of_path(session, name)
  local value
  for part in name:gmatch "[^.:]+" do
    local from = value == nil and session.env or value
    local ok, found = pcall(function() return from[part] end)
    if not ok or found == nil then
      return nil
    end
    value = found
  end
  return describe.value(value)
end

-- A page of the documentation, as text.
local function of_page(name)
  local page = require("engine.help.pages").find(name)
  if not page then
    return nil
  end
  local parts = {}
  require("output.markdown").show(require("output.screen").new(function(text)
    parts[#parts + 1] = text
  end, { terminal = false, width = require("native.term").size() or 80 }), page)
  return table.concat(parts)
end

local function of_name(session, name)
  local known = require("engine.script").find_named((name:gsub("^tarn%s+", "")))
  if known then
    return require("engine.help").script(known, (require("engine.script").load(known)))
  end
  local topic = topics.find(name:match "^(%a+)%s*(%a*)$")
  return topic or of_page(name) or name:find "^%." and of_dotcommand(name:sub(2))
    or describe.module(name) or of_path(session, name) or of_dotcommand(name)
end

local function all_names()
  local names = require("engine.script").names()
  table.move(stubs.names(), 1, #stubs.names(), #names + 1, names)
  for _, one in ipairs(dotcommands.list) do
    names[#names + 1] = "." .. one.name
  end
  return names
end

-- ---- the overview ----

--- The dot commands with their help.
---@return string
function M.dotcommands()
  local rows = {}
  for i, one in ipairs(dotcommands.list) do
    rows[i] = { ("." .. one.name .. " " .. one.args):gsub("%s+$", ""), one.help }
  end
  local lines = {}
  describe.rows(lines, rows)
  return table.concat(lines, "\n") .. "\n"
end

local TRY <const> = {
  { "tarn.list {}", "run a command; it takes its arguments by name and returns its data" },
  { 'w = tarn.workspace "demo"', "open a workspace; the embedded one is always there" },
  { "for p in w:pipelines() do print(p.name) end", "use it as a script does" },
  { "help(tarn.clone)", "explain a function, module, command or value; or help \"clone\"" },
  { "_", "show the last answer again" },
}

local function overview()
  local lines = { "Type Lua. The value of an expression is shown. Try:", "" }
  describe.rows(lines, TRY)
  lines[#lines + 1] = ""
  lines[#lines + 1] = "Dot commands:"
  lines[#lines + 1] = ""
  lines[#lines + 1] = M.dotcommands()
  lines[#lines + 1] = "Keys: TAB completes, Up and Ctrl-R find earlier lines, Ctrl-C stops the "
    .. "running entry, Ctrl-D leaves the prompt."
  lines[#lines + 1] = ""
  lines[#lines + 1] = "Commands, as tarn.NAME { ... }:"
  lines[#lines + 1] = ""
  local rows = {}
  for i, entry in ipairs(require("engine.help.data").commands()) do
    rows[i] = { (entry.command:gsub("-", "_")), entry.summary or "broken: " .. entry.broken }
  end
  describe.rows(lines, rows)
  return table.concat(lines, "\n") .. "\n"
end

--- Show a help text, wrapped at the screen's width.
---@param screen tarn.Screen
---@param text string
function M.show(screen, text)
  screen:write(require("engine.help.layout").fill(text, screen.width))
end

--- The text for `help()`, `help(x)` and `.help`.
---@param session tarn.Session
---@param asked boolean true if help was called with an argument
---@param what any the argument
---@return string
function M.text(session, asked, what)
  if not asked or what == session.env.help then
    return overview()
  elseif what == nil then
    return "nil has no help. help \"NAME\" explains the command, module or function NAME.\n"
  elseif type(what) ~= "string" then
    return describe.value(what)
  end
  local text = of_name(session, what)
  if not text then
    fault.not_found("help", ("there is no help on '%s'"):format(what),
      require("base.suggestion").hint(what, all_names()))
  end
  return text
end

return M
