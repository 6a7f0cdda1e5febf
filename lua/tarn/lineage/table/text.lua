--- Show the lineage of a table as text: what feeds it, and what reads it, as trees.

local json = require "native.json"
local tree = require "tarn.lineage.tree"

local M = {}

local function known(value)
  return value ~= nil and value ~= json.null and value or nil
end

-- The name is whole; what stands behind it is cut to the room that is left.
local function label(row, out, is_root, room)
  local by = known(row.pipeline_name) or known(row.pipeline_id)
  local notes = {}
  notes[#notes + 1] = by and "by " .. by or nil
  notes[#notes + 1] = known(row.type)
  notes[#notes + 1] = row.kind ~= "table" and row.kind or nil
  local name, note = out:clean(row.fqn), out:clean(table.concat(notes, ", "))
  room = room - out:measure(name) - 2
  if note == "" or room < 2 then
    return out:style(is_root and "bold" or nil, name)
  end
  return out:style(is_root and "bold" or nil, name) .. "  "
    .. out:style("dim", room < math.huge and out:cut(note, room) or note)
end

-- Draw what the edges of a direction lead to from the table.
local function show_side(data, out, direction)
  local nodes = {}
  for _, group in ipairs { data.datasets, data.upstream, data.downstream } do
    for _, row in ipairs(group) do
      nodes[row.fqn] = { row = row, below = {} }
    end
  end
  for _, edge in ipairs(data.edges) do
    if edge.direction == direction or edge.direction == "both" then
      local from, to = edge.source, edge.target
      if direction == "upstream" then
        from, to = to, from
      end
      table.insert(nodes[from].below, nodes[to])
    end
  end
  local root = nodes[data.fqn]
  if #root.below == 0 then
    return out:line(out:style("dim", "  nothing is known"))
  end
  tree.draw(out, { root }, function(node, room)
    return label(node.row, out, node == root, room)
  end)
end

-- ---- where it comes from ----

local SHOWN <const> = { partial = true, failed = true, missing = true }

local function show_coverage(data, out)
  local from = {}
  for _, source in ipairs(data.coverage.sources) do
    if source.status == "answered" or source.status == "partial" then
      from[#from + 1] = source.source
    end
    if SHOWN[source.status] then
      out:line(out:style("yellow", source.source .. " " .. source.status), "  ",
        out:clean(tree.brief(source.reason or "")))
    end
  end
  for _, unknown in ipairs(data.coverage.unknown) do
    out:line(out:style("yellow", "unknown: "), out:clean(tree.brief(unknown.text)))
  end
  local pipelines = #data.pipelines
  out:line(out:style("dim", out:wrap(("%d upstream, %d downstream, %d pipeline%s; from %s"):format(
    #data.upstream, #data.downstream, pipelines, pipelines == 1 and "" or "s",
    #from > 0 and table.concat(from, ", ") or "no source"))))
end

local COLUMNS <const> = { { "direction" }, { "depth", align = "right" },
  { "fqn", title = "TABLE", worth = 9 }, { "type" }, { "pipeline_name", title = "PIPELINE" },
  { "via" } }

--- The rows of a table's lineage, the table itself first.
---@param data table
---@return table[]
function M.rows(data)
  local rows = json.array {}
  for _, group in ipairs { data.datasets, data.upstream, data.downstream } do
    for _, row in ipairs(group) do
      rows[#rows + 1] = row
    end
  end
  return rows
end

--- Show the lineage of a table.
---@param data table of tarn.lineage.table.data
---@param out tarn.Screen
---@param as_table? boolean
function M.show(data, out, as_table)
  if as_table then
    local rows = json.array {}
    for i, row in ipairs(M.rows(data)) do
      rows[i] = { direction = row.direction, depth = row.depth, fqn = row.fqn, type = row.type,
        pipeline_name = row.pipeline_name, via = table.concat(row.via, ", ") }
    end
    out:table(rows, COLUMNS)
  else
    for _, side in ipairs { { data.up, "fed by", "upstream" },
      { data.down, "read by", "downstream" } } do
      if side[1] then
        out:heading(side[2])
        show_side(data, out, side[3])
        out:line ""
      end
    end
  end
  show_coverage(data, out)
end

return M
