--- What the documentation shows works.

local find = require "engine.find"
local fs = require "native.fs"
local header = require "engine.header"

test("the scripts in docs/scripting.md have complete headers", function(t)
  local count = 0
  for block in fs.read("docs/scripting.md"):gmatch "```lua\n(.-)```" do
    if block:find "return {" then
      local chunk = find.compile { name = "docs", path = "docs/scripting.md", text = block }
      header.check(chunk(), "docs/scripting.md")
      count = count + 1
    end
  end
  t.equal(count, 3)
end)

test("every field of a header is in docs/scripting.md", function(t)
  local text = fs.read "docs/scripting.md"
  for _, name in ipairs(header.field_names()) do
    t.match(text, "`" .. name .. "`")
  end
  for name in pairs(header.types) do
    t.match(text, "`" .. name .. "`")
  end
end)

test("every link of a page leads to a file that is there", function(t)
  local pages = { "README.md" }
  for _, folder in ipairs { "docs", "docs/cookbook", "docs/changes" } do
    for _, name in ipairs(fs.list(folder)) do
      pages[#pages + 1] = name:find "%.md$" and folder .. "/" .. name or nil
    end
  end
  for _, page in ipairs(pages) do
    local folder = page:match "^(.*/)" or ""
    for target in fs.read(page):gmatch "%]%(([^)#%s]+)[^)]*%)" do
      if not target:find "^%a+:" then
        t.is_true(fs.find_stat(folder .. target), page .. " -> " .. target)
      end
    end
  end
end)
