local region = require "output.region"
local screens = require "output.screen"
local vts = require "support.vt"

local function new_region(columns, rows)
  local vt = vts.new(columns, rows)
  local screen = screens.new(function(text) vt:write(text) end,
    { terminal = true, colour = true, width = columns })
  local block = region.new(screen, { flush = function() end,
    size = function() return vt.columns, vt.rows end })
  return block, vt, screen
end

test("a region changes in place, below the earlier text", function(t)
  local block, vt = new_region(40, 10)
  vt:write "before\r\n"
  block:show { "one", "two", "three" }
  t.equal(vt:text(), "before\none\ntwo\nthree")
  block:show { "one", "2", "three" }
  t.equal(vt:text(), "before\none\n2\nthree")
  block:show { "one" }
  t.equal(vt:text(), "before\none")
  block:show { "one", "two", "three", "four" }
  t.equal(vt:text(), "before\none\ntwo\nthree\nfour")
end)

test("only lines that changed are written, in one write", function(t)
  local block, vt, screen = new_region(40, 10)
  block:show { "one", "two", "three" }
  local text = ""
  screen.raw = function(bytes) text = text .. bytes; vt:write(bytes) end
  local before = vt.written
  block:show { "one", "TWO", "three" }
  t.equal(vt.written - before, 1)
  t.equal(text:match "one" or text:match "three", nil)
  t.match(text, "TWO")
  block:show { "one", "TWO", "three" }
  t.equal(vt.written - before, 1, "nothing changed, nothing is written")
end)

test("the cursor is hidden while a region is shown and comes back with its end", function(t)
  local block, vt = new_region(40, 10)
  t.equal(vt.cursor, true)
  block:show { "one" }
  t.equal(vt.cursor, false)
  vt:write "^C"
  block:close()
  block:close()
  t.equal(vt.cursor, true)
  t.equal(vt:text(), "one", "what was typed is gone")
  vt:write "$ "
  t.equal(vt:text(), "one\n$")
  t.raises("the region is closed", block.show, block, {})
end)

test("a region that was never shown writes nothing", function(t)
  local block, vt = new_region(40, 10)
  block:close()
  t.equal(vt.written, 0)
end)

test("a region has never more lines than the terminal has rows", function(t)
  local block, vt = new_region(40, 5)
  vt:write "before\r\n"
  local lines = {}
  for i = 1, 20 do
    lines[i] = "line " .. i
  end
  block:show(lines)
  t.equal(vt:text(), "line 1\nline 2\nline 3\nline 4")
  lines[1] = "LINE 1"
  block:show(lines)
  t.equal(vt:text(), "LINE 1\nline 2\nline 3\nline 4")
  t.equal(table.concat(vt.scrolled, "|"), "before")
end)

test("a long line is cut and never broken, its colours closed", function(t)
  local block, vt, screen = new_region(12, 5)
  block:show { ("x"):rep(30), screen:style("red", ("y"):rep(30)) .. " tail", "ääääääääääää" }
  t.equal(vt:text(), "xxxxxxxxxx…\nyyyyyyyyyy…\nääääääääää…")
  t.match(block.lines[2], "…\27[0m")
  block:show { screen:style("red", "ab") .. screen:style("green", ("c"):rep(30)) }
  t.equal(vt:text(), "abcccccccc…")
end)

test("after a change of the terminal's size the whole region is redrawn, and the old one is gone",
  function(t)
    for _, size in ipairs { { 20, 10 }, { 7, 10 }, { 80, 10 }, { 40, 5 }, { 11, 4 }, { 3, 3 } } do
      local block, vt = new_region(40, 10)
      vt:write "before\r\n"
      local lines = { "a line of some thirty columns...", "short", "another one of thirty columns" }
      block:show(lines)
      vt:resize(size[1], size[2])
      block:show(lines)
      local columns, rows = block:room()
      local shown = {}
      for i = 1, math.min(3, rows) do
        shown[i] = #lines[i] <= columns and lines[i] or lines[i]:sub(1, columns - 1) .. "…"
      end
      t.match("\n" .. vt:text(), table.concat(shown, "\n"))
      t.equal(select(2, vt:text():gsub("short", "")), rows >= 2 and columns >= 5 and 1 or 0)
      local gone = vt:text():gsub("before\n?", "")
      t.equal(gone:gsub("%s+$", ""), table.concat(shown, "\n"),
        ("%d columns, %d rows"):format(size[1], size[2]))
    end
  end)

test("lines above a block stay, and the region moves down", function(t)
  local block, vt = new_region(40, 6)
  block:show { "one", "two" }
  block:above "a warning\n"
  t.equal(vt:text(), "a warning\none\ntwo")
  block:above "another\nof two lines\n"
  block:show { "one", "2" }
  t.equal(vt:text(), "a warning\nanother\nof two lines\none\n2")
  block:clear()
  t.equal(vt:text(), "a warning\nanother\nof two lines")
  block:show { "again" }
  t.equal(vt:text(), "a warning\nanother\nof two lines\nagain")
end)

test("a region at the bottom of a full terminal grows and shrinks", function(t)
  local block, vt = new_region(20, 4)
  vt:write "1\r\n2\r\n3\r\n"
  block:show { "a" }
  block:show { "a", "b", "c" }
  t.equal(vt:text(), "a\nb\nc")
  block:show { "c" }
  t.equal(vt:text(), "c")
  block:show { "c", "d" }
  t.equal(vt:text(), "c\nd")
  t.equal(table.concat(vt.scrolled, "|"), "1|2|3")
end)
