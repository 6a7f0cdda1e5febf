--- A lineage as a graph for Mermaid.
--
-- Pure. Nodes have numbers as ids. In labels, everything but letters, digits and a few harmless
-- signs is written as a character code, the only way to quote in Mermaid.

local json = require "native.json"
local labels = require "tarn.lineage.labels"

local M = {}

local SHAPES <const> = {
  table = { '["', '"]' }, path = { '[/"', '"/]' }, source = { '[("', '")]' },
  sink = { '>"', '"]' },
}

local function quoted(text)
  local out = {}
  for _, code in utf8.codes(labels.plain(text)) do
    local c = utf8.char(code)
    out[#out + 1] = (code > 127 or c:find "[%w_. /,-]") and c or ("#%d;"):format(code)
  end
  return table.concat(out)
end

local function node_line(id, row, role)
  local shape = SHAPES[row.kind] or SHAPES.table
  local kind = row.type ~= json.null and row.type or row.kind
  return ("  %s%s%s<br/>%s%s:::%s"):format(id, shape[1], quoted(row.fqn), quoted(kind), shape[2],
    role)
end

--- The graph as text.
---@param data table of tarn.lineage.data
---@return string
function M.text(data)
  local ids, out = labels.numbered(data), { "flowchart LR" }
  for _, item in ipairs(ids.list) do
    out[#out + 1] = node_line(item.id, item.row, item.role)
  end
  for _, edge in ipairs(data.edges) do
    out[#out + 1] = ("  %s --> %s"):format(ids.of[edge.source], ids.of[edge.target])
  end
  for _, link in ipairs(labels.copies(data, ids)) do
    out[#out + 1] = ('  %s["%s"]:::copy'):format(link.id, quoted(link.label))
    out[#out + 1] = ('  %s -. "%s" .-> %s'):format(link.from, quoted(link.word), link.to)
  end
  out[#out + 1] = "  classDef own fill:#dbe9ff,stroke:#4477aa"
  out[#out + 1] = "  classDef upstream stroke-dasharray:4 2"
  out[#out + 1] = "  classDef downstream stroke-dasharray:1 2"
  out[#out + 1] = "  classDef copy fill:#f5f5f5,stroke:#999999"
  return table.concat(out, "\n") .. "\n"
end

return M
