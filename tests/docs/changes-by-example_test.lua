--- docs/develop/changes-by-example.md: its changes can be made, and do what the page says.

local fs = require "native.fs"
local pages = require "support.pages"
local walkthrough = require "support.walkthrough"

local PAGE <const> = "docs/develop/changes-by-example.md"

-- Replace the one place in `text` where `old` stands.
local function replace(t, text, old, new, file)
  local from, to = text:find(old, 1, true)
  t.is_true(from, ("%s: the page changes what is not there:\n%s"):format(file, old))
  t.is_nil(text:find(old, to + 1, true), ("%s: not the only place:\n%s"):format(file, old))
  return text:sub(1, from - 1) .. new .. text:sub(to + 1)
end

-- Make the change of a block: a line with the file, then lines that begin with " ", "-" or "+".
local function apply(t, block, files)
  local file = block.lines[1]:match "^%-%-%- (%S+)$"
  local text = files[file] or fs.read(file)
  local old, new = "", ""
  for i = 2, #block.lines + 1 do
    local sign, line = (block.lines[i] or "@"):match "^(.)(.*)$"
    if sign == "@" then
      text = replace(t, text, old, new, file)
      old, new = "", ""
    else
      old = sign ~= "+" and old .. line .. "\n" or old
      new = sign ~= "-" and new .. line .. "\n" or new
    end
  end
  files[file] = text
end

test("docs/develop/changes-by-example.md makes its changes, and they work", function(t)
  local files, count = {}, 0
  for _, block in ipairs(pages.blocks(PAGE)) do
    if block.language == "diff" then
      apply(t, block, files)
      count = count + 1
    end
  end
  t.is_true(count >= 5, count)
  for _, part in ipairs(pages.parts(PAGE)) do
    if part.file then -- the first command needs all files
      files[part.file] = part.text
    end
  end
  local walk = walkthrough.run(t, PAGE, { files = files })
  t.match(walk.all, "new: a copy is in development mode")
  t.match(walk.all, '"IS_OWNER"\t')
  t.match(walk.all, "install certificates")
end)

-- The text of a row's code, as it stands in the file: "M.list" without its table's name.
local function is_in(text, code)
  return text:find(code, 1, true) or text:find(code:gsub("^M%.", "function M.", 1), 1, true)
end

test("docs/develop/changes-by-example.md names three files for a change, and what is in them",
  function(t)
  local sections = {}
  for _, line in ipairs(pages.prose(PAGE)) do
    local file, names = line:match "^| `([^`]+)` | ([^|]+) |"
    if line:find "^## " then
      sections[#sections + 1] = 0
    elseif file then
      sections[#sections] = sections[#sections] + 1
      local text = fs.find_read(file)
      t.is_true(text or file:find "NAME", file)
      for name in (text and names or ""):gmatch "`([^`]+)`" do
        t.is_true(is_in(text, name), ("%s has no %s"):format(file, name))
      end
    end
  end
  t.equal(sections, { 3, 3, 3 })
end)
