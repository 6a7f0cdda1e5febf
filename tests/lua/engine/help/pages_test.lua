-- The pages of the documentation in the program, and how a terminal shows them.

local fs = require "native.fs"
local markdown = require "output.markdown"
local pages = require "engine.help.pages"
local program = require "testing.program"
local screens = require "output.screen"
local terminal = require "support.terminal"

-- The Markdown files below a folder.
local function walk(folder, found)
  for _, name in ipairs(fs.list(folder)) do
    local path = folder .. "/" .. name
    if fs.find_stat(path).type == "directory" then
      walk(path, found)
    elseif name:find "%.md$" then
      found[#found + 1] = path
    end
  end
  return found
end

local function shown(text, width)
  local parts = {}
  markdown.show(screens.new(function(part) parts[#parts + 1] = part end,
    { terminal = false, width = width }), text)
  return table.concat(parts)
end

test("every page of docs is in the program, as it is there", function(t)
  for _, path in ipairs(walk("docs", {})) do
    local name = path:match "^docs/(.*)%.md$"
    local short = name == "README" and "index" or name:gsub("/README$", "")
    t.equal((pages.find(short)), fs.read(path), path)
  end
  t.equal(select(2, pages.find "looking"), "guide/looking")
  t.equal(select(2, pages.find "cookbook"), "scripting/cookbook")
  t.equal(select(2, pages.find "docs/guide/events.md"), "guide/events")
  t.is_nil(pages.find "nothing")
end)

test("a page fits the window, and loses no word", function(t)
  for _, name in ipairs(pages.names()) do
    local text = name:find "^reference/[lnc]" and "" or pages.find(name)
    for _, width in ipairs { 60, 80, 120 } do
      local page = shown(text, width)
      for line in page:gmatch "[^\n]+" do
        t.is_true(#line <= width or line:find "^    " or not line:find "%S %S+ ",
          name .. ": " .. line)
      end
    end
    local last = text:gsub("%b()", ""):match ".*(%a%a%a%a+)"
    if last then
      t.match(shown(text, 100), last)
    end
  end
end)

test("headings, links, lists, tables and code are shown as they are meant", function(t)
  t.equal(shown([[
# A page

A paragraph with a [link](x.md), **bold** words and `code`, which goes on for longer than
the line has room.

- an item that is too long for the line, so that it goes on below
2. two

| a | what it is |
|---|---|
| `x\|y` | a text that does not fit into the width of the table at all |

```sh
tarn list          # all of the pipelines that one may see here
```
]], 50), [[
A page

A paragraph with a link, bold words and `code`,
which goes on for longer than the line has room.

- an item that is too long for the line, so that
  it goes on below
2. two

a      what it is
`x|y`  a text that does not fit into the width of
       the table at all

    # all of the pipelines that one may see here
    tarn list
]])
end)

test("help shows pages in a pipe whole, on a terminal by the screen", function(t)
  local r = program.run { "help", "scripting" }
  t.equal(r.status, 0)
  t.no_match(r.stdout, "-- more")
  t.match(program.run({ "help", "pages" }).stdout, "guide/looking")
  t.match(program.run({ "help", "guide/events" }).stdout, "Follow")
  t.match(program.run({ "help", "events" }).stdout, "`tarn help guide/events` is the page")
  t.match(program.run({ "help", "reference/library" }).stdout, "tarn.clone")
  local term <close> = terminal.start({ "/bin/sh", "-c",
    '"$TARN" help cloning; echo "status $?"; sleep 60' }, { cols = 80, rows = 24 })
  t.match(term:wait "-- more", "After this page")
  term:key "q"
  t.match(term:wait "status 0", "After this page")
end)

test("the cookbook is in the program", function(t)
  t.is_true(#pages.cookbook() >= 8)
  for _, name in ipairs(pages.cookbook()) do
    local r = program.run { "run", "cookbook:" .. name, "--help" }
    t.equal(r.status, 0, r.stderr)
    t.match(r.stdout, "Usage: tarn run cookbook:" .. name)
  end
  local r = program.run { "run", "cookbook:tag-al" }
  t.equal(r.status, 3)
  t.match(r.stderr, "did you mean 'tag-all'?")
  t.match(program.run({ "run", "cookbook:../x" }).stderr, "has no script")
  t.match(program.run({ "run", "sales" }).stderr, "`tarn trigger NAME --wait` runs a pipeline")
end)

test("help at the prompt shows pages too", function(t)
  local r = program.run { "repl", "-e", 'help "scripting"' }
  t.match(r.stdout, "After this page you can write a script")
  t.no_match(r.stdout, "](")
end)
