--- Earlier entries of the prompt: a file that only its owner reads, without secrets.

local fault = require "base.fault"
local fs = require "native.fs"
local secrets = require "base.secrets"

local M = {}

local MOST <const> = 1000     -- entries that are kept
local OWNER_ONLY <const> = 384 -- 0600

---@class tarn.History
---@field list string[]
---@field path? string nil: nothing is kept
---@field editor tarn.Editor
local History = {}
History.__index = History

-- What tells that a line has a secret in it, whatever else it says.
local SIGNS <const> = { "dapi%x%x%x%x", "dose%x%x%x%x", "dkea%x%x%x%x", "bearer%s+%S",
  "client_secret", "passw", "secret%s*=%s*[\"']", "token%s*=%s*[\"']", "token[\"']?%]%s*=",
  "key%s*=%s*[\"']", "authorization" }

--- True if a line must not be kept: it seems to hold a secret, or begins with a blank.
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

-- One line of the file for an entry, whatever lines it has.
local function encode(text)
  return (text:gsub("[\\\n\r]", { ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r" }))
end

local function decode(line)
  return (line:gsub("\\(.)", { ["\\"] = "\\", n = "\n", r = "\r" }))
end

-- Entries, the last of equal ones only, the newest ones.
local function fold(list)
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

-- The file is written anew when it has grown, or when others may read it.
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
  local kept = fold(list)
  tidy(path, kept, #list)
  return kept
end

--- The entries of earlier conversations. Where there is no place to keep them, there are none.
---@param editor tarn.Editor gets them for its keys
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

-- Appended, so that two conversations at once both keep theirs.
local function append(history, text)
  fs.mkdir(history.dir, { parents = true, mode = 448 })
  fs.append(history.path, encode(text) .. "\n", { mode = OWNER_ONLY })
end

--- Keep an entry, unless it is private: then it is there for this conversation's keys only if
-- it holds no secret.
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

--- The newest entry up to `at` that holds a text.
---@param typed string
---@param at integer
---@return integer? at, string? text
function History:find(typed, at)
  for i = at, 1, -1 do
    if self.list[i]:find(typed, 1, true) and self.list[i] ~= typed then
      return i, self.list[i]
    end
  end
end

return M
