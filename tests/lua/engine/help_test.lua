local errors = require "engine.errors"
local fs = require "native.fs"
local golden = require "testing.golden"
local groups = require "engine.help.groups"
local help = require "engine.help"
local layout = require "engine.help.layout"
local report = require "engine.report"
local topics = require "engine.help.topics"

test("the help of commands is as in the golden files", function(t)
  for _, name in ipairs { "api", "doctor", "eject", "help", "run", "sql", "which" } do
    golden.check(t, "help/" .. name .. ".txt", help.text(name))
  end
end)

test("the help of other topics is as in the golden files", function(t)
  golden.check(t, "help/-options.txt", topics.options())
  golden.check(t, "help/-exit.txt", topics.exit())
  golden.check(t, "help/-error.txt", topics.error())
end)

test("no line of help is wider than 100 columns", function(t)
  local texts = { topics.options(), topics.exit(), topics.error(), topics.library(),
    help.overview() }
  for _, name in ipairs(require("engine.script").names()) do
    texts[#texts + 1] = help.text(name)
  end
  for _, text in ipairs(texts) do
    for line in text:gmatch "[^\n]+" do
      t.is_true(utf8.len(line) <= 100, line)
    end
  end
end)

test("help is wrapped to the terminal, and wrapping it twice changes nothing", function(t)
  local texts = { topics.options(), topics.exit(), topics.error(), topics.library(),
    help.overview() }
  for _, name in ipairs(require("engine.script").names()) do
    texts[#texts + 1] = help.text(name)
  end
  for _, text in ipairs(texts) do
    for _, width in ipairs { 60, 80, 120 } do
      local filled = layout.fill(text, width)
      for line in filled:gmatch "[^\n]+" do
        t.is_true(utf8.len(line) <= math.min(width, 92) or not line:match "^ *%S+(.*)":find " ",
          line)
      end
      t.equal(layout.fill(filled, width), filled)
      t.equal((filled:gsub("%s+", " ")), (text:gsub("%s+", " ")), "no word is lost")
    end
  end
end)

test("paragraphs are filled; terms, lists and examples keep their columns", function(t)
  t.equal(layout.fill([[
A paragraph whose lines were broken
for another width.

  one    the first of the words
         that are explained
- an item of a list, which is long
    an example  stays
]], 34), [[
A paragraph whose lines were
broken for another width.

  one    the first of the words
         that are explained
- an item of a list, which is long
    an example  stays
]])
end)

test("the first sentence ends where it ends", function(t)
  t.equal(layout.sentence 'Runs it: `ws:sql("SELECT 1. As x")`. Then more.',
    'Runs it: `ws:sql("SELECT 1. As x")`.')
  t.equal(layout.sentence "Give a name, a date, ... All of it\nis one sentence. Two.",
    "Give a name, a date, ... All of it is one sentence.")
end)

test("every built-in command is in one group of the overview", function(t)
  local found = {}
  for _, group in ipairs(groups.list) do
    for _, name in ipairs(group.commands) do
      t.is_nil(found[name], name)
      found[name] = true
    end
  end
  for _, name in ipairs(require("native.bundle").list "scripts/") do
    t.is_true(found[name:match "([%w-]+)%.lua$"], name)
  end
  local own = groups.sort { { command = "zebra" }, { command = "list" } }
  t.equal({ own[1].title, own[2].title, own[2].entries[1].command }, { "Look", "Your own",
    "zebra" })
end)

test("an option that must be given looks so", function(t)
  local specs = { { "pipeline", "pipeline", "Which." },
    { "to", "workspace", "The target.", positional = false },
    { "dry_run", "flag", "Show." } }
  local synopsis = require "engine.help.synopsis"
  t.equal(synopsis.usage("promote", specs), "tarn promote [OPTIONS] --to PROFILE PIPELINE")
  local _, options = synopsis.rows(specs)
  t.equal({ options[1][2], options[2][2] }, { "The target. Required.", "Show." })
end)

test("a manual page is filled by man, not broken by us", function(t)
  local page = require("engine.man").command "clone"
  local description = page:match "%.SH DESCRIPTION\n(.-)%.SH"
  t.no_match(description, ".nf")
  t.match(description, "\n.PP\n")
  local auth = require("engine.man").command "auth"
  t.match(auth, ".TP\n\\fBdescribe\\fR\nShows the host")
  t.match(require("engine.man").command "sandbox", ".nf\n  DATABRICKS_HOST")
end)

test("every kind of fault is explained, and nothing else", function(t)
  local stub = fs.read "docs/reference/native/fault.lua"
  local kinds = stub:match "@field kind (%S+)"
  for kind in kinds:gmatch '"(%a+)"' do
    t.is_true(errors.find(kind), kind)
    t.match(topics.error(kind), kind .. ": ")
  end
  for _, entry in ipairs(errors.kinds) do
    t.match(kinds, '"' .. entry.kind .. '"')
  end
end)

test("every exit status is explained", function(t)
  local known = {}
  for _, status in ipairs(errors.statuses) do
    known[status[1]] = true
  end
  for name, status in pairs(report.statuses) do
    t.is_true(known[status], name)
  end
end)

test("docs/reference/errors.md is made from the table", function(t)
  if os.getenv "UPDATE_GOLDEN" then
    fs.write("docs/reference/errors.md", errors.markdown())
  end
  t.equal(fs.find_read "docs/reference/errors.md", errors.markdown(), "docs/reference/errors.md")
end)

test("an unknown kind of fault has a hint", function(t)
  local e = t.fault(topics.error, "atuh")
  t.equal(report.status(e), 3)
  t.match(e.hint, "auth")
end)

test("the help of a command is data, too", function(t)
  local data = require("engine.help.data").script("run", (require("engine.script").load "@run"))
  t.equal(data.args[1], { name = "file", type = "path", help = "The Lua file, or cookbook:NAME.",
    positional = true, required = true })
  t.equal(data.command, "run")
end)

test("the whole library is on one screen", function(t)
  local text, lines = topics.library(), 0
  for _ in text:gmatch "\n" do
    lines = lines + 1
  end
  t.is_true(lines <= 64, lines .. " lines")
  for _, name in ipairs(require("engine.library").names()) do
    t.match(text, name)
  end
  for name in pairs(require("engine.library").functions) do
    t.match(text, "tarn." .. name .. "(")
  end
end)
