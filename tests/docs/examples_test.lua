--- What the pages show is true: commands, options, files, and scripts that somebody runs.

local args = require "engine.args"
local commandline = require "engine.args.commandline"
local fs = require "native.fs"
local pages = require "support.pages"
local script = require "engine.script"

local COMMANDS <const> = { sh = true, console = true }

-- Calls `f(text)` for each piece of code in the sentences and tables of a page.
local function each_code(page, f)
  for code in table.concat(pages.prose(page), " "):gmatch "`([^`]+)`" do
    f((code:gsub("%s+", " "):gsub("\\|", "|")))
  end
end

-- The commands that a page makes: by `tarn new`, and as files.
local function find_made(page)
  local made = {}
  for _, part in ipairs(pages.parts(page)) do
    local name = part.command and part.command:match "tarn new (%S+)"
      or part.file and part.file:match "scripts/(.*)%.lua$"
    made[name or ""] = true
  end
  return made
end

-- Whether a command line can be understood; raises what is wrong with it.
local function parse(line, made)
  local words = commandline.split(line)
  table.remove(words, 1)
  local global, at = args.parse_global(words)
  local name = words[at]
  if name and not made[name] and not name:find "^%u+$" then
    local loaded = script.load("@" .. name)
    args.parse("tarn " .. name, loaded.args, table.move(words, at + 1, #words, 1, {}), global)
  end
end

test("each command that a page names can be called so", function(t)
  local count = 0
  for _, page in ipairs(pages.list()) do
    local made = find_made(page)
    each_code(page, function(code)
      local line = code:match "^b?u?i?l?d?/?(tarn .*)$"
      if line and not line:find "%.%.%." then
        local ok, e = pcall(parse, line, made)
        t.is_true(ok or tostring(e):find "is missing", page .. ": " .. line .. ": " .. tostring(e))
        count = count + 1
      end
    end)
  end
  t.is_true(count > 150, count)
end)

-- Every option of every command.
local function all_options()
  local known = {}
  local function add(specs)
    for _, spec in ipairs(specs) do
      known["--" .. spec[1]:gsub("_", "-")] = true
    end
  end
  for _, name in ipairs(script.names()) do
    add(script.load("@" .. name).args)
  end
  add(require("engine.header.globals").list)
  return known
end

-- Options of kubectl and of ./dev.
local FOREIGN <const> = { ["--context"] = true, ["--web"] = true }

test("each option that a page names is one of a command", function(t)
  local known = all_options()
  for _, page in ipairs(pages.list()) do
    if not page:find "^docs/changes/" then
      each_code(page, function(code)
        local option = code:match "^(%-%-%l[%w-]+)"
        t.is_true(not option or known[option] or known[option:gsub("^%-%-no%-", "--")]
          or FOREIGN[option], page .. ": " .. code)
      end)
    end
  end
end)

-- Folders whose files a page may name; others, such as sales/, are made by its commands.
local TREE <const> = { src = true, lua = true, docs = true, tests = true }

test("each file of the tree that a page names is there", function(t)
  local count = 0
  for _, page in ipairs(pages.list()) do
    if not page:find "^docs/changes/" then
      each_code(page, function(code)
        local folder = code:match "^(%l+)/[%w_./-]+$"
        if folder and TREE[folder] and not code:find "NAME" and not code:find "LIBRARY"
          and not code:find "/%u[/.]" then
          t.is_true(fs.find_stat(code), page .. " names " .. code)
          count = count + 1
        end
      end)
    end
  end
  t.is_true(count > 20, count)
end)

test("each script of a page compiles, has a name, and is run", function(t)
  local count = 0
  for _, page in ipairs(pages.list()) do
    local text = ""
    for _, block in ipairs(pages.blocks(page)) do
      text = COMMANDS[block.language] and text .. table.concat(block.lines, "\n") or text
    end
    for _, block in ipairs(pages.blocks(page)) do
      if block.language == "lua" then
        local name = pages.find_name(block)
        t.is_true(name, ("%s:%d: a script without a name"):format(page, block.first))
        t.is_true(load(table.concat(block.lines, "\n"), "@" .. page, "t"))
        local called = name:match "([%w_-]+)%.lua$"
        t.is_true(text:find(called, 1, true) or name:find "^~/%.config/tarn/",
          ("%s: nobody runs %s"):format(page, name))
        count = count + 1
      end
    end
  end
  t.is_true(count >= 20, count)
end)

-- The examples of headers, each of which another test parses.
local GENERATED <const> = { ["docs/reference/commands.md"] = true }

-- The file of tests in which a page's commands run.
local function test_of(page)
  local name = page == "README.md" and "readme" or page == "docs/README.md" and "index"
    or page:match "([%w_-]+)/README%.md$" or page:match "([%w_-]+)%.md$"
  return ("tests/docs/%s_test.lua"):format(name)
end

test("each page with commands has a test that runs them", function(t)
  local count = 0
  for _, page in ipairs(pages.list()) do
    for _, block in ipairs(pages.blocks(page)) do
      if COMMANDS[block.language] then
        local tests = fs.find_read(test_of(page))
        t.is_true(tests, test_of(page) .. " is missing")
        t.match(tests, '"' .. page .. '"')
        count = count + 1
        break
      end
    end
    for _, line in ipairs(pages.prose(page)) do
      t.is_true(GENERATED[page] or not line:find "^    %$?%s?tarn ",
        page .. ": a command outside of a block: " .. line)
    end
  end
  t.is_true(count >= 25, count)
end)
