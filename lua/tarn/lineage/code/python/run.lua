--- The state in which the code of a file is read: what it defines and what is not known. Pure.

local place = require "tarn.lineage.code.place"
local values = require "tarn.lineage.code.python.values"

local M = {}

---@class tarn.PythonRun
---@field graph tarn.LineageGraph
---@field context tarn.LineageContext
---@field reasons string[]
---@field reader? tarn.PythonReader the dataset's function that is being read
---@field later function[] the functions of datasets, which are read at the end
---@field configuration table<string, table> what spark.conf.set has set
---@field file? string      the imported file that is being read; nil: the file itself
---@field modules table<string, table> the imported files that have been read, by path
---@field views table<string, table> temporary views of the session
local Run = {}
Run.__index = Run

---@class tarn.PythonReader what a dataset's function reads
---@field inputs string[]
---@field seen table<string, true>
---@field streams boolean
---@field defines string

-- Code that generates more than this is not followed to its end.
local MOST_STEPS <const> = 300000

-- Call a function with other fields in the run.
local function with(self, fields, f)
  local before = {}
  for name, value in pairs(fields) do
    before[name], self[name] = self[name], value or nil
  end
  local result = f()
  for name in pairs(fields) do
    self[name] = before[name]
  end
  return result
end

--- Call a function with lines that are those of an imported file.
---@param file? string nil: of the file itself
---@param top table scope of its module
---@param f fun(): any
---@return any
function Run:within(file, top, f)
  return with(self, { file = file or false, top = top }, f)
end

--- Call a function at the end, when all names of the file have their values.
---@param f fun()
function Run:postpone(f)
  local file, top = self.file, self.top
  self.later[#self.later + 1] = function()
    self:within(file, top, f)
  end
end

--- Read the statements of an imported file. What a file of the pipeline's code defines and what is
-- not known in it, that file itself tells.
---@param file tarn.PythonFile
---@param scope table
---@param statements table[]
function Run:import_file(file, scope, statements)
  local function execute()
    self:within(file.path, scope, function() self:execute(statements, scope) end)
  end
  if file.is_code then
    with(self, { graph = { flows = {}, datasets = {}, sinks = {} }, later = {}, quiet = true,
      defined = self.defined }, execute)
  else
    execute()
  end
end

--- The state for one file.
---@param graph tarn.LineageGraph
---@param context tarn.LineageContext
---@return tarn.PythonRun
function M.new(graph, context)
  return setmetatable({ graph = graph, context = context, reasons = {}, said = {}, later = {},
    configuration = {}, views = {}, modules = {}, steps = 0, depth = 0,
    outside = {}, functions = {}, entered = {}, defined = 0, top = M.scope(nil, "module") }, Run)
end

--- A scope of names.
---@param parent? table
---@param kind "module"|"function"|"class"
---@return table
function M.scope(parent, kind)
  return { vars = {}, parent = parent, kind = kind }
end

--- Say once what is not known.
---@param line integer
---@param text string
---@param why? string
function Run:reason(line, text, why)
  local what = text .. (why and ": " .. why or "")
  if self.file then
    self:say(("line %d of %s: %s"):format(line, self.file, what))
  else
    self:say(place.reason(self.context, line, what))
  end
end

--- Add a reason that has its line, unless it has been said.
---@param reason string
function Run:say(reason)
  if not self.quiet and not self.said[reason] then
    self.said[reason] = true
    self.reasons[#self.reasons + 1] = reason
  end
end

--- Count a step. True if the code takes too many.
---@param line integer
---@return boolean
function Run:step(line)
  self.steps = self.steps + 1
  if self.steps == MOST_STEPS then
    self:reason(line, "the code takes too many steps to be followed to its end")
  end
  return self.steps >= MOST_STEPS
end

--- Note a read. Outside of a dataset's function it belongs to the frame that is made from it.
---@param name string of a table or path
---@param line integer
---@return table? record of a read outside
function Run:read(name, line)
  local reader = self.reader
  if not reader then
    local record = { name = name, line = line, used = self.file ~= nil }
    self.outside[#self.outside + 1] = record
    return record
  elseif not reader.seen[name:lower()] then
    reader.seen[name:lower()] = true
    reader.inputs[#reader.inputs + 1] = name
  end
end

--- Set a variable.
---@param scope table
---@param name string
---@param value table
function M.assign(scope, name, value)
  local outer = scope.outer and scope.outer[name]
  if outer then
    outer.vars[name] = value
  else
    scope.vars[name] = value
  end
end

--- The value of a variable; nil if it has none. A class's names are not seen in its functions.
---@param scope table
---@param name string
---@return table?
function M.lookup(scope, name)
  local first = scope
  while scope do
    local value = (scope.kind ~= "class" or scope == first) and scope.vars[name]
    if value then
      return value
    end
    scope = scope.parent
  end
end

--- Read a function in the place of a dataset's function.
---@param f fun(): table the value that it returns
---@return tarn.PythonReader
---@return table value
function Run:collect(f)
  local before = self.reader
  local reader = { inputs = {}, seen = {}, streams = false }
  self.reader = reader
  local value = f()
  self.reader = before
  return reader, value
end

--- Why a value is not known, as a phrase behind a colon.
---@param value? table
---@return string?
function M.why(value)
  return value and values.why(value)
end

return M
