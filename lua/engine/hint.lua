--- Hints for frequent errors at the prompt: what to type instead.

local command = require "engine.command"

local M = {}

local function member(name)
  return (name:gsub("-", "_"))
end

--- How to call a command at the prompt, if the word is the name of one.
---@param word string
---@return string?
function M.find_call(word)
  local known = command.find_named(word)
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
  local answer = require("engine.words").find({ name }, command.exists)
  local called = answer and answer[1]:match "^%l[%w-]*"
  if called and command.exists(called) then
    return ('help "%s": tarn.%s %s'):format(called, member(called), answer[2])
  end
  local fields = {}
  for field in next, package.loaded.tarn or {} do
    fields[#fields + 1] = field
  end
  table.sort(fields)
  local meant = require("engine.script").suggest(name:gsub("_", "-"), fields)
  return meant and ("did you mean 'tarn.%s'?"):format(member(meant))
end

--- A hint for an error message of Lua, or nil.
---@param message string
---@param entry string the whole entry
---@param line string  the line of the entry that the message names
---@return string?
function M.find(message, entry, line)
  local name = message:match "attempt to call a nil value %(field '([%w_]+)'%)"
  if message:find "attempt to call a nil value %(method" then
    return "help(x) lists the methods of x"
  elseif name then
    return of_member(name, line)
  elseif message:find "attempt to index a nil value" then
    return "the value before the dot is nil"
  elseif message:find "attempt to yield across" or message:find "cannot wait here" then
    return "a function that waits cannot be called inside table.sort or string.gsub"
  elseif message:find " near " then
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
