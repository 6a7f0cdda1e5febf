--- docs/scripting/repl.md: each conversation in it goes as it says, each command runs.

local program = require "testing.program"
local dotcommands = require "repl.dotcommands"
local fs = require "native.fs"
local pages = require "support.pages"
local walkthrough = require "support.walkthrough"

local PAGE <const> = "docs/scripting/repl.md"
local PROMPT <const>, MORE <const> = "^tarn demo> ?(.*)$", "^ +%.> ?(.*)$"

-- What is typed in a block, and what is shown.
local function read_conversation(block)
  local typed, shown = {}, {}
  for _, line in ipairs(block.lines) do
    local entry = line:match(PROMPT) or line:match(MORE)
    table.insert(entry and typed or shown, entry or line)
  end
  return table.concat(typed, "\n"), table.concat(shown, "\n")
end

test("each conversation of docs/scripting/repl.md goes as it says", function(t)
  local count = 0
  for _, block in ipairs(pages.blocks(PAGE)) do
    if block.lines[1]:find(PROMPT) then
      local typed, shown = read_conversation(block)
      local state <close> = program.dir()
      local r = program.shell([[ printf '%s\n' "$TYPED" | "$TARN" --profile demo repl 2>&1 ]],
        { env = { TYPED = typed, XDG_STATE_HOME = state.path } })
      t.equal(r.stdout:gsub("%s+$", ""), shown, typed)
      count = count + 1
    end
  end
  t.is_true(count >= 7, count)
end)

test("each command of docs/scripting/repl.md runs", function(t)
  local walk = walkthrough.run(t, PAGE)
  t.is_true(walk.count >= 4, walk.count)
  for command, out in pairs(walk.out) do
    t.is_true(out ~= "", command)
  end
end)

test("each line with a dot is in docs/scripting/repl.md", function(t)
  local text = fs.read(PAGE):gsub("\\|", "|")
  for _, dot in ipairs(dotcommands.list) do
    t.match(text, (("`.%s %s"):format(dot.name, dot.args):gsub("%s+$", "")))
  end
end)
