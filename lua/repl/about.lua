--- `help()`, `help(x)` and `.help`: the text for a name or a value, and how it is shown.

local command = require "engine.command"
local describe = require "repl.describe"
local fault = require "base.fault"
local stubs = require "engine.stubs"

local M = {}

-- ---- names ----

local function of_dot(name)
  local dot = require("repl.dotcommands").find(name)
  return dot and (".%s %s\n\n%s\n"):format(dot.name, dot.args, dot.help)
end

-- "tarn.map", "string.format": a field of something that can be named.
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

local function of_name(session, name)
  local known = command.find_named((name:gsub("^tarn%s+", "")))
  if known then
    return require("engine.help").script(known, (require("engine.script").load(known)))
  end
  local help = require "engine.help"
  if name == "options" then
    return help.options()
  elseif name == "exit" then
    return help.exit()
  elseif name:find "^errors?" then
    return help.error(name:match "^errors?%s+(%a+)$")
  end
  return name:find "^%." and of_dot(name:sub(2)) or describe.module(name) or of_path(session, name)
    or of_dot(name)
end

local function all_names()
  local names = require("engine.script").names()
  table.move(stubs.names(), 1, #stubs.names(), #names + 1, names)
  for _, dot in ipairs(require("repl.dotcommands").list) do
    names[#names + 1] = "." .. dot.name
  end
  return names
end

-- ---- the whole ----

--- What begins with a dot.
---@return string
function M.dots()
  local rows = {}
  for i, dot in ipairs(require("repl.dotcommands").list) do
    rows[i] = { ("." .. dot.name .. " " .. dot.args):gsub("%s+$", ""), dot.help }
  end
  local lines = {}
  describe.rows(lines, rows)
  return table.concat(lines, "\n") .. "\n"
end

local TRY <const> = {
  { "tarn.list {}", "a command: its arguments by name, its data as the answer" },
  { 'w = tarn.workspace "demo"', "a workspace; the embedded one is always there" },
  { "for p in w:pipelines() do print(p.name) end", "what a script would do" },
  { "help(tarn.clone)", "any function, module, command or value; also help \"clone\"" },
  { "_", "the last answer" },
}

local function overview()
  local lines = { "Type Lua; an expression shows its value. Try:", "" }
  describe.rows(lines, TRY)
  lines[#lines + 1] = ""
  lines[#lines + 1] = "Lines that begin with a dot:"
  lines[#lines + 1] = ""
  lines[#lines + 1] = M.dots()
  lines[#lines + 1] = "Keys: TAB completes, Up and Ctrl-R go back, Ctrl-C stops what runs, "
    .. "Ctrl-D ends."
  lines[#lines + 1] = ""
  lines[#lines + 1] = "Commands, as tarn.NAME { ... }:"
  lines[#lines + 1] = ""
  local rows = {}
  for i, entry in ipairs(require("engine.help").commands()) do
    rows[i] = { (entry.command:gsub("-", "_")), entry.summary or "broken: " .. entry.broken }
  end
  describe.rows(lines, rows)
  return table.concat(lines, "\n") .. "\n"
end

-- One line in lines of at most `width`, the later ones below the column where its text begins.
local function fold(screen, line)
  local width = screen.width
  local head = line:match "^%s*%S.-%s%s+" or ""
  if #head == 0 or #head > width // 2 then
    head = line:match "^%s*"
  end
  while screen:measure(line) > width do
    local at = line:sub(1, width + 1):match "^.*() "
    if not at or at <= #head then
      break -- a word that is wider than the screen
    end
    screen:line((line:sub(1, at - 1):gsub("%s+$", "")))
    line = (" "):rep(#head) .. line:sub(at + 1)
  end
  screen:line(line)
end

--- Show a text of help as wide as the screen is.
---@param screen tarn.Screen
---@param text string
function M.show(screen, text)
  for line in text:gmatch "([^\n]*)\n" do
    fold(screen, line)
  end
end

--- The text for `help()`, `help(x)` and `.help`.
---@param session tarn.Session
---@param asked boolean whether there was an argument
---@param what any
---@return string
function M.text(session, asked, what)
  if not asked or what == session.env.help then
    return overview()
  elseif what == nil then
    return "nil: there is nothing to describe. help \"NAME\" tells what has that name.\n"
  elseif type(what) ~= "string" then
    return describe.value(what)
  end
  local text = of_name(session, what)
  if not text then
    fault.not_found("help", ("nothing is known of '%s'"):format(what),
      require("base.suggestion").hint(what, all_names()))
  end
  return text
end

return M
