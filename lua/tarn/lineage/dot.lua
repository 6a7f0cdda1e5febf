--- A lineage as a graph for Graphviz (DOT).
--
-- Pure. Nodes have numbers as ids; names are only in labels, with everything escaped that could end
-- a label.

local json = require "native.json"
local labels = require "tarn.lineage.labels"

local M = {}

local SHAPES <const> = { path = "folder", source = "cylinder", sink = "cds" }
local STYLES <const> = {
  own = 'style="filled", fillcolor="#dbe9ff"', upstream = 'style="dashed"',
  downstream = 'style="dotted"',
}

-- In a string of DOT, quotes and back slashes are escaped, and labels have entities.
local function quoted(text)
  return '"' .. labels.plain(text):gsub("&", "&amp;"):gsub('[\\"]', "\\%0") .. '"'
end

local function node_line(id, row, role)
  local kind = row.type ~= json.null and row.type or row.kind
  local label = quoted(row.fqn):sub(1, -2) .. "\\n" .. quoted(kind):sub(2)
  return ("  %s [label=%s, shape=%s, %s];"):format(id, label, SHAPES[row.kind] or "box",
    STYLES[role])
end

--- The graph as text.
---@param data table of tarn.lineage.data
---@return string
function M.text(data)
  local ids, out = labels.numbered(data), {}
  out[1] = ("digraph %s {"):format(quoted(data.fqn or data.pipeline_name or data.pipeline_id))
  out[2] = '  rankdir="LR";'
  for _, item in ipairs(ids.list) do
    out[#out + 1] = node_line(item.id, item.row, item.role)
  end
  for _, edge in ipairs(data.edges) do
    out[#out + 1] = ("  %s -> %s [tooltip=%s];"):format(ids.of[edge.source], ids.of[edge.target],
      quoted(table.concat(edge.evidence, ", ")))
  end
  for _, link in ipairs(labels.copies(data, ids)) do
    out[#out + 1] = ('  %s [label=%s, shape=box, style="rounded"];'):format(link.id,
      quoted(link.label))
    out[#out + 1] = ('  %s -> %s [style="dashed", label=%s];'):format(link.from, link.to,
      quoted(link.word))
  end
  out[#out + 1] = "}\n"
  return table.concat(out, "\n")
end

return M
