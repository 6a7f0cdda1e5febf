--- docs/scripting/repl.md: each conversation in it goes as it says, each command runs.

local cli = require "testing.program"
local dotcommands = require "repl.dotcommands"
local fs = require "native.fs"

local PROMPT <const>, MORE <const> = "^tarn demo> ?(.*)$", "^ +%.> ?(.*)$"

-- The conversations: what is typed, and what is shown. Blocks are indented by four blanks; an
-- empty line belongs to one if the block goes on behind it.
local function conversations()
  local list, current = {}, nil
  for line in (fs.read("docs/scripting/repl.md") .. "\n"):gmatch "(.-)\n" do
    local text = line:match "^    (.*)$" or line == "" and current and ""
    if text and text:find(PROMPT) and not current then
      current = { typed = {}, shown = {} }
      list[#list + 1] = current
    end
    if not text then
      current = nil
    elseif current and (text:match(PROMPT) or text:match(MORE)) then
      table.insert(current.typed, text:match(PROMPT) or text:match(MORE))
    elseif current then
      table.insert(current.shown, text)
    end
  end
  return list
end

test("each conversation of docs/scripting/repl.md goes as it says", function(t)
  local list = conversations()
  t.is_true(#list >= 6, #list)
  for _, one in ipairs(list) do
    local state <close> = cli.dir()
    local r = cli.shell([[ printf '%s\n' "$TYPED" | "$TARN" --profile demo repl 2>&1 ]],
      { env = { TYPED = table.concat(one.typed, "\n"), XDG_STATE_HOME = state.path } })
    t.equal(r.stdout:gsub("%s+$", ""), table.concat(one.shown, "\n"):gsub("%s+$", ""),
      table.concat(one.typed, "; "))
  end
end)

test("each command of docs/scripting/repl.md runs", function(t)
  local state <close> = cli.dir()
  local n = 0
  for command in fs.read("docs/scripting/repl.md"):gmatch "\n    %$ ([^\n]+)" do
    n = n + 1
    local r = cli.shell((command:gsub("^tarn ", '"$TARN" '):gsub("| tarn ", '| "$TARN" ')),
      { env = { XDG_STATE_HOME = state.path } })
    t.equal(r.status, 0, command .. "\n" .. r.stderr)
    t.is_true(r.stdout ~= "", command)
  end
  t.is_true(n >= 4, n)
end)

test("each line with a dot is in docs/scripting/repl.md", function(t)
  local text = fs.read("docs/scripting/repl.md"):gsub("\\|", "|")
  for _, dot in ipairs(dotcommands.list) do
    t.match(text, (("`.%s %s"):format(dot.name, dot.args):gsub("%s+$", "")))
  end
end)
