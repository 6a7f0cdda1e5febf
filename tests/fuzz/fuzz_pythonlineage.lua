-- tarn.lineage.code.python: any text is read without an error. A line before it changes nothing but
-- the lines, and each reason has a line of the text.

local place = require "tarn.lineage.code.place"
local python = require "tarn.lineage.code.python"

local function read(text)
  local graph = { flows = {}, datasets = {}, sinks = {} }
  local reasons = python.add(text, graph, place.context { catalog = "c", schema = "s",
    configuration = { p = "v" } })
  local told = {}
  for _, flow in ipairs(graph.flows) do
    table.sort(flow.inputs)
    told[#told + 1] = flow.name .. ">" .. flow.output .. "<" .. table.concat(flow.inputs, ",")
  end
  return reasons, table.concat(told, "\n")
end

return function(bytes)
  local text = bytes:gsub("[\r\f\v]", " ")
  local reasons, told = read(text)
  local later, again = read("pass\n" .. text)
  assert(told == again, again)
  assert(#reasons == #later, table.concat(later, "\n"))
  local lines = select(2, text:gsub("\n", "\n")) + 1
  for _, reason in ipairs(reasons) do
    local line = reason:match "^line (%d+): (.+)$"
    assert(line and tonumber(line) <= lines, reason)
  end
end
