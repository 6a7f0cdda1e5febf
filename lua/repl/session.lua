--- One conversation at the prompt: its variables, what was entered, how answers are shown.

local chunk = require "repl.chunk"
local command = require "engine.command"
local fault = require "base.fault"
local mistake = require "repl.errors"
local out = require "output.stdout"
local screens = require "output.screen"
local task = require "native.task"
local term = require "native.term"

local M = {}

---@class tarn.Session
---@field env table        the variables
---@field options table    of the program's command line
---@field form string      of the answers: "text", "json" ...
---@field entered string[] what was entered, by number
---@field sources table<string, string> the same by the name of its chunk, for messages
---@field editor? tarn.Editor where there is a person
---@field timing boolean
---@field outcome string   of the last entry, for engine.report
local Session = {}
Session.__index = Session

---@param options table
---@return tarn.Session
function M.new(options)
  local session = setmetatable({ options = options, form = options.output or "text",
    entered = {}, sources = {}, timing = false, outcome = "done" }, Session)
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

--- Where mistakes and remarks go.
---@return tarn.Screen
function Session:err()
  return screens.new(write_error, { no_color = self.options.no_color,
    terminal = term.is_tty "err" })
end

--- One line for the person.
---@param text string
function Session:say(text)
  local screen = self:err()
  screen:line(screen:style("dim", text))
end

-- Answers: paged where there is a person.
function Session:pager()
  local err = self:err()
  local pager = require("repl.pager").new {
    key = function() return self.editor:key() end, size = term.size, measure = term.width,
    write = function(text)
      out.write(text)
      out.flush()
    end,
    style = function(text) return err:finish(err:style("dim", text)) end,
  }
  return pager
end

--- Call `f(screen)`, whose text is an answer.
---@param f fun(screen: tarn.Screen)
function Session:answer(f)
  if not self.editor then
    f(screens.new(out.write, self.options))
    return out.flush()
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

--- `help(x)` at the prompt.
---@param asked boolean
---@param what any
function Session:help(asked, what)
  local about = require "repl.about"
  local text = about.text(self, asked, what)
  self:answer(function(screen)
    about.show(screen, text)
  end)
end

-- Show what an expression gave. The first value is kept as `_`, unless looking at it used it up.
function Session:show(...)
  if select("#", ...) == 0 then
    return
  end
  local show = require "repl.show"
  local first = ...
  local values = table.pack(...)
  local render = command.find_render(first)
  if not show.gives_rows(...) then
    rawset(self.env, "_", first)
  end
  if self.form ~= "text" then
    if not render and type(first) == "table" and not show.gives_rows(...) then
      first = show.plain(first)
    end
    return out.render({ output = self.form }, render, first, table.unpack(values, 2, values.n))
  end
  self:answer(function(screen)
    show.show(screen, render, table.unpack(values, 1, values.n))
  end)
end

-- The bar of work that is over, or was stopped.
local function clear_progress()
  if package.loaded["output.progress"] then
    require("output.progress").clear()
  end
end

function Session:warn(text)
  self:err():line("tarn: ", text)
end

-- Show what went wrong, in the form of the answers.
function Session:tell(e)
  if self.form == "json" or self.form == "jsonl" then
    local f = fault.is(e.error) and e.error
      or fault.new { kind = "bug", op = "tarn repl", message = tostring(e.error) }
    return require("engine.report").print(f, { output = self.form })
  end
  mistake.show(self:err(), e, self.sources)
end

--- Call `f`, show what it returns, or what went wrong.
---@param f function
---@return boolean ok
function Session:run(f)
  local began = task.now()
  local ok, e = mistake.call(function()
    require("engine.reload").refresh(function(text) self:warn(text) end)
    local values = table.pack(f())
    clear_progress()
    self:show(table.unpack(values, 1, values.n))
    out.flush()
  end)
  clear_progress()
  self.outcome = "done"
  if not ok and out.is_reader_gone(e.error) then
    error(e.error, 0)
  elseif not ok then
    self.outcome = mistake.outcome(e)
    self:tell(e)
  end
  if self.timing then
    self:say(("took %.3f s"):format(task.now() - began))
  end
  return ok
end

--- As tarn.spawn, for the prompt: a mistake in the task is shown as one in an entry is.
---@param f function
---@return tarn.Task
function Session:spawn(f, ...)
  return task.spawn(function(...)
    local ok, e = mistake.call(f, ...)
    if not ok and not fault.is(e.error, "cancelled") then
      local screen = self:err()
      screen:line "a task beside the line failed:"
      mistake.show(screen, e, self.sources)
    end
  end, ...)
end

-- `help` and `help list`, as they are typed everywhere else.
local function with_help(text)
  local topic = text:match "^%s*help%s+([%a_][%w_.:-]*)%s*$"
  return topic and ("help %q"):format(topic) or text:find "^%s*help%s*$" and "help()" or text
end

--- Compile what was entered; of what is no Lua, a function that says so. Nil if more lines are
-- wanted.
---@param text string
---@param whole? boolean there are no more lines
---@return function? f
function Session:compile(text, whole)
  local name = ("[%d]"):format(#self.entered + 1)
  local f, why, incomplete = chunk.compile(with_help(text), name, self.env)
  if incomplete and not whole then
    return nil
  end
  self.entered[#self.entered + 1] = text
  self.sources[name] = text
  return f or function() error(why, 0) end
end

--- Run the text of a file with the variables of the prompt.
---@param path string
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
