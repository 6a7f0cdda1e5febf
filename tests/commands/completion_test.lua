--- Completion: the candidates, and their use in real shells.

local program = require "testing.program"
local fs = require "native.fs"
local json = require "native.json"
local workspace = require "testing.workspace"
local terminal = require "support.terminal"

-- The candidates for the last word, without their descriptions; and the data.
local function words(list, env)
  local r = program.run({ "completion", "words", "-o", "json", "--", table.unpack(list) },
    { env = env })
  local data = json.decode(r.stdout)
  local found = {}
  for i, word in ipairs(data.words) do
    found[i] = word[1]
  end
  return table.concat(found, " "), data
end

test("commands, options and choices are completed", function(t)
  t.equal(words { "clone-to-w" }, "clone-to-workspace")
  t.match(words { "" }, "clone-to-workspace")
  t.equal(words { "list", "--st" }, "--state")
  t.equal(words { "list", "--state", "x", "--st" }, "")
  t.equal(words { "list", "--out" }, "--output")
  t.equal(words { "list", "-o", "js" }, "json jsonl")
  t.equal(words { "list", "--output=c" }, "--output=csv")
  t.equal(words { "-p", "demo", "list", "-o", "js" }, "json jsonl")
  t.equal(words { "help", "exi" }, "exit")
  t.equal(words { "which", "base.glo" }, "base.glob")
end)

test("there are no options after --, and no arguments of an unknown command", function(t)
  t.equal(words { "list", "--", "--st" }, "")
  t.equal(words { "no-such-command", "--st" }, "")
  t.equal(words { "list", "--no-such-option", "" }, "")
end)

test("files are left to the shell", function(t)
  local _, data = words { "run", "" }
  t.equal(data.files, "files")
  _, data = words { "--path", "" }
  t.equal(data.files, "folders")
  _, data = words { "sql", "--file=" }
  t.equal(data.files, "files")
end)

test("a script of one's own is completed, also in a folder that --path names", function(t)
  local dir <close> = program.dir()
  dir.write("scripts/frobnicate.lua", [[return { summary = "Do it.", effect = "read", args = {
    { "colour", "choice", "Which.", choices = { "red", "green" }, default = "red" },
    { "whom", "string", "Whom.", of = "workspace", optional = true } },
    run = function() end }]])
  t.equal(words({ "frob" }, { TARN_PATH = dir.path }), "frobnicate")
  t.equal(words { "--path", dir.path, "frob" }, "frobnicate")
  t.equal(words { "frob" }, "")
  t.equal(words({ "frobnicate", "--colour", "" }, { TARN_PATH = dir.path }), "red green")
  t.equal(words({ "frobnicate", "--whom", "" }, { TARN_PATH = dir.path }), "demo demo-dr")
end)

test("profiles are those of the config file, and the embedded ones", function(t)
  local dir <close> = program.dir()
  dir.write("cfg", "[dev]\nhost = https://dev.example.com\ntoken = x\n[prod]\nhost = https://p.e\n")
  local env = { DATABRICKS_CONFIG_FILE = dir.path .. "/cfg" }
  t.equal(words({ "-p", "" }, env), "dev prod demo demo-dr")
  t.equal(words({ "clone", "--to", "de" }, env), "dev demo demo-dr")
end)

test("names of pipelines are requested once a minute", function(t)
  local dir <close> = program.dir()
  local w <close> = workspace.start { scenario = "demo" }
  local env = w:env { XDG_CACHE_HOME = dir.path }
  local first = words({ "get", "sales_" }, env)
  t.match(first, "sales_forecast")
  t.equal(words({ "get", "SALES_f" }, env), "sales_forecast")
  t.match(words({ "updates", "sales_forecast", "--update", "" }, env), "^[%x-]+ ", true)
  t.equal(words({ "sql", "--catalog", "sal" }, env), "sales")
  w:ok("POST", "/api/2.0/pipelines", { name = "sales_zz", serverless = true, catalog = "main",
    schema = "x", libraries = { { notebook = { path = "/Shared/x" } } } })
  t.equal(words({ "get", "sales_" }, env), first)
end)

