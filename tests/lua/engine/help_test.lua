local errors = require "engine.errors"
local fs = require "native.fs"
local golden = require "testing.golden"
local help = require "engine.help"
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
  t.equal(data.args[1], { name = "file", type = "path", help = "The Lua file.", positional = true,
    required = true })
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
