--- Attributes and calls of values: functions and classes of the file, and all others. Pure.

local builtins = require "tarn.lineage.code.python.values.builtins"
local frames = require "tarn.lineage.code.python.frames"
local functions = require "tarn.lineage.code.python.functions"
local imports = require "tarn.lineage.code.python.imports"
local methods = require "tarn.lineage.code.python.values.methods"
local pipelines = require "tarn.lineage.code.python.pipelines"
local spark = require "tarn.lineage.code.python.spark"
local texts = require "tarn.lineage.code.python.values.texts"
local values = require "tarn.lineage.code.python.values"
local words = require "tarn.lineage.code.python.words"

local M = {}

-- ---- attributes ----

local ATTRIBUTE = {}

function ATTRIBUTE.module(run, _, name, line)
  return words.attribute(run, name, line)
end

ATTRIBUTE["import"] = function(run, self, name)
  return imports.attribute(run, self, name)
end

function ATTRIBUTE.file(run, self, name)
  return imports.file_attribute(run, self, name)
end

for _, kind in ipairs { "session", "reader", "conf" } do
  ATTRIBUTE[kind] = function(_, self, name) return spark.attribute(self, name) end
end

function ATTRIBUTE.frame(_, self, name)
  if name == "sparkSession" then
    return spark.session
  elseif frames.is_fact(name) then
    return values.unknown "the columns of a table are not known"
  end
  return { k = "method", of = self, name = name }
end

-- What is reached from the method of a frame, as in `df.write.mode`, is made from the frame.
function ATTRIBUTE.method(_, self, name)
  return self.of.k == "frame" and { k = "method", of = self.of, name = name }
    or values.unknown(("`%s` is not known"):format(name))
end

function ATTRIBUTE.func(_, self, name)
  return name == "__name__" and self.name and values.text(self.name)
    or values.unknown(("`%s` is not known"):format(name))
end

function ATTRIBUTE.object(run, self, name, line)
  return functions.attribute(run, self, name, line)
end

ATTRIBUTE.class = ATTRIBUTE.object

function ATTRIBUTE.text(_, self, name)
  return name == "value" and self or { k = "method", of = self, name = name } -- of an enumeration
end

for _, kind in ipairs { "list", "dict", "delta" } do
  ATTRIBUTE[kind] = function(_, self, name) return { k = "method", of = self, name = name } end
end

--- The attribute of a value.
---@param run tarn.PythonRun
---@param self table
---@param name string
---@param line integer
---@return table value
function M.attribute(run, self, name, line)
  return values.each({ self }, function(option)
    local f = ATTRIBUTE[option.k]
    if f then
      return f(run, option, name, line)
    elseif spark.is_session_name(name) then
      return spark.session
    elseif name == "value" and values.is_known(option) then
      return option -- of a member of an enumeration
    end
    return values.unknown(values.why(option))
  end)
end

-- ---- calls ----

local CALL = {}

function CALL.func(run, self, args, named, line)
  return functions.call(run, self, args, named, line)
end

function CALL.bound(run, self, args, named, line)
  local all = table.move(args, 1, #args, 2, { self.self })
  return functions.call(run, self.func, all, named, line)
end

function CALL.partial(run, self, args, named, line)
  local all = table.move(self.args, 1, #self.args, 1, {})
  table.move(args, 1, #args, #all + 1, all)
  local both = {}
  for _, from in ipairs { self.named, named } do
    for name, value in pairs(from) do
      both[name] = value
    end
  end
  return run:call(self.of, all, both, line)
end

function CALL.class(run, self, args, named, line)
  return functions.new_object(run, self, args, named, line)
end

function CALL.word(run, self, args, named, line)
  return pipelines.call(run, self.word, args, named, line)
end

function CALL.decorator(run, self, args)
  return args[1] and pipelines.decorate(run, self, args[1]) or values.NONE
end

function CALL.builtin(run, self, args, named, line)
  return builtins.call(run, self.name, args, named, line)
end

CALL["import"] = function(run, self, args, named, line)
  return imports.call(run, self, args, named, line)
end

local METHOD = {}

for _, kind in ipairs { "session", "reader", "conf" } do
  METHOD[kind] = spark.call
end

METHOD.frame = frames.call

function METHOD.delta(run, self, name, _, _, line)
  if name == "alias" then
    return self
  elseif name ~= "toDF" then
    return values.unknown(("what `%s` returns is not known"):format(name))
  end
  return self.how == "forPath" and spark.files(run, self.name, false, line)
    or spark.table(run, self.name, false, line)
end

function METHOD.text(_, self, name, args, named)
  return texts.call(self, name, args, named)
end

function METHOD.list(_, self, name, args, named)
  return methods.call(self, name, args, named)
end

METHOD.dict = METHOD.list

function CALL.method(run, self, args, named, line)
  local f = METHOD[self.of.k]
  return f and f(run, self.of, self.name, args, named, line)
    or values.unknown(("what `%s` returns is not known"):format(self.name))
end

-- A function that is not in the file: what it makes from a frame is a frame.
local function call_unknown(self, args, named)
  return frames.join(frames.all(args, named)) or values.unknown(values.why(self))
end

--- Call a value.
---@param run tarn.PythonRun
---@param self table
---@param args table[]
---@param named table<string, table>
---@param line integer
---@return table value
function M.call(run, self, args, named, line)
  if run:step(line) then
    return values.unknown "the code takes too many steps"
  end
  return values.each({ self }, function(option)
    local f = CALL[option.k]
    if f then
      return f(run, option, args, named, line)
    end
    return call_unknown(option, args, named)
  end)
end

return M
