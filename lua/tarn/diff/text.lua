--- Show a diff as text: in two columns if the screen is wide enough, else with - and +.

local json = require "native.json"

local M = {}

local WIDE <const> = 100         -- columns that values need to stand side by side
local WIDE_SOURCES <const> = 140 -- columns that lines of sources need

local MARKS <const> = { added = "+", removed = "-", changed = "~", order = "~", unknown = "?" }
local STYLES <const> = { added = "green", removed = "red", changed = "yellow", order = "yellow",
  unknown = "yellow" }

local function value_text(out, value)
  if value == nil then
    return "(not set)"
  end
  local text = type(value) == "string" and value or json.encode(value)
  return out:clean(text)
end

-- Split a text into pieces of at most `width` columns.
local function pieces(out, text, width)
  local list, line, used = {}, {}, 0
  for character in text:gmatch "[\0-\x7f\xc0-\xff]?[\x80-\xbf]*" do
    local w = out:measure(character)
    if used + w > width then
      list[#list + 1] = table.concat(line)
      line, used = {}, 0
    end
    line[#line + 1], used = character, used + w
  end
  list[#list + 1] = table.concat(line)
  return list
end

-- Print cells beside each other, over as many lines as the longest cell needs.
local function columns(out, cells, widths, styles)
  local wrapped, height = {}, 0
  for i, cell in ipairs(cells) do
    wrapped[i] = pieces(out, cell, widths[i])
    height = math.max(height, #wrapped[i])
  end
  for row = 1, height do
    local parts = {}
    for i = 1, #cells do
      parts[i] = out:style(styles[i], out:pad(wrapped[i][row] or "", widths[i]))
    end
    out:line((table.concat(parts, "  "):gsub("%s+$", "")))
  end
end

local function show_fields_wide(list, out)
  local name = 12
  for _, d in ipairs(list) do
    name = math.max(name, out:measure(d.path))
  end
  name = math.min(name, out.width // 3)
  local half = (out.width - name - 7) // 2 -- beside the mark and three gaps
  local widths = { 1, name, half, half }
  for _, d in ipairs(list) do
    local style = STYLES[d.kind]
    columns(out, { MARKS[d.kind], out:clean(d.path),
      d.kind == "order" and "in this order" or value_text(out, d.left),
      d.kind == "order" and "in another order" or value_text(out, d.right) }, widths,
      { style, "bold", d.left ~= nil and "red" or "dim", d.right ~= nil and "green" or "dim" })
  end
end

local function show_fields_narrow(list, out)
  for _, d in ipairs(list) do
    out:line(out:style(STYLES[d.kind], MARKS[d.kind]), " ", out:style("bold", out:clean(d.path)),
      d.kind == "order" and ": in another order" or "")
    if d.kind ~= "order" and d.left ~= nil then
      out:line("    ", out:style("red", "- " .. value_text(out, d.left)))
    end
    if d.kind ~= "order" and d.right ~= nil then
      out:line("    ", out:style("green", "+ " .. value_text(out, d.right)))
    end
  end
end

local function is_wide(out, width)
  return out.width ~= math.huge and out.width >= width
end

--- Show differences of settings.
---@param list table[] of tarn.diff.entries
---@param out tarn.Screen
function M.fields(list, out)
  if is_wide(out, WIDE) then
    show_fields_wide(list, out)
  else
    show_fields_narrow(list, out)
  end
end

-- ---- sources ----

local LINE_STYLES <const> = { ["-"] = "red", ["+"] = "green" }

local function show_hunk_narrow(hunk, out)
  out:line(out:style("cyan", ("@@ line %d, line %d @@"):format(hunk.left, hunk.right)))
  for _, line in ipairs(hunk.lines) do
    out:line(out:style(LINE_STYLES[line:sub(1, 1)], out:clean(line)))
  end
end

-- Runs of "-" and "+" lines stand beside each other.
local function show_hunk_wide(hunk, out)
  local half = (out.width - 17) // 2
  local at_left, at_right = hunk.left, hunk.right
  local removed, added = {}, {}
  local function cell(entry, style)
    local number = entry and ("%5d "):format(entry[1]) or (" "):rep(6)
    return number .. out:style(style, out:pad(out:cut(entry and entry[2] or "", half), half))
  end
  local function flush()
    for i = 1, math.max(#removed, #added) do
      out:line(((cell(removed[i], "red") .. "  " .. cell(added[i], "green")):gsub("%s+$", "")))
    end
    removed, added = {}, {}
  end
  out:line(out:style("cyan", ("@@ line %d, line %d @@"):format(hunk.left, hunk.right)))
  for _, line in ipairs(hunk.lines) do
    local sign, text = line:sub(1, 1), out:clean(line:sub(2))
    if sign == "-" then
      removed[#removed + 1] = { at_left, text }
    elseif sign == "+" then
      added[#added + 1] = { at_right, text }
    else
      flush()
      out:line(((cell({ at_left, text }) .. "  " .. cell({ at_right, text })):gsub("%s+$", "")))
    end
    at_left = at_left + (sign ~= "+" and 1 or 0)
    at_right = at_right + (sign ~= "-" and 1 or 0)
  end
  flush()
end

--- Show the difference of a source.
---@param d tarn.SourceDifference
---@param out tarn.Screen
function M.source(d, out)
  local both = d.left_path and d.right_path and d.left_path ~= d.right_path
  out:line(out:style(STYLES[d.kind], MARKS[d.kind]), " ", out:style("bold", out:clean(d.path)),
    both and ("  (%s, %s)"):format(out:clean(d.left_path), out:clean(d.right_path)) or "",
    d.note and ": " .. out:clean(d.note) or d.kind == "added" and ": only on the right"
      or d.kind == "removed" and ": only on the left" or "")
  for _, hunk in ipairs(d.hunks or {}) do
    if is_wide(out, WIDE_SOURCES) then
      show_hunk_wide(hunk, out)
    else
      show_hunk_narrow(hunk, out)
    end
  end
end

local function side_text(out, side)
  local words = { side.label }
  if side.name and side.name ~= side.label then
    words[#words + 1] = ("'%s'"):format(side.name)
  end
  if side.kind == "snapshot" and side.at then
    words[#words + 1] = tostring(out:time(side.at))
  end
  return out:clean(table.concat(words, "  "))
end

--- Show differences that are ignored, with the reasons.
---@param list table[] of tarn.diff.entries
---@param out tarn.Screen
function M.ignored(list, out)
  for _, d in ipairs(list) do
    out:line(out:style("dim", ("  %s: %s, %s  (%s)"):format(out:clean(d.path),
      value_text(out, d.left), value_text(out, d.right), d.why)))
  end
end

--- Show what `tarn diff` found.
---@param report table
---@param out tarn.Screen
function M.show(report, out)
  out:line(out:style("red", "--- "), side_text(out, report.left))
  out:line(out:style("green", "+++ "), side_text(out, report.right))
  M.fields(report.differences, out)
  for _, d in ipairs(report.sources and report.sources.differences or {}) do
    M.source(d, out)
  end
  if report.ignored then
    out:heading(#report.ignored > 0 and "Differences without a meaning, ignored:"
      or "No difference was ignored")
    M.ignored(report.ignored, out)
  end
  if report.equal then
    out:line("no difference", report.sources and "" or " in the settings")
  end
end

return M