test("settings are completed by their parts: fields that are set, and those that there are",
  function(t)
    local dir <close> = program.dir()
    local w <close> = workspace.start()
    w:pipeline { configuration = { ["mqtt.host"] = "broker", ["db.password"] = "hunter22" },
      channel = "PREVIEW" }
    local env = w:env { XDG_CACHE_HOME = dir.path }
    for _, case in ipairs {
      { { "set", "p", "ch" }, "channel=" },
      { { "set", "p", "channel=" }, "channel=PREVIEW channel=CURRENT" },
      { { "set", "p", "serverless=" }, "serverless=true serverless=false" },
      { { "set", "p", "photon=t" }, "photon=true" },
      { { "set", "p", "lib" }, "libraries[0]." },
      { { "set", "p", "libraries[0].n" }, "libraries[0].notebook." },
      { { "set", "p", "libraries[0].notebook." }, "libraries[0].notebook.path=" },
      { { "set", "p", "configuration." }, "configuration.db.password= configuration.mqtt.host=" },
      { { "set", "p", "configuration.mqtt.host=" }, "" },
      { { "set", "p", "photon=true", "event_log.n" }, "event_log.name=" },
      { { "set", "p", "--drop", "con" }, "configuration.db.password configuration.mqtt.host" },
      { { "set", "p", "catalog=mai" }, "catalog=main" },
      { { "create", "x.yaml", "--set", "edi" }, "edition=" },
      { { "create", "x.yaml", "--set=edition=P" }, "--set=edition=PRO" },
      { { "clone", "p", "--set", "channel=P" }, "channel=PREVIEW" },
      { { "migrate", "p", "--set", "conti" }, "continuous=" },
    } do
      t.equal(words(case[1], env), case[2], table.concat(case[1], " "))
    end
  end)

test("each new verb is completed with what it takes", function(t)
  local dir <close> = program.dir()
  local w <close> = workspace.start { scenario = "demo" }
  local env = w:env { XDG_CACHE_HOME = dir.path }
  for _, case in ipairs {
    { { "edit", "sales_fore" }, "sales_forecast" },
    { { "rename", "sales_fore" }, "sales_forecast" },
    { { "rename", "sales_forecast", "" }, "" },
    { { "jobs", "sales_fore" }, "sales_forecast" },
    { { "cost", "sales_fore" }, "sales_forecast" },
    { { "cost", "--by", "o" }, "owner" },
    { { "open", "sales_fore" }, "sales_forecast" },
    { { "open", "finance_gl_close", "--dataset", "close_" }, "close_checklist" },
    { { "trigger", "finance_gl_close", "--refresh", "close_" }, "close_checklist" },
    { { "migrate", "sales_fore" }, "sales_forecast" },
    { { "migrate", "x", "--catalog", "sal" }, "sales" },
    { { "migrate", "x", "--catalog", "sales", "--schema", "repo" }, "reporting" },
    { { "migrate", "x", "--schema", "" }, "" },
  } do
    t.equal(words(case[1], env), case[2], table.concat(case[1], " "))
  end
  for _, line in ipairs { { "create", "" }, { "edit", "x", "--from", "" } } do
    t.equal(select(2, words(line)).files, "files", line[1])
  end
end)

test("the catalogs and schemas of a clone are those of its target", function(t)
  local dir <close> = program.dir()
  local env = { XDG_CACHE_HOME = dir.path, XDG_STATE_HOME = dir.path }
  t.equal(words({ "-p", "demo", "clone", "x", "--to", "demo-dr", "--catalog", "sales" }, env),
    "sales_dr")
end)

test("only their owner can read the cached names, which have no secret", function(t)
  local dir <close> = program.dir()
  local w <close> = workspace.start { scenario = "demo" }
  words({ "get", "" }, w:env { XDG_CACHE_HOME = dir.path })
  for _, name in ipairs(fs.list(dir.path .. "/tarn/names")) do
    local path = dir.path .. "/tarn/names/" .. name
    t.equal(fs.find_stat(path).mode & 511, 384, name)
    t.equal(fs.read(path):find "demo%-token", nil)
  end
end)

test("values of a pipeline's maps are not kept", function(t)
  local dir <close> = program.dir()
  local w <close> = workspace.start()
  w:pipeline { configuration = { note = "hunter22" } }
  words({ "set", "p", "conf" }, w:env { XDG_CACHE_HOME = dir.path })
  local text = ""
  for _, name in ipairs(fs.list(dir.path .. "/tarn/names")) do
    text = text .. fs.read(dir.path .. "/tarn/names/" .. name)
  end
  t.match(text, "configuration.note")
  t.no_match(text, "hunter22")
end)

