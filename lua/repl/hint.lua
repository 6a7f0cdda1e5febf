--- What a mistake at the prompt means to somebody who has not seen it often, and what to type
-- instead.

local command = require "engine.command"
local suggestion = require "base.suggestion"

local M = {}

local function member(name)
  return (name:gsub("-", "_"))
end

--- How a command is called here, if the word is one: it was typed as a shell wants it.
---@param word string
---@return string?
function M.find_call(word)
  local known = command.find_named(word)
  return known and ('a command is a function here: tarn.%s { ... }; help "%s" tells what it takes')
    :format(member(known), known)
end

-- `tarn list --state failed`, `list sales`, `tarn help list`.
local function of_shell_words(entry)
  local words, called = entry:gsub("^%s*tarn%s+", "")
  local topic = words:match "^%s*help%s+([%w_-]+)"
  if topic then
    return ("here: help %s"):format(topic)
  end
  local word, behind = words:match "^%s*([%w_-]+)(.*)"
  return word and (called > 0 or behind:find "^%s+[%w'\"*-]") and M.find_call(word) or nil
end

-- tarn.lst: what tarn has of a name like that.
local function of_member(name, line)
  if not line:find("tarn%s*[.]%s*" .. name) then
    return nil
  end
  local names = {}
  for _, known in ipairs(require("engine.script").names()) do
    names[#names + 1] = member(known)
  end
  for field in next, require "tarn" do
    names[#names + 1] = field
  end
  table.sort(names)
  local meant = suggestion.find(name, names)
  return meant and ("did you mean 'tarn.%s'?"):format(meant)
end

--- A hint for a message that Lua made, or nil.
---@param message string
---@param entry string what was typed
---@param line string  the line of it that is wrong
---@return string?
function M.find(message, entry, line)
  local name = message:match "attempt to call a nil value %(field '([%w_]+)'%)"
  if message:find "attempt to call a nil value %(method" then
    return "help(x) shows the methods that x has"
  elseif name then
    return of_member(name, line)
  elseif message:find "attempt to index a nil value" then
    return "what stands before the dot is nil"
  elseif message:find "attempt to yield across" or message:find "cannot wait here" then
    return "what waits cannot be called inside of table.sort and string.gsub"
  elseif message:find " near " then
    return of_shell_words(entry)
  end
end

--- A hint that was made for a shell, as one types it here.
---@param hint string
---@return string
function M.here(hint)
  return (hint:gsub("`tarn help ([^`]+)`", 'help "%1"'))
end

return M
