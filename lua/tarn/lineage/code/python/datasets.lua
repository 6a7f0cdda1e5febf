--- What the decorators of the pipelines module define. Pure.

local frames = require "tarn.lineage.code.python.frames"
local values = require "tarn.lineage.code.python.values"
local words = require "tarn.lineage.code.python.words"

local M = {}

--- The name in an argument; nil, and a reason, if it is computed.
---@param run tarn.PythonRun
---@param value table
---@param line integer
---@param what string
---@return string?
function M.name_of(run, value, line, what)
  local text = values.string(value)
  if text then
    return text
  end
  run:reason(line, ("the name of %s is computed"):format(what), values.why(value))
end

--- An argument that is there and not None.
---@param value? table
---@return table?
function M.given(value)
  return value and value.k ~= "none" and value or nil
end

--- True for a function of the file.
---@param value table
---@return boolean
function M.is_function(value)
  return value.k == "func" or value.k == "bound" or value.k == "partial"
end

-- The name that a decorator is given, and the function's own.
local function names_of(args, func)
  local first = args[1]
  local given = M.given(args.named.name) or first and not M.is_function(first) and M.given(first)
  local inner = func.k == "bound" and func.func or func
  return given or nil, inner.name
end

-- A function whose dataset has no known name is not read.
local function leave(run, func)
  if func.node then
    run.entered[func.node] = true
  end
end

-- True for a dataset that only the pipeline knows.
local function is_private(kind, named)
  return kind == "VIEW" or named.temporary and values.truth(named.temporary)
    or named.private and values.truth(named.private) or nil
end

local function comment_of(args)
  return args.named.comment and values.string(args.named.comment)
end

-- Read the function of a dataset at the end, when all names of the file have their values.
local function read_later(run, flow, func, finish)
  run.graph.flows[#run.graph.flows + 1] = flow
  run.defined = run.defined + 1
  run:postpone(function()
    local reader, value = run:collect(function()
      return run:call(func, func.batch and { frames.new(true), values.unknown "a number" } or {},
        {}, func.line or 1)
    end)
    flow.inputs = reader.inputs
    local frame = frames.join { value }
    for _, record in ipairs(frame and frame.outside or {}) do
      record.used = true
      if not reader.seen[record.name:lower()] then
        reader.seen[record.name:lower()] = true
        flow.inputs[#flow.inputs + 1] = record.name
      end
    end
    run:within(func.file, func.top or run.top, function() finish(frame, reader, value) end)
  end)
end

local function say_unknown(run, func, value)
  run:reason(func.returns or func.line or 1, ("what `%s` returns is not known"):format(
    func.name or "lambda"), values.why(value))
end

--- The dataset of a decorated function.
---@param run tarn.PythonRun
---@param word string
---@param args table by position, named, line
---@param func table value
function M.add_dataset(run, word, args, func)
  local kind = words.DATASETS[word]
  local wanted, name = names_of(args, func)
  if wanted then
    name = M.name_of(run, wanted, args.line, "a dataset")
  elseif not name then
    run:reason(args.line, "a dataset has no name")
  end
  if not name then
    return leave(run, func)
  end
  local dataset = { expectations = 0, type = kind ~= "TABLE" and kind or nil,
    is_private = is_private(kind, args.named) }
  run.graph.datasets[name] = dataset
  local flow = { name = select(2, names_of(args, func)) or name, output = name, inputs = {},
    comment = comment_of(args) }
  read_later(run, flow, func, function(frame, reader, value)
    dataset.expectations = func.expectations or 0
    if not frame then
      say_unknown(run, func, value)
    end
    if kind == "TABLE" and (frame or reader.streams or #reader.inputs > 0) then
      local streams = frame and frame.stream or not frame and reader.streams
      dataset.type = streams and "STREAMING_TABLE" or "MATERIALIZED_VIEW"
    end
  end)
end

--- The flow of a decorated function.
---@param run tarn.PythonRun
---@param word string
---@param args table by position, named, line
---@param func table value
function M.add_flow(run, word, args, func) -- luacheck: no unused args
  local first = args[1]
  local target = M.given(args.named.target) or first and not M.is_function(first) and first
  local name = target and M.name_of(run, target, args.line, "a flow's target")
  if not target then
    run:reason(args.line, "a flow has no target")
  end
  if not name then
    return leave(run, func)
  end
  local flow_name = M.given(args.named.name) and values.string(args.named.name)
  read_later(run, { name = flow_name or func.name or name, output = name, inputs = {},
    comment = comment_of(args) }, func, function(frame, _, value)
    if not frame then
      say_unknown(run, func, value)
    end
  end)
end

--- The sink of a decorated function.
---@param run tarn.PythonRun
---@param word string
---@param args table by position, named, line
---@param func table value
function M.add_sink(run, word, args, func)
  local wanted, name = names_of(args, func)
  if wanted then
    name = M.name_of(run, wanted, args.line, "a sink")
  end
  if not name then
    return leave(run, func)
  end
  run.graph.sinks[name] = { format = words.SINKS[word] }
  if word == "foreach_batch_sink" then
    func.batch = true
    read_later(run, { name = func.name or name, output = name, inputs = {} }, func, function() end)
  else
    run.defined = run.defined + 1
  end
end

return M
