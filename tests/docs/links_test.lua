--- The pages of the documentation lead to each other, and have one form.

local fs = require "native.fs"
local pages = require "support.pages"
local script = require "engine.script"

-- Made by `tarn api-reference` from the sources.
local GENERATED <const> = { ["docs/reference/commands.md"] = true,
  ["docs/reference/library.md"] = true, ["docs/reference/native.md"] = true }

-- The name that a heading has as an anchor.
local function anchor_of(heading)
  return (heading:gsub("`", ""):lower():gsub("[^%w%s_-]", ""):gsub(" ", "-"))
end

local function has_anchor(page, anchor)
  for _, line in ipairs(pages.prose(page)) do
    local heading = line:match "^#+ (.*)$"
    if heading and anchor_of(heading) == anchor then
      return true
    end
  end
  return false
end

-- Calls `f(target, anchor)` for each link of a page to a file; the target is a path of the tree.
local function each_link(page, f)
  local folder = page:match "^(.*/)" or ""
  local text = table.concat(pages.prose(page), "\n")
  for target, anchor in text:gmatch "%]%(([^)#%s]*)#?([^)%s]*)%)" do
    if not target:find "^%a+:" then
      local path = target == "" and page or folder .. target
      repeat
        local shorter, n = path:gsub("[^/]+/%.%./", "", 1)
        path = shorter
      until n == 0
      f(path, anchor ~= "" and anchor or nil)
    end
  end
end

test("every link of a page leads to a file, and to a heading, that is there", function(t)
  local count = 0
  for _, page in ipairs(pages.list()) do
    each_link(page, function(path, anchor)
      t.is_true(fs.find_stat(path), page .. " -> " .. path)
      if anchor then
        t.is_true(has_anchor(path, anchor), ("%s -> %s#%s"):format(page, path, anchor))
      end
      count = count + 1
    end)
  end
  t.is_true(count > 100, count)
end)


test("every page that a text, a comment or a message names is there", function(t)
  local files = pages.list()
  for folder, ending in pairs { lua = "%.%a+$", scripts = "%.lua$", src = "%.[ch]$",
    tests = "%.lua$", docs = "%.lua$" } do
    pages.files_below(folder, ending, files)
  end
  files[#files + 1] = "dev"
  local count = 0
  for _, file in ipairs(files) do
    for path in fs.read(file):gmatch "%f[%w./-](docs/[%w/_-]+%.md)" do
      t.is_true(fs.find_stat(path), file .. " names " .. path)
      count = count + 1
    end
  end
  t.is_true(count > 30, count)
end)

test("a page names another one by a link", function(t)
  for _, page in ipairs(pages.list()) do
    for _, line in ipairs(pages.prose(page)) do
      local rest = line:gsub("%]%([^)]*%)", "")
      t.is_nil(not GENERATED[page] and rest:match "[%w/_-]+%.md" or nil, page .. ": " .. line)
    end
  end
end)

test("docs/README.md leads to every page, and names every command", function(t)
  local linked = { ["docs/README.md"] = true }
  each_link("docs/README.md", function(path) linked[path] = true end)
  for _, page in ipairs(pages.list()) do
    t.is_true(linked[page] or page == "README.md", page)
  end
  local text = fs.read "docs/README.md"
  for _, name in ipairs(script.names()) do
    t.match(text, "`tarn " .. name:gsub("%-", "%%-") .. "[ `]", true)
  end
end)

test("no line of a page is longer than 120 columns", function(t)
  for _, page in ipairs(pages.list()) do
    local number = 0
    for line in fs.read(page):gmatch "([^\n]*)\n" do
      number = number + 1
      t.is_true(GENERATED[page] or utf8.len(line) <= 120,
        ("%s:%d has %d columns"):format(page, number, utf8.len(line)))
    end
  end
end)

test("a page begins with what one can do after it, and the command one types most", function(t)
  for _, page in ipairs(pages.list()) do
    if page:find "^docs/guide/" or page:find "^docs/scripting/" then
      local first = pages.blocks(page)[1]
      local prose = pages.prose(page)
      t.match(prose[1], "^# ", true)
      t.match(prose[3], "^After this page ", true)
      t.is_true(first and first.first <= 8 and (first.language == "sh"
        or first.language == "console"), page)
    end
  end
end)
