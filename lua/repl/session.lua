--- One session of the prompt: its variables, its entries, and how answers are shown.

local chunk = require "repl.chunk"
local command = require "engine.command"
local errors = require "repl.errors"
local fault = require "base.fault"
local formats = require "output.formats"
local list = require "base.list"
local screens = require "output.screen"
local stdout = require "output.stdout"
local task = require "native.task"
local term = require "native.term"

local M = {}

---@class tarn.Session
---@field env table        the variables
---@field options table    the options of the program's command line
---@field format tarn.Format the format of the answers
---@field entered string[] the entries, by number
---@field sources table<string, string> the entries by the names of their chunks, for messages
---@field editor? tarn.Editor nil without a terminal
---@field history? tarn.History nil without a terminal
---@field timing boolean   true if the time of each entry is shown
---@field tracing? boolean true if requests are shown
---@field over? boolean    true after `.quit`
---@field status string    the name of the last entry's exit status: see engine.report
local Session = {}
Session.__index = Session

---@param options table the options of the program's command line
---@return tarn.Session
function M.new(options)
  local session = setmetatable({ options = options, format = formats.of(options),
    entered = {}, sources = {}, timing = false, status = "done" }, Session)
  session.env = require("repl.env").new {
    tarn = require "tarn",
    help = function(...) return session:help(select("#", ...) > 0, ...) end,
  }
  return session
end

local function write_error(text)
  io.stdout:flush()
  io.stderr:write(text)
end

--- The screen on stderr, for errors and notes.
---@return tarn.Screen
function Session:err()
  return screens.new(write_error, { no_color = self.options.no_color,
    terminal = term.is_tty "err" })
end

--- Show a note, as one line on stderr.
---@param text string
function Session:say(text)
  local screen = self:err()
  screen:line(screen:style("dim", text))
end

function Session:pager()
  local err = self:err()
  return require("repl.pager").new {
    key = function() return self.editor:key() end, size = term.size, measure = term.width,
    write = function(text)
      stdout.write(text)
      stdout.flush()
    end,
    style = function(text) return err:finish(err:style("dim", text)) end,
  }
end

--- Show an answer: `f(screen)` writes it. At a terminal it goes through the pager.
---@param f fun(screen: tarn.Screen)
function Session:answer(f)
  if not self.editor then
    f(screens.new(stdout.write, self.options))
    return stdout.flush()
  end
  local pager = self:pager()
  local ok, e = pcall(function()
    f(screens.new(function(text) pager:write(text) end, self.options))
    pager:finish()
  end)
  self.editor:stop()
  if not ok and e ~= require("repl.pager").QUIT then
    error(e, 0)
  end
end

--- Show the help of a value: `help(x)` at the prompt.
---@param asked boolean true if help was called with an argument
---@param what any the argument
function Session:help(asked, what)
  local about = require "repl.about"
  local text = about.text(self, asked, what)
  self:answer(function(screen)
    about.show(screen, text)
  end)
end

-- Make a list keep the rows that are shown, so that it can be used afterwards. One that is closed
-- after a loop, such as followed events, may never end, and keeps none.
local function keep_rows(first, _, _, closing)
  if list.is(first) and closing == nil then
    return true, first[1]
  end
end

-- Show the values of an expression. `_` keeps the first one, unless it is an iterator, which is
-- empty after it was shown.
function Session:show(...)
  if select("#", ...) == 0 then
    return
  end
  local show = require "repl.show"
  local first = ...
  local values = table.pack(...)
  local render = command.find_render(first)
  if keep_rows(...) or not show.gives_rows(...) then
    rawset(self.env, "_", first)
  end
  if self.format.name ~= "text" then
    if not render and type(first) == "table" and not show.gives_rows(...) then
      first = show.plain(first)
    end
    return stdout.render({ output = self.format.name }, render, first,
      table.unpack(values, 2, values.n))
  end
  self:answer(function(screen)
    show.show(screen, render, table.unpack(values, 1, values.n))
  end)
end

-- Remove the progress bar of an entry that has ended or was stopped.
local function clear_progress()
  if package.loaded["output.progress"] then
    require("output.progress").clear()
  end
end

--- Show a warning, as one line on stderr.
---@param text string
function Session:warn(text)
  self:err():line("tarn: ", text)
end

-- Show an error report, in the format of the answers.
function Session:show_error(report)
  if self.format.json then
    local f = fault.is(report.error) and report.error
      or fault.new { kind = "bug", op = "tarn repl", message = tostring(report.error) }
    return require("engine.report").print(f, { output = self.format.name })
  end
  errors.show(self:err(), report, self.sources)
end

--- Call `f`, and show its results or its error.
---@param f function
---@return boolean ok
function Session:run(f)
  local began = task.now()
  local function run()
    require("engine.reload").refresh(function(text) self:warn(text) end)
    local values = table.pack(f())
    clear_progress()
    self:show(table.unpack(values, 1, values.n))
    stdout.flush()
  end
  local ok, report = errors.catch(run, f)
  clear_progress()
  self.status = "done"
  if not ok and stdout.is_reader_gone(report.error) then
    error(report.error, 0)
  elseif not ok then
    self.status = errors.status(report)
    self:show_error(report)
  end
  if self.timing then
    self:say(("took %.3f s"):format(task.now() - began))
  end
  return ok
end

--- tarn.spawn at the prompt: an error in the task is shown like an error in an entry.
---@param f function
---@return tarn.Task
function Session:spawn(f, ...)
  return task.spawn(function(...)
    local ok, report = errors.catch(f, nil, ...)
    if not ok and not fault.is(report.error, "cancelled") then
      local screen = self:err()
      screen:line "a background task failed:"
      errors.show(screen, report, self.sources)
    end
  end, ...)
end

-- `help` and `help list` are not Lua, but people type them.
local function with_help(text)
  local topic = text:match "^%s*help%s+([%a_][%w_.:-]*)%s*$"
  return topic and ("help %q"):format(topic) or text:find "^%s*help%s*$" and "help()" or text
end

--- Compile an entry.
---@param text string
---@param is_complete? boolean true if no more lines can follow
---@return function? f raises the syntax error if the text is not valid Lua; nil if more lines
--- could make it valid
function Session:compile(text, is_complete)
  local name = ("[%d]"):format(#self.entered + 1)
  local f, why, incomplete = chunk.compile(with_help(text), name, self.env)
  if incomplete and not is_complete then
    return nil
  end
  self.entered[#self.entered + 1] = text
  self.sources[name] = text
  return f or function() error(why, 0) end
end

--- Run a file with the variables of the session.
---@param path string
---@return any ... what the file returns
function Session:load(path)
  local fs = require "native.fs"
  local text = fs.read(path)
  local f, why = load(text:gsub("^#[^\n]*", ""), "@" .. path, "t", self.env)
  if not f then
    fault.raise { kind = "parse", op = "load", message = why }
  end
  self.sources[path] = nil
  return f()
end

return M
