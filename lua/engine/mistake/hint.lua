--- Hints for frequent errors of scripts and at the prompt: what to write instead.

local script = require "engine.script"

local M = {}

local function member(name)
  return (name:gsub("-", "_"))
end

-- Names that every script has.
local GLOBALS <const> = { "assert", "error", "getmetatable", "ipairs", "math", "next", "os",
  "pairs", "pcall", "print", "require", "select", "setmetatable", "string", "table", "tonumber",
  "tostring", "type", "utf8" }

--- How to call a command at the prompt, if the word is the name of one.
---@param word string
---@return string?
function M.find_call(word)
  local known = script.find_named(word)
  return known and ('commands are functions here: tarn.%s { ... }; help "%s" lists the arguments')
    :format(member(known), known)
end

-- A hint for a command line of a shell: `tarn list --state failed`, `list sales`, `tarn help list`.
local function of_shell_words(entry)
  local words, called = entry:gsub("^%s*tarn%s+", "")
  local topic = words:match "^%s*help%s+([%w_-]+)"
  if topic then
    return ("type: help %s"):format(topic)
  end
  local word, behind = words:match "^%s*([%w_-]+)(.*)"
  return word and (called > 0 or behind:find "^%s+[%w'\"*-]") and M.find_call(word) or nil
end

-- A hint for `tarn.lst`: the field or command with a similar name.
local function of_member(name, line)
  if not line:find("tarn%s*[.]%s*" .. name) then
    return nil
  end
  local answer = require("engine.words").find({ name }, script.exists)
  local called = answer and answer[1]:match "^%l[%w-]*"
  if called and script.exists(called) then
    return ('help "%s": tarn.%s %s'):format(called, member(called), answer[2])
  end
  local fields = {}
  for field in next, package.loaded.tarn or {} do
    fields[#fields + 1] = field
  end
  table.sort(fields)
  local meant = script.suggest(name:gsub("_", "-"), fields)
  return meant and ("did you mean 'tarn.%s'?"):format(member(meant))
end

-- A hint for a name that is not defined in a script.
local function of_global(name)
  if name == "arg" then
    return "a script gets its words in `...`: local first = ..."
  elseif name == "tarn" then
    return 'begin the script with: local tarn = require "tarn"'
  elseif name == "null" or require("engine.library").fields[name] then
    return ("write tarn.%s"):format(name == "null" and "json.null" or name)
  end
  return M.find_call(name) or require("base.suggestion").hint(name, GLOBALS)
end

--- A hint for an error message of Lua, or nil.
---@param message string
---@param entry string the whole entry, or the text of a file
---@param line string  the line that the message names
---@param is_file boolean false at the prompt
---@return string?
function M.find(message, entry, line, is_file)
  local name = message:match "attempt to call a nil value %(field '([%w_]+)'%)"
  local global = message:match "^undefined global '([%w_]+)'$"
  if message:find "attempt to call a nil value %(method" then
    return is_file and "`tarn help library` lists the methods of a workspace"
      or "help(x) lists the methods of x"
  elseif name then
    return of_member(name, line)
  elseif global and is_file then
    return of_global(global)
  elseif message:find("null (JSON)", 1, true) then
    return 'tarn.is_null(value) tests for null; tarn.get(row, "latest_update.state") is nil where '
      .. "something on the way is null"
  elseif message:find "for iterator" then
    return "`for` takes an iterator; over a table write: for i, row in ipairs(list) do, or: for "
      .. "name, value in pairs(fields) do"
  elseif message:find "attempt to index a nil value" then
    local what = message:match "%(%a+ '([^']+)'%)"
    return what and ("'%s' is nil here"):format(what) or "the value before the dot is nil"
  elseif message:find "attempt to compare two table values" then
    return "table.sort(rows, function(a, b) return a.name < b.name end) says how rows compare"
  elseif message:find "attempt to yield across" or message:find "cannot wait here" then
    return "a function that waits cannot be called inside table.sort or string.gsub"
  elseif message:find " near " and not is_file then
    return of_shell_words(entry)
  end
end

--- A hint written for the shell, in the form for the prompt: help "list" for `tarn help list`.
---@param hint string
---@return string
function M.here(hint)
  return (hint:gsub("`tarn help ([^`]+)`", 'help "%1"'))
end

return M
