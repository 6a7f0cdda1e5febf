local args = require "engine.args"
local commandline = require "engine.args.commandline"

local SPECS <const> = {
  { "pipeline", "pipeline", "Which one." },
  { "name", "string", "A name.", optional = true, positional = true },
  { "count", "integer", "How many.", default = 5, min = 1, max = 9, short = "n" },
  { "ratio", "number", "How much.", optional = true },
  { "dry_run", "flag", "Only look." },
  { "wide", "flag", "Wide.", default = true },
  { "mode", "choice", "How.", choices = { "fast", "slow" }, default = "fast" },
  { "tag", "list", "Tags.", optional = true, short = "t" },
  { "to", "workspace", "Where.", default = "here" },
}

local function parse(line, global)
  return args.parse("tarn test", SPECS, commandline.split(line), global)
end

test("words become values by position and by name", function(t)
  for _, case in ipairs {
    { why = "position", line = "p1 x", want = { pipeline = "p1", name = "x" } },
    { why = "a name for what has a position", line = "--pipeline p1", want = { pipeline = "p1" } },
    { why = "position after a name fills what is left", line = "--pipeline p1 x",
      want = { pipeline = "p1", name = "x" } },
    { why = "value after =", line = "p --count=7", want = { count = 7 } },
    { why = "value in the next word", line = "p --count 7", want = { count = 7 } },
    { why = "short form", line = "p -n 3", want = { count = 3 } },
    { why = "short form with its value", line = "p -n3", want = { count = 3 } },
    { why = "dashes are underscores", line = "p --dry_run", want = { dry_run = true } },
    { why = "underscores are dashes", line = "p --dry-run", want = { dry_run = true } },
    { why = "a flag with a value", line = "p --dry-run=false", want = { dry_run = false } },
    { why = "the negation of a flag", line = "p --no-wide", want = { wide = false } },
    { why = "a choice in any case", line = "p --mode SLOW", want = { mode = "slow" } },
    { why = "a list grows", line = "p -t a --tag b", want = { tag = { "a", "b" } } },
    { why = "a list keeps commas", line = "p -t a,b", want = { tag = { "a,b" } } },
    { why = "a negative number is a value", line = "p --ratio -1.5", want = { ratio = -1.5 } },
    { why = "a negative number has a position", line = "p -5", want = { name = "-5" } },
    { why = "-- ends the options", line = "p -- --count", want = { name = "--count" } },
    { why = "a dash alone is a word", line = "p -", want = { name = "-" } },
    { why = "an empty value", line = "p --name=", want = { name = "" } },
    { why = "= in a value", line = "p --name=a=b", want = { name = "a=b" } },
    { why = "options in front", line = "--count 2 p", want = { pipeline = "p", count = 2 } },
  } do
    local values = parse(case.line)
    for name, want in pairs(case.want) do
      t.equal(values[name], want, case.why)
    end
  end
end)

test("what is not given has its default", function(t)
  t.equal(parse "p", { pipeline = "p", count = 5, dry_run = false, wide = true, mode = "fast",
    to = "here" })
end)

