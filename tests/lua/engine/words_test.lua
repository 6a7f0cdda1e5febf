local args = require "engine.args"
local commandline = require "engine.args.commandline"
local program = require "testing.program"
local script = require "engine.script"
local words = require "engine.words"

-- What users of databricks, gh, kubectl, terraform and git type first.
local TYPED <const> = [[open edit create login start logs show describe status rename restore cost
  tag apply watch preview rows history deploy profiles whoami version ls list-pipelines start-update
  get-update configure undelete top rm mv cp delete-pipeline cancel rerun log tail plan promote
  download backup billing jobs update remove run-now revert rollback destroy]]

local function exists(name)
  return script.exists(name)
end

test("the words of other tools have an answer", function(t)
  for word in TYPED:gmatch "%S+" do
    if not exists(word) then
      t.is_true(words.find({ word }, exists), word)
    end
  end
  for line, meant in pairs {
    ["pipelines list-pipelines"] = "list", ["pipelines start-update x"] = "trigger NAME --wait",
    ["databricks pipelines get x"] = "help get", ["kubectl logs"] = "events NAME",
    ["pipelines"] = "list", ["PS"] = "list",
  } do
    t.equal(words.find(commandline.split(line), exists)[1], meant, line)
  end
  t.is_nil(words.find({ "nonsense" }, exists))
end)

test("each answer is a command line that the command takes", function(t)
  for word, answers in pairs(words.commands) do
    local answer = words.find({ word }, exists)
    t.is_true(answer or word:find " " or exists(word), word .. " names no command that exists")
    for _, one in ipairs(answers) do
      local line = commandline.split(one[1])
      local _, at = args.parse_global(line)
      local name = line[at]
      if name and exists(name) then
        args.parse("tarn " .. name, script.load(name).args,
          table.move(line, at + 1, #line, 1, {}), {})
      end
    end
  end
end)

test("a suggestion never destroys or stops anything", function(t)
  for _, typed in ipairs { "stpo", "step", "topp", "delte", "delet", "elete", "undoo", "unod",
    "sto", "dele" } do
    local similar = script.suggest(typed)
    t.is_true(similar ~= "stop" and similar ~= "delete" and similar ~= "undo", typed)
    for _, line in ipairs { { typed }, { "which", typed } } do
      local r = program.run(line)
      for _, dangerous in ipairs { "stop", "delete", "undo" } do
        t.no_match(r.stderr, "did you mean '" .. dangerous)
      end
    end
  end
  t.equal(script.suggest "lsit", "list")
end)

test("the program answers with the command that is meant", function(t)
  for line, meant in pairs {
    ["logs sales"] = "tarn events NAME", ["pipelines start-update sales"] = "tarn trigger NAME",
    ["undelete x"] = "tarn undo last", ["top"] = "tarn dashboard --watch",
    ["rm x"] = "tarn delete NAME", ["help logs"] = "tarn events NAME",
    ["events x --number 3"] = "--max-events",
    ["list --debug"] = "--verbose", ["list --json"] = "--output",
  } do
    local r = program.run(commandline.split(line))
    t.equal(r.status, 2, line)
    t.match(r.stderr, "hint: .*" .. meant:gsub("%-", "%%-"), true)
  end
end)
