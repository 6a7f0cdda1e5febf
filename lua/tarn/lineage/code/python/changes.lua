--- The calls of the pipelines module that create tables, sinks and flows of changes. Pure.

local datasets = require "tarn.lineage.code.python.datasets"
local frames = require "tarn.lineage.code.python.frames"
local values = require "tarn.lineage.code.python.values"
local words = require "tarn.lineage.code.python.words"

local M = {}

local function expectations_in(args)
  local n = 0
  for word, kind in pairs(words.EXPECTATIONS) do
    local rules = args.named[word]
    n = n + (kind == "all" and rules and rules.k == "dict" and #rules.entries or 0)
  end
  return n
end

--- A table that is created without a query.
---@param run tarn.PythonRun
---@param args table by position, named, line
function M.create_target(run, args)
  local name = args[1] or args.named.name
  name = name and datasets.name_of(run, name, args.line, "a dataset")
  if name then
    run.defined = run.defined + 1
    run.graph.datasets[name] = { type = "STREAMING_TABLE", expectations = expectations_in(args) }
  end
end

--- A sink.
---@param run tarn.PythonRun
---@param args table by position, named, line
function M.create_sink(run, args)
  local name = args[1] or args.named.name
  name = name and datasets.name_of(run, name, args.line, "a sink")
  if name then
    run.defined = run.defined + 1
    local format = args[2] or args.named.format
    run.graph.sinks[name] = { format = format and values.string(format) }
  end
end

-- What a snapshot is read from: a name, a frame, a tuple of it and a version, or a function that
-- returns one of these.
local function snapshot_inputs(run, value, line, inputs)
  local text = values.string(value)
  if text then
    inputs[#inputs + 1] = text
  elseif value.k == "list" and value.kind == "tuple" and value.items[1] then
    snapshot_inputs(run, value.items[1], line, inputs)
  elseif value.k == "any" then
    for _, option in ipairs(value.options) do
      if option.k ~= "none" then
        snapshot_inputs(run, option, line, inputs)
      end
    end
  elseif frames.join { value } then
    for _, record in ipairs(frames.join({ value }).outside) do
      record.used = true
      inputs[#inputs + 1] = record.name
    end
  elseif value.k ~= "none" then
    run:reason(line, "the source of changes is computed", values.why(value))
  end
end

--- A flow of changes into a table.
---@param run tarn.PythonRun
---@param word string
---@param args table by position, named, line
function M.add_changes(run, word, args)
  local named = args.named
  local target = args[1] or named.target
  local source = args[2] or named.source or named.snapshot_and_version
  local name = target and datasets.name_of(run, target, args.line, "a target of changes")
  local flow_name = datasets.given(named.name) or datasets.given(named.flow_name)
  local flow = { name = flow_name and values.string(flow_name) or name, output = name,
    flow_type = "CHANGE", inputs = {} }
  if name then
    run.graph.flows[#run.graph.flows + 1] = flow
    run.defined = run.defined + 1
  end
  if not source then
    run:reason(args.line, "changes have no source")
  elseif words.CHANGES[word] == "source" and not datasets.is_function(source) then
    flow.inputs[1] = datasets.name_of(run, source, args.line, "a source of changes")
  else
    run:postpone(function()
      local reader, value = run:collect(function()
        return datasets.is_function(source)
          and run:call(source, { values.unknown "it is the version of a snapshot" }, {}, args.line)
          or source
      end)
      flow.inputs = reader.inputs
      if not (datasets.is_function(source) and #reader.inputs > 0) then
        snapshot_inputs(run, value, args.line, flow.inputs)
      end
    end)
  end
end

return M