test("a wrong command line is a usage fault that says what is wrong", function(t)
  for _, case in ipairs {
    { "", "PIPELINE is missing" },
    { "p x y", "'y' is one argument too many: the command takes 2" },
    { "p --cuont 3", "unknown option '--cuont'", "did you mean '--count'?" },
    { "p --dry", "unknown option '--dry'", "did you mean '--dry-run'?" },
    { "p --outptu json", "unknown option '--outptu'", "did you mean '--output'?" },
    { "p -z", "unknown option '-z'" },
    { "p --count", "--count needs a value" },
    { "p -n", "-n needs a value" },
    { "p --count x", "--count: 'x' is not an integer" },
    { "p --count 1e3", "--count: '1e3' is not an integer" },
    { "p --count 99999999999999999999", "is not an integer" },
    { "p --count 0", "--count: '0' is less than 1" },
    { "p --count 10", "--count: '10' is more than 9" },
    { "p --ratio nan", "--ratio: 'nan' is not a number" },
    { "p --ratio 0x10", "--ratio: '0x10' is not a number" },
    { "p --mode fsat", "--mode: 'fsat' is not one of fast, slow", "did you mean 'fast'?" },
    { "p --count 1 --count 2", "--count is given twice" },
    { "p --dry-run=maybe", "--dry-run: 'maybe' is neither true nor false" },
    { "p --no-wide=1", "--no-wide takes no value" },
    { "p --no-count", "unknown option '--no-count'" },
    { "''", "PIPELINE: '' is empty" },
  } do
    local e = t.fault(parse, case[1])
    t.equal(e.kind, "usage", case[1])
    t.match(e.message, case[2])
    if case[3] then
      t.match(e.hint, case[3])
    end
    t.match(e.hint, "`tarn help test`")
  end
end)

test("options of every command may follow the command's name", function(t)
  local values, global = parse
    "p -o json --profile demo -vv --verbose -q --jobs=3 --path a --path b"
  t.equal(values.pipeline, "p")
  t.equal(global, { output = "json", profile = "demo", verbose = 3, quiet = true, jobs = 3,
    path = { "a", "b" } })
  local e = t.fault(parse, "p -o toml")
  t.match(e.message, "--output: 'toml' is not one of text, json")
  t.match(t.fault(parse, "p --jobs 0").message, "less than 1")
  t.match(t.fault(parse, "p --rate 0").message, "less than")
end)

test("the later of two options of every command wins", function(t)
  local _, global = parse("p -o json", { output = "csv" })
  t.equal(global.output, "json")
end)

test("options before the command end at its name", function(t)
  local global, at = args.parse_global { "-o", "json", "--bundled", "list", "--state", "x" }
  t.equal(global, { output = "json", bundled = true })
  t.equal(at, 4)
  global, at = args.parse_global { "-v" }
  t.equal(global, { verbose = 1 })
  t.equal(at, 2)
  t.match(t.fault(args.parse_global, { "--bundeld" }).hint, "--bundled")
end)

local RAW <const> = {
  { "file", "path", "File." },
  { "arguments", "list", "Rest.", optional = true, positional = true, raw = true },
  { "dry_run", "flag", "Look." },
}

test("a raw list takes all further words but the options of every command", function(t)
  local values, global = args.parse("tarn run", RAW,
    commandline.split "--dry-run f.lua a --dry-run --to=x -o json --help -n 5 -- -o csv")
  t.equal(values.dry_run, true)
  t.equal(values.arguments,
    { "a", "--dry-run", "--to=x", "--help", "-n", "5", "-o", "csv" })
  t.equal(global, { output = "json" })
end)

test("with --help missing arguments are no error", function(t)
  local _, global = parse "--help"
  t.is_true(global.help)
end)

test("a line is split as a shell does", function(t)
  t.equal(commandline.split [[a 'b c' "d \"e" f\ g '' h"i"j]],
    { "a", "b c", 'd "e', "f g", "", "hij" })
  t.equal(commandline.split "  ", {})
end)

test("strings are converted, other values are kept", function(t)
  local values = args.from_table("tarn test", SPECS, { pipeline = "p", count = "7", ratio = 2,
    dry_run = true, tag = { "a" } })
  t.equal(values.count, 7)
  t.equal(values.ratio, 2)
  t.equal(values.tag, { "a" })
  t.match(t.fault(args.from_table, "op", SPECS, { pipeline = "p", nmae = 1 }).message,
    "unknown argument 'nmae'")
  t.match(t.fault(args.from_table, "op", SPECS, {}).message, "PIPELINE is missing")
end)

test("an unknown option of a function is the caller's error", function(t)
  local function f(opts) require("base.options").check(opts, { "limit" }) end
  f()
  f { limit = 1 }
  t.raises("unknown option 'limt'", f, { limt = 1 })
end)
