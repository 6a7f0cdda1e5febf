local header = require "engine.header"

local function good()
  return {
    summary = "Do something.", effect = "read",
    args = { { "name", "string", "A name." } },
    run = function() end,
  }
end

local function with(change)
  local script = good()
  change(script)
  return script
end

test("a complete header passes", function()
  header.check(good(), "x.lua")
  header.check(with(function(s)
    s.effect = "write"
    s.args = { { "name", "string", "A name." }, { "dry_run", "flag", "Look." } }
    s.examples = { { "x y", "why" } }
    s.route = { "POST", "/api/{name}" }
    s.details, s.author, s.since, s.needs, s.see = "d", "a", "0.1", { "warehouse" }, { "list" }
    s.render = { columns = { "name" }, text = print }
  end), "x.lua")
end)

test("an error in a header names file and field", function(t)
  for _, case in ipairs {
    { "'summary' is missing", function(s) s.summary = nil end },
    { "'effect' is missing", function(s) s.effect = nil end },
    { "'args' is missing", function(s) s.args = nil end },
    { "'run' is missing", function(s) s.run = nil end },
    { "unknown field 'sumary' in the header", function(s) s.sumary = "x" end,
      "did you mean 'summary'?" },
    { "'summary' is not one line that ends with a full stop", function(s) s.summary = "No" end },
    { "'effect' in the header is not \"read\"", function(s) s.effect = "rea" end },
    { "args[1] is not { name, type, help }", function(s) s.args[1] = "name" end },
    { "a name has lower-case letters", function(s) s.args[1][1] = "Name" end },
    { "the unknown type 'strng'", function(s) s.args[1][2] = "strng" end,
      "did you mean 'string'?" },
    { "has no help that ends with a full stop", function(s) s.args[1][3] = "x" end },
    { "unknown field 'defualt' in argument 'name'", function(s) s.args[1].defualt = "x" end,
      "did you mean 'default'?" },
    { "the default does not fit the type string", function(s) s.args[1].default = 5 end },
    { "'choices' goes with the type choice", function(s) s.args[1].choices = { "a" } end },
    { "argument 'name' is declared twice", function(s) s.args[2] = s.args[1] end },
    { "'output' has the name of an option that every command takes",
      function(s) s.args[1][1] = "output" end },
    { "-v is taken", function(s) s.args[1].short = "v" end },
    { "comes after a list", function(s)
      s.args = { { "all", "list", "All." }, { "name", "string", "A name." } }
    end },
    { "is required, but comes after an optional", function(s)
      s.args = { { "a", "string", "A.", optional = true, positional = true },
        { "b", "string", "B." } }
    end },
    { "is a flag: flags are always optional", function(s)
      s.args[1] = { "all", "flag", "All.", positional = true }
    end },
    { "'examples' is missing", function(s) s.effect = "write" end },
    { "the argument 'dry_run' (a flag) is missing", function(s)
      s.effect, s.examples = "destroy", { { "x", "y" } }
    end },
    { "examples[1] is not", function(s) s.examples = { "x" } end },
    { "route is not { method, path }", function(s) s.route = { "FETCH", "/x" } end },
    { "route names the argument 'id'", function(s) s.route = { "GET", "/x/{id}" } end },
    { "unknown field 'colums' in render", function(s) s.render = { colums = {} } end },
    { "'needs' in the header is not a list of strings", function(s) s.needs = { 1 } end },
  } do
    local e = t.fault(header.check, with(case[2]), "dir/x.lua")
    t.match(e.message, "dir/x.lua: ")
    t.match(e.message, case[1])
    if case[3] then
      t.equal(e.hint, case[3])
    end
  end
end)

test("a file that returns no table is not a script", function(t)
  t.match(t.fault(header.check, nil, "x.lua").message, "a script returns one table")
  t.match(t.fault(header.check, "text", "x.lua").message, "a script returns one table")
end)

test("every bundled script has a complete header, and its examples parse", function(t)
  local args = require "engine.args"
  local commandline = require "engine.args.commandline"
  local script = require "engine.script"
  local count = 0
  for _, name in ipairs(script.names()) do
    local loaded = script.load("@" .. name)
    for _, example in ipairs(loaded.examples or {}) do
      local words = commandline.split(example[1])
      local global, at = args.parse_global(words)
      t.equal(words[at], name, "an example of " .. name)
      args.parse("tarn " .. name, loaded.args, table.move(words, at + 1, #words, 1, {}), global)
      t.is_true(#example[2] > 0)
      count = count + 1
    end
    for _, other in ipairs(loaded.see or {}) do
      t.is_true(require("engine.script").exists(other), name .. " refers to " .. other)
    end
  end
  t.is_true(count > 10)
end)
