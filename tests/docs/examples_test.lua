--- What the documentation shows works.

local find = require "engine.find"
local fs = require "native.fs"
local header = require "engine.header"

test("the scripts in docs/scripting/scripting.md have complete headers", function(t)
  local count = 0
  for block in fs.read("docs/scripting/scripting.md"):gmatch "```lua\n(.-)```" do
    if block:find "return {" then
      local chunk = find.compile { name = "docs", path = "docs/scripting/scripting.md", text = block }
      header.check(chunk(), "docs/scripting/scripting.md")
      count = count + 1
    end
  end
  t.equal(count, 3)
end)

test("every field of a header is in docs/scripting/scripting.md", function(t)
  local text = fs.read "docs/scripting/scripting.md"
  for _, name in ipairs(header.field_names()) do
    t.match(text, "`" .. name .. "`")
  end
  for name in pairs(require("engine.header.argspec").types) do
    t.match(text, "`" .. name .. "`")
  end
end)

local function pages_below(folder, pages)
  for _, name in ipairs(fs.list(folder)) do
    local path = folder .. "/" .. name
    if fs.find_stat(path).type == "directory" then
      pages_below(path, pages)
    elseif name:find "%.md$" then
      pages[#pages + 1] = path
    end
  end
  return pages
end

test("every link of a page leads to a file that is there", function(t)
  for _, page in ipairs(pages_below("docs", { "README.md" })) do
    local folder = page:match "^(.*/)" or ""
    for target in fs.read(page):gmatch "%]%(([^)#%s]+)[^)]*%)" do
      if not target:find "^%a+:" then
        t.is_true(fs.find_stat(folder .. target), page .. " -> " .. target)
      end
    end
  end
end)