test("a workspace that refuses or cannot be reached gives no candidates and no message", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  for _, env in ipairs { w:env { DATABRICKS_TOKEN = "wrong" },
    program.env "http://127.0.0.1:1", {} } do
    local r = program.run({ "completion", "words", "--", "get", "sales" }, { env = env })
    t.equal(r.status, 0, r.stderr)
    t.equal(r.stdout .. r.stderr, "")
  end
end)

test("for shells, a candidate and its description stand on a line with a tab between them",
  function(t)
  t.equal(program.run({ "completion", "words", "--", "dashb" }).stdout,
    "dashboard\tShow the states and health of all pipelines, and the newest events.\n")
end)

-- ---- real shells ----

-- A shell in a terminal, with `tarn` in its PATH and its completion loaded.
local function start(shell, load_line)
  local term = terminal.start(shell, { cols = 110 })
  program.shell(("mkdir -p %s/bin && ln -s %s %s/bin/tarn"):format(term.dir, program.path,
    term.dir))
  term:type(load_line:gsub("DIR", function() return term.dir .. "/bin" end))
  term:key "Enter"
  term:type "echo rea''dy"
  term:key "Enter"
  term:wait "ready"
  term:key "C-l"
  return term
end

-- Type the beginning of a line, press Tab, and expect the whole line.
local function completes(term, typed, whole)
  term:type(typed)
  term:key "Tab"
  term:wait(whole)
  term:key "C-u" -- not Ctrl-C: a shell may lose keys that come right after it
  term:key "C-l"
end

local SHELLS <const> = {
  { { "bash", "--norc", "--noprofile" }, "PATH=DIR:$PATH; source <(tarn completion bash)" },
  { { "zsh", "-f" },
    "PATH=DIR:$PATH; autoload -U compinit; compinit -u; source <(tarn completion zsh)" },
  { { "fish", "--no-config" }, "set -x PATH DIR $PATH; tarn completion fish | source" },
}

for _, shell in ipairs(SHELLS) do
  test(("%s completes commands, options, values and names"):format(shell[1][1]), function()
    local term <close> = start(shell[1], shell[2])
    completes(term, "tarn dashb", "tarn dashboard")
    completes(term, "tarn list --sta", "tarn list --state")
    completes(term, "tarn list --output=cs", "tarn list --output=csv")
    completes(term, "tarn -p demo get sales_fore", "tarn -p demo get sales_forecast")
    completes(term, "tarn -p demo get sales.rep", "tarn -p demo get sales.reporting.daily_revenue")
  end)

  test(("%s completes what the verbs that change something take"):format(shell[1][1]), function()
    local term <close> = start(shell[1], shell[2])
    program.shell("touch " .. term.dir .. "/orders_spec.yaml")
    completes(term, "tarn create " .. term.dir .. "/orders_s", "orders_spec.yaml")
    completes(term, "tarn -p demo edit sales_fore", "edit sales_forecast")
    completes(term, "tarn -p demo rename sales_fore", "rename sales_forecast")
    completes(term, "tarn -p demo open sales_fore", "open sales_forecast")
    completes(term, "tarn -p demo jobs sales_fore", "jobs sales_forecast")
    completes(term, "tarn -p demo cost sales_fore", "cost sales_forecast")
    completes(term, "tarn cost --by ow", "tarn cost --by owner")
    completes(term, "tarn -p demo migrate x --catalog sal", "--catalog sales")
    completes(term, "tarn -p demo set sales_forecast edit", "set sales_forecast edition=")
    completes(term, "tarn -p demo set sales_forecast edition=P", "edition=PRO")
  end)

  test(("%s goes on behind the part of a path, without a blank"):format(shell[1][1]), function()
    local term <close> = start(shell[1], shell[2])
    term:type "tarn -p demo set sales_forecast event"
    term:key "Tab"
    term:wait "event_log."
    term:type "na"
    term:key "Tab"
    term:wait "event_log.name="
    term:type "x"
    term:wait "event_log.name=x"
  end)

  test(("%s quotes a name with blanks, colons and quotes"):format(shell[1][1]), function()
    local term <close> = start(shell[1], shell[2])
    for typed, ending in pairs { ["marketing:"] = "_final", ["\\[dev"] = "_etl" } do
      term:type("tarn -p demo -o json get " .. typed)
      term:key "Tab"
      term:wait(ending) -- the shells quote the rest of the name in different ways
      term:type "| grep -c '^  .pipeline_id'"
      term:key "Enter"
      term:wait("\n1\n", false)
      term:key "C-l"
    end
  end)
end
