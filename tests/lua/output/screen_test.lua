-- Lines on a screen of a certain width.

local screen = require "output.screen"

local function written(width, f, opts)
  local parts = {}
  local s = screen.new(function(text) parts[#parts + 1] = text end,
    { width = width, terminal = true, colour = opts and opts.colour or false })
  f(s)
  return table.concat(parts)
end

test("a line that is too wide goes on below, at a blank, further right than it began", function(t)
  t.equal(written(20, function(s) s:line("  one two three four five six") end),
    "  one two three four\n    five six\n")
  t.equal(written(20, function(s) s:flow(8, "status  one two three four") end),
    "status  one two\n        three four\n")
  t.equal(written(28, function(s) s:line("  one two three four five six") end),
    "  one two three four five\n    six\n")
  t.equal(written(29, function(s) s:line("  one two three four five six") end),
    "  one two three four five six\n")
end)

test("columns keep their blanks, and each line of a text is broken by itself", function(t)
  t.equal(written(20, function(s) s:line("a    b\n  cccc dddd eeee ffff") end),
    "a    b\n  cccc dddd eeee\n    ffff\n")
end)

test("a word is not broken, and does not leave an empty line above it", function(t)
  local word = ("x"):rep(30)
  t.equal(written(20, function(s) s:line("  ", word, " end") end), "  " .. word .. "\n    end\n")
  t.equal(written(20, function(s) s:line("a b ", word) end), "a b\n  " .. word .. "\n")
end)

test("styles and wide characters count as what they take", function(t)
  local text = written(12, function(s)
    s:line(s:style("red", "one two"), " three four")
  end, { colour = true })
  t.equal((text:gsub("\27%[%d+m", "")), "one two\n  three four\n")
  t.equal(written(10, function(s) s:line "表表 表表" end), "表表 表表\n")
  t.equal(written(9, function(s) s:line "表表 表表" end), "表表 表表\n")
  t.equal(written(8, function(s) s:line "表表 表表" end), "表表\n  表表\n")
end)

test("without a limit nothing is broken", function(t)
  local long = ("word "):rep(100) .. "end"
  t.equal(written(math.huge, function(s) s:line(long) end), long .. "\n")
end)
