--- The prompt at a terminal: reads lines, completes them, and searches the history.

local chunk = require "repl.chunk"
local dotcommands = require "repl.dotcommands"
local editor = require "native.editor"
local task = require "native.task"

local M = {}

---@class tarn.Prompt
---@field session tarn.Session
---@field editor tarn.Editor
---@field history tarn.History
---@field text? string the earlier lines of an entry that is not complete
---@field search? { typed: string, at: integer, shown: string } the last search with Ctrl-R
local Prompt = {}
Prompt.__index = Prompt

-- A coloured text; \1 encloses what takes no columns (see native.editor).
local function coloured(session, code, text)
  if session:err().colour then
    return ("\1\27[%sm\1%s\1\27[0m\1"):format(code, text)
  end
  return text
end

-- "tarn demo> "; for the further lines of an entry a text of the same width.
function Prompt:text_of_prompt()
  local profile = self.session.options.profile
  local name = profile and "tarn " .. profile or "tarn"
  if self.text then
    return coloured(self.session, "2", (" "):rep(#name - 1) .. ".> ")
  end
  return coloured(self.session, "1", name .. "> ")
end

-- Call `f` in a task of its own, which Ctrl-C cancels, and wait for its end.
function Prompt:in_foreground(f)
  local me, over = task.current(), false
  local function body()
    local _ <close> = setmetatable({}, { __close = function()
      over = true
      task.wake(me)
    end })
    f()
  end
  task.foreground(task.spawn(body))
  while not over do
    task.park()
  end
  task.foreground(nil)
  self.editor:stop()
end

function Prompt:run(f)
  local session, done = self.session, false
  self:in_foreground(function()
    local ok = session:run(f)
    done = true
    if not ok and self.editor:discard() then
      session:say "the lines that were typed or pasted after this one were discarded"
    end
  end)
  if not done then
    session:err():line(session:err():style("yellow", "stopped"))
  end
end

-- Run the entry if this line completes it.
function Prompt:enter(line)
  local text = self.text and self.text .. "\n" .. line or line
  local session = self.session
  self.text = nil
  if chunk.is_empty(text) then
    return
  elseif dotcommands.is_dotcommand(text) then
    self.history:add(text)
    return self:run(function() return dotcommands.run(session, text) end)
  end
  local f = session:compile(text)
  if not f then
    self.text = text
    return
  end
  self.history:add(text)
  self:run(f)
end

-- ---- TAB and Ctrl-R ----

function Prompt:complete(line, cursor)
  local found = require("repl.complete").find(self.session, self.text, line:sub(1, cursor))
  if #found.words == 0 or #found.words == 1 and found.insert == "" then
    return self.editor:beep()
  end
  local added = found.insert
  if added ~= "" then
    local head = line:sub(1, found.from - 1) .. added
    return self.editor:set(head .. line:sub(cursor + 1), #head)
  end
  self.editor:print(require("repl.columns").text(found.words))
end

-- Show the newest entry that contains the typed text; pressed again, the next older one.
function Prompt:find_back(line)
  local search = self.search
  if not search or search.shown ~= line then
    search = { typed = line, at = #self.history:lines() + 1 }
  end
  local at, found = self.history:find(search.typed, search.at - 1)
  if not at then
    return self.editor:beep()
  end
  search.at, search.shown = at, found
  self.search = search
  self.editor:set(found, #found)
end

function Prompt:react(event, line, cursor)
  if event == "line" then
    self:enter(line)
  elseif event == "complete" then
    self:complete(line, cursor)
  elseif event == "search" then
    self:find_back(line)
  elseif event == "interrupt" then
    self.text = nil
  elseif event == "end" and self.text then
    self.text = nil -- Ctrl-D leaves an incomplete entry, not the prompt
    io.stdout:write "\n"
  end
end

function Prompt:loop()
  while not self.session.over do
    local event, line, cursor = self.editor:read(self:text_of_prompt())
    if event == "end" and not self.text then
      io.stdout:write "\n"
      return
    end
    self:react(event, line, cursor)
  end
end

--- Read and run lines until the user leaves the prompt.
---@param session tarn.Session
function M.run(session)
  local line <close> = editor.open()
  local _ <close> = require("repl.output").install(line)
  require("tarn").spawner = function(...) return session:spawn(...) end
  session.editor = line
  session.history = require("repl.history").open(line)
  if not session.options.quiet then
    session:say(("tarn %s. help() explains the prompt, .quit leaves it."):format(
      require("native.bundle").version))
  end
  task.foreground(nil)
  local prompt = setmetatable({ session = session, editor = line, history = session.history },
    Prompt)
  prompt:loop()
  task.foreground(false)
end

return M
