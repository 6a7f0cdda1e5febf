--- Show the differences between two workspaces as text.

local text = require "tarn.diff.text"

local M = {}

local MARKS <const> = { same = "=", different = "~", missing = "-", extra = "+", unknown = "?" }
local STYLES <const> = { same = "dim", different = "yellow", missing = "red", extra = "green",
  unknown = "yellow" }

local function note_of(pair)
  if pair.status == "missing" or pair.status == "extra" then
    return pair.status == "missing" and "only on the left" or "only on the right"
  elseif pair.reason then
    return pair.reason
  elseif pair.left.name ~= pair.right.name then
    return pair.right.name
  end
end

-- A screen within the screen, two columns to the right.
local function indented(out)
  return setmetatable({ width = out.width - 2,
    line = function(_, ...) out:line("  ", ...) end }, { __index = out })
end

local function show_pair(pair, out)
  local note = note_of(pair)
  out:line(out:style(STYLES[pair.status], MARKS[pair.status]), " ",
    out:style(pair.status == "same" and "dim" or "bold", out:clean(pair.name)),
    note and out:style("dim", "  " .. out:clean(note)) or "")
  local list = { fields = pair.differences or {},
    sources = pair.sources and pair.sources.differences or {} }
  local inner = indented(out)
  text.fields(list.fields, inner)
  for _, d in ipairs(list.sources) do
    text.source(d, inner)
  end
  text.ignored(pair.ignored or {}, inner)
  if #list.fields > 0 or #list.sources > 0 then
    out:line ""
  end
end

local function counts_text(counts)
  local words = {}
  for _, status in ipairs { "same", "different", "missing", "extra", "unknown" } do
    if counts[status] > 0 then
      words[#words + 1] = ("%d %s"):format(counts[status],
        status == "same" and "without a difference" or status)
    end
  end
  return #words > 0 and table.concat(words, ", ") or "no pipeline on either side"
end

--- Show what `tarn diff A: B:` found.
---@param report table of tarn.diff.many
---@param out tarn.Screen
function M.show(report, out)
  for _, side in ipairs { { report.left, "--- ", "red" }, { report.right, "+++ ", "green" } } do
    out:line(out:style(side[3], side[2]), out:clean(side[1].label), "  ",
      out:style("dim", out:clean(side[1].host)))
  end
  for _, pair in ipairs(report.pipelines) do
    show_pair(pair, out)
  end
  out:line(counts_text(report.counts))
end

return M
