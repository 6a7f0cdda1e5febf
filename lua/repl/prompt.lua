--- The prompt at a terminal: lines, completion, earlier lines.

local chunk = require "repl.chunk"
local dots = require "repl.dotcommands"
local editor = require "native.editor"
local task = require "native.task"

local M = {}

---@class tarn.Prompt
---@field session tarn.Session
---@field editor tarn.Editor
---@field history tarn.History
---@field text? string the lines of an entry that is not whole yet
---@field search? { typed: string, at: integer, shown: string }
local Prompt = {}
Prompt.__index = Prompt

-- A colour that takes no room in the line.
local function paint(session, code, text)
  if session:err().colour then
    return ("\1\27[%sm\1%s\1\27[0m\1"):format(code, text)
  end
  return text
end

-- "tarn demo> ", and as wide for the lines that go on.
function Prompt:show_prompt()
  local profile = self.session.options.profile
  local name = profile and "tarn " .. profile or "tarn"
  if self.text then
    return paint(self.session, "2", (" "):rep(#name - 1) .. ".> ")
  end
  return paint(self.session, "1", name .. "> ")
end

-- Call `f` in a task of its own, which Ctrl-C stops, and wait for its end.
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
      session:say "what was typed or pasted behind it is left out"
    end
  end)
  if not done then
    session:err():line(session:err():style("yellow", "stopped"))
  end
end

-- An entry that may be whole now.
function Prompt:enter(line)
  local text = self.text and self.text .. "\n" .. line or line
  local session = self.session
  self.text = nil
  if chunk.is_empty(text) then
    return
  elseif dots.is_one(text) then
    self.history:add(text)
    return self:run(function() return dots.run(session, text) end)
  end
  local f = session:compile(text)
  if not f then
    self.text = text
    return
  end
  self.history:add(text)
  self:run(f)
end

-- ---- keys that need Lua ----

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

-- The newest earlier line that holds what is typed; again, the one before.
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
    self.text = nil -- the entry is left, the prompt is not
    io.stdout:write "\n"
  end
end

function Prompt:loop()
  while not self.session.over do
    local event, line, cursor = self.editor:read(self:show_prompt())
    if event == "end" and not self.text then
      io.stdout:write "\n"
      return
    end
    self:react(event, line, cursor)
  end
end

--- Read and run lines until the end.
---@param session tarn.Session
function M.run(session)
  local line <close> = editor.open()
  local _ <close> = require("repl.output").install(line)
  require("tarn").spawner = function(...) return session:spawn(...) end
  session.editor = line
  session.history = require("repl.history").open(line)
  if not session.options.quiet then
    session:say(("tarn %s. help() explains, .quit ends."):format(
      require("native.bundle").version))
  end
  task.foreground(nil)
  local prompt = setmetatable({ session = session, editor = line, history = session.history },
    Prompt)
  prompt:loop()
  task.foreground(false)
end

return M
