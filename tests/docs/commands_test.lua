--- docs/scripting/commands.md: its commands run, and it explains each field of a header.

local find = require "engine.find"
local fs = require "native.fs"
local header = require "engine.header"
local pages = require "support.pages"
local walkthrough = require "support.walkthrough"

local PAGE <const> = "docs/scripting/commands.md"

test("docs/scripting/commands.md does what it says", function(t)
  local walk = walkthrough.run(t, PAGE)
  t.match(walk.out["tarn -p demo owners -n 5 -o json"], '"count": ')
end)

test("every field of a header is in docs/scripting/commands.md", function(t)
  local text = fs.read(PAGE)
  for _, name in ipairs(header.field_names()) do
    t.match(text, "`" .. name .. "`")
  end
  for name in pairs(require("engine.header.argspec").types) do
    t.match(text, "`" .. name .. "`")
  end
end)

test("the commands that pages show have complete headers", function(t)
  local count = 0
  for _, page in ipairs(pages.list()) do
    for _, part in ipairs(pages.parts(page)) do
      if part.file and part.text:find "summary = \"" then
        local chunk = find.compile { name = part.file, path = page, text = part.text }
        header.check(chunk(), page)
        count = count + 1
      end
    end
  end
  t.is_true(count >= 2, count)
end)
