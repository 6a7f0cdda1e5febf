-- tarn.lineage.code.sql: any text is read without an error. A statement before it changes nothing
-- but the lines, and each reason has a line of the text.

local place = require "tarn.lineage.code.place"
local sql = require "tarn.lineage.code.sql"

local function read(text)
  local graph = { flows = {}, datasets = {}, sinks = {} }
  local context = place.context { catalog = "c", schema = "s",
    configuration = { p = "v", q = "a.b" } }
  local reasons = sql.add(text, graph, context)
  local told = {}
  for _, flow in ipairs(graph.flows) do
    told[#told + 1] = flow.name .. ">" .. flow.output .. "<" .. table.concat(flow.inputs, ",")
  end
  return reasons, table.concat(told, "\n")
end

return function(bytes)
  local text = bytes:gsub("[\r\f\v]", " ")
  local reasons, told = read(text)
  local later, again = read("SELECT 1;\n" .. text)
  assert(told == again, again)
  assert(#reasons == #later, table.concat(later, "\n"))
  local lines = select(2, text:gsub("\n", "\n")) + 1
  for i, reason in ipairs(reasons) do
    local line, what = reason:match "^line (%d+): (.+)$"
    assert(line and tonumber(line) <= lines, reason)
    assert(later[i] == ("line %d: %s"):format(line + 1, what), later[i])
  end
  sql.reads(text, place.context {})
end
