--- The history of the prompt: a file that only its owner can read, without secrets.

local fault = require "base.fault"
local fs = require "native.fs"
local secrets = require "base.secrets"

local M = {}

local MOST <const> = 1000     -- entries in the file
local OWNER_ONLY <const> = 384 -- 0600

---@class tarn.History
---@field list string[] entries, oldest first
---@field path? string the file; nil: there is no folder to keep it in
---@field dir? string the folder of the file
---@field editor tarn.Editor
local History = {}
History.__index = History

-- Patterns of lines that hold a secret.
local SIGNS <const> = { "dapi%x%x%x%x", "dose%x%x%x%x", "dkea%x%x%x%x", "bearer%s+%S",
  "client_secret", "passw", "secret%s*=%s*[\"']", "token%s*=%s*[\"']", "token[\"']?%]%s*=",
  "key%s*=%s*[\"']", "authorization" }

--- True if a line must not be stored: it seems to hold a secret, or it begins with a blank.
---@param text string
---@return boolean
function M.is_private(text)
  if text:find "^%s" then
    return true
  end
  local lower = text:lower()
  for _, sign in ipairs(SIGNS) do
    if lower:find(sign) then
      return true
    end
  end
  for name, _, value in text:gmatch "([%w_]*)%s*=?%s*([\"'])(.-)%2" do
    if secrets.is_secret(name, value) then
      return true
    end
  end
  return false
end

-- An entry of several lines as one line of the file.
local function encode(text)
  return (text:gsub("[\\\n\r]", { ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r" }))
end

local function decode(line)
  return (line:gsub("\\(.)", { ["\\"] = "\\", n = "\n", r = "\r" }))
end

-- The newest entries, each text once, at its last place.
local function without_repeats(list)
  local seen, kept = {}, {}
  for i = #list, 1, -1 do
    if not seen[list[i]] and #kept < MOST then
      seen[list[i]] = true
      table.insert(kept, 1, list[i])
    end
  end
  return kept
end

local function find_path()
  local dir = require("base.directories").find_dir()
  return dir and dir .. "/repl_history", dir
end

-- Rewrite the file if it holds many repeated entries, or if others can read it.
local function tidy(path, list, found)
  local stat = fs.find_stat(path)
  if stat and (stat.mode ~= OWNER_ONLY or found > 2 * #list + 100) then
    local lines = {}
    for i, text in ipairs(list) do
      lines[i] = encode(text) .. "\n"
    end
    fs.write(path, table.concat(lines), { mode = OWNER_ONLY })
  end
end

local function load(path)
  local list = {}
  for line in (fs.find_read(path) or ""):gmatch "[^\n]+" do
    list[#list + 1] = decode(line)
  end
  local kept = without_repeats(list)
  tidy(path, kept, #list)
  return kept
end

--- Read the entries of earlier sessions. Without a state folder the history begins empty.
---@param editor tarn.Editor gets the entries, for its keys Up and Down
---@return tarn.History
function M.open(editor)
  local path, dir = find_path()
  local history = setmetatable({ list = {}, path = path, dir = dir, editor = editor }, History)
  if path then
    history.list = fault.try(load, path) or {}
  end
  for _, text in ipairs(history.list) do
    editor:remember(text)
  end
  return history
end

--- The entries, oldest first.
---@return string[]
function History:lines()
  return self.list
end

-- Appending keeps the entries of two sessions that run at the same time.
local function append(history, text)
  fs.mkdir(history.dir, { parents = true, mode = 448 })
  fs.append(history.path, encode(text) .. "\n", { mode = OWNER_ONLY })
end

--- Store an entry in the file and for the editor's keys, unless it is private.
---@param text string
function History:add(text)
  if M.is_private(text) then
    return
  elseif self.list[#self.list] == text then
    return
  end
  for i = #self.list, 1, -1 do
    if self.list[i] == text then
      table.remove(self.list, i)
    end
  end
  self.list[#self.list + 1] = text
  self.editor:remember(text)
  if self.path then
    fault.try(append, self, text)
  end
end

--- The newest entry that contains a text, from entry `at` backwards.
---@param typed string
---@param at integer
---@return integer? at nil if no entry contains it
---@return string? text
function History:find(typed, at)
  for i = at, 1, -1 do
    if self.list[i]:find(typed, 1, true) and self.list[i] ~= typed then
      return i, self.list[i]
    end
  end
end

return M
