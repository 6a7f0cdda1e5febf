--- Show a lineage as text: a tree or a table of datasets, then copies and coverage.

local collections = require "base.collections"
local json = require "native.json"

local M = {}

local BRANCH <const>, LAST <const> = "├── ", "└── "
local GOES_ON <const>, OVER <const> = "│   ", "    "
local AGAIN <const> = #"  (see above)"
local DEEPEST <const> = 60 -- a longer chain is not indented further

local function known(value)
  return value ~= nil and value ~= json.null and value or nil
end

-- ---- the tree ----

local function nodes_of(data)
  local nodes = {}
  for _, group in ipairs { { data.upstream, "upstream" }, { data.datasets },
    { data.downstream, "downstream" } } do
    for _, row in ipairs(group[1]) do
      nodes[row.fqn] = { row = row, role = group[2], below = {}, above = 0 }
    end
  end
  for _, edge in ipairs(data.edges) do
    local source, target = nodes[edge.source], nodes[edge.target]
    source.below[#source.below + 1] = target
    target.above = target.above + 1
  end
  return nodes
end

-- The nodes without inputs; of a cycle, which has none, the first node by name.
local function roots_of(nodes)
  local sorted, roots, reached = {}, {}, {}
  for _, node in pairs(nodes) do
    sorted[#sorted + 1] = node
  end
  table.sort(sorted, function(a, b) return a.row.fqn < b.row.fqn end)
  local function reach(node)
    local stack = { node }
    reached[node] = true
    while #stack > 0 do
      for _, below in ipairs(table.remove(stack).below) do
        if not reached[below] then
          reached[below] = true
          stack[#stack + 1] = below
        end
      end
    end
  end
  for _, node in ipairs(sorted) do
    if node.above == 0 then
      roots[#roots + 1] = node
      reach(node)
    end
  end
  for _, node in ipairs(sorted) do
    if not reached[node] then
      roots[#roots + 1] = node
      reach(node)
    end
  end
  return roots
end

local function label(node, out, place)
  local row = node.row
  local name = row.fqn
  if not node.role and place and name:sub(1, #place) == place then
    name = name:sub(#place + 1)
  end
  local notes = {}
  notes[#notes + 1] = known(row.type)
  notes[#notes + 1] = row.kind ~= "table" and row.kind or nil
  notes[#notes + 1] = node.role
  notes[#notes + 1] = row.published == false and not node.role and "not published" or nil
  return out:style(node.role and "dim" or "bold", out:clean(name))
    .. (#notes > 0 and "  " .. out:style("dim", out:clean(table.concat(notes, ", "))) or "")
end

--- Draw trees. A node that comes again is drawn without what is below it, so that circles end.
-- Walks with an explicit stack, since a lineage may be deeper than Lua's call stack.
---@param out tarn.Screen
---@param roots { below: table[] }[]
---@param text_of fun(node: table, room: number): string `room`: the columns that are left for it
function M.draw(out, roots, text_of)
  local shown, stack = {}, {}
  for i = #roots, 1, -1 do
    stack[#stack + 1] = { node = roots[i], lead = "", own = "", depth = 0 }
  end
  while #stack > 0 do
    local item = table.remove(stack)
    local again = shown[item.node] and #item.node.below > 0
    out:line(item.lead, item.own,
      text_of(item.node, out.width - out:measure(item.lead .. item.own) - (again and AGAIN or 0)),
      again and out:style("dim", "  (see above)") or "")
    if not shown[item.node] then
      shown[item.node] = true
      local lead = item.lead
      if item.own ~= "" and item.depth < DEEPEST then
        lead = lead .. (item.own == LAST and OVER or GOES_ON)
      end
      local below = item.node.below
      for i = #below, 1, -1 do
        stack[#stack + 1] = { node = below[i], lead = lead, own = i == #below and LAST or BRANCH,
          depth = item.depth + 1 }
      end
    end
  end
end

local function show_tree(data, out)
  local place = known(data.catalog) and known(data.target_schema)
    and data.catalog .. "." .. data.target_schema .. "."
  M.draw(out, roots_of(nodes_of(data)), function(node) return label(node, out, place) end)
end

-- ---- the table ----

local function joined(list)
  return list and #list > 0 and table.concat(list, ", ") or "-"
end

local COLUMNS <const> = {
  { "fqn", title = "DATASET" }, { "type" }, { "reads" }, { "feeds" },
  { "evidence" }, { "copies" }, { "format" }, { "comment" },
}

local function show_table(data, out)
  local reads, feeds = {}, {}
  for _, edge in ipairs(data.edges) do
    reads[edge.target] = reads[edge.target] or {}
    feeds[edge.source] = feeds[edge.source] or {}
    table.insert(reads[edge.target], edge.source)
    table.insert(feeds[edge.source], edge.target)
  end
  local rows = json.array {}
  for i, row in ipairs(data.datasets) do
    local copies = {}
    for _, copy in ipairs(row.copies or {}) do
      copies[#copies + 1] = copy.fqn
    end
    rows[i] = { fqn = row.fqn, type = row.type, format = row.format, comment = row.comment,
      reads = joined(reads[row.fqn]), feeds = joined(feeds[row.fqn]),
      evidence = joined(row.evidence), copies = joined(copies) }
  end
  out:table(rows, COLUMNS)
end

-- ---- copies and coverage ----

local EXISTS <const> = { [true] = "exists", [false] = "deleted" }

local function show_clones(data, out)
  if #data.clones == 0 then
    return
  end
  out:line ""
  for _, clone in ipairs(data.clones) do
    local place = known(clone.profile) or known(clone.host) or clone.org_id
    out:line(out:style("bold", clone.direction == "copy" and "copied to " or "a copy of "),
      out:clean(("%s in %s"):format(known(clone.name) or clone.pipeline_id, place)),
      "  ", out:style("dim", ("%s, %s, operation %s%s"):format(clone.pipeline_id,
        tostring(out:time(clone.at)), clone.operation,
        EXISTS[clone.exists] and ", " .. EXISTS[clone.exists] or "")))
    for _, pair in ipairs(clone.datasets) do
      out:line("  ", out:clean(pair.fqn), clone.direction == "copy" and " -> " or " <- ",
        out:clean(pair.there), pair.certain and "" or out:style("yellow", " (perhaps)"))
    end
  end
end

--- The first sentence of a long reason: messages of a warehouse go on with advice.
---@param reason string
---@return string
function M.brief(reason)
  return #reason > 120 and reason:match "^(..-%.) " or reason
end

local STATUS <const> = { answered = "green", empty = "green", partial = "yellow",
  missing = "yellow", failed = "red" }

-- One line for all sources that were not asked for the same reason.
local function show_not_asked(sources, out)
  local by_reason, reasons = {}, {}
  for _, source in ipairs(sources) do
    if source.status == "not_asked" then
      if not by_reason[source.reason] then
        by_reason[source.reason] = {}
        reasons[#reasons + 1] = source.reason
      end
      table.insert(by_reason[source.reason], source.source)
    end
  end
  for _, reason in ipairs(reasons) do
    out:line(out:style("dim", out:wrap(("not asked, since %s: %s"):format(out:clean(reason),
      table.concat(by_reason[reason], ", ")))))
  end
end

local function show_coverage(data, out)
  out:line ""
  local width, asked = 0, {}
  for _, source in ipairs(data.coverage.sources) do
    if source.status ~= "not_asked" then
      asked[#asked + 1] = source
      width = math.max(width, #source.source)
    end
  end
  for _, source in ipairs(asked) do
    out:flow(width + 12, out:pad(source.source, width), "  ",
      out:style(STATUS[source.status], out:pad(source.status, 8)), "  ",
      source.found and ("%d found"):format(source.found) or "",
      source.found and source.reason and ", " or "",
      source.reason and out:clean(M.brief(source.reason)) or "")
  end
  show_not_asked(data.coverage.sources, out)
  local why = collections.keys(data.coverage.left_out)
  for _, reason in ipairs(why) do
    out:line(out:style("dim", ("left out: %s (%d)"):format(reason,
      data.coverage.left_out[reason])))
  end
  for _, unknown in ipairs(data.coverage.unknown) do
    out:line(out:style("yellow", "unknown: "), out:clean(M.brief(unknown.text)))
  end
end

--- Show a lineage.
---@param data table of tarn.lineage.data
---@param out tarn.Screen
---@param as_table? boolean
function M.show(data, out, as_table)
  out:heading(("%s: %d %s%s"):format(out:clean(data.pipeline_name or data.pipeline_id),
    data.total_datasets, data.total_datasets == 1 and "dataset" or "datasets",
    known(data.catalog) and " in " .. out:clean(data.catalog .. "."
      .. (known(data.target_schema) or "")) or ""))
  if as_table then
    show_table(data, out)
  else
    show_tree(data, out)
  end
  show_clones(data, out)
  show_coverage(data, out)
end

return M
