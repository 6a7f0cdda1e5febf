--- Hooks: what they see, change and refuse, in commands, scripts, the prompt and the server.

local program = require "testing.program"
local find = require "engine.find"
local json = require "native.json"
local workspace = require "testing.workspace"
local serving = require "support.serving"

-- A workspace with one pipeline, a folder for hooks, and the program with both.
local function start(opts)
  local w = workspace.start(opts)
  local id = w:pipeline { name = "etl" }
  local dir = program.dir()
  local world = { w = w, id = id, dir = dir, options = { home = dir.path, env = w:env {
    TARN_PATH = dir.path, XDG_STATE_HOME = dir.path .. "/state", LOG = dir.path .. "/log" } } }
  function world.run(words)
    return program.run(words, world.options)
  end
  function world.data(words)
    return (program.data(words, world.options))
  end
  function world.names()
    local names = {}
    for _, row in ipairs(w:ok("GET", "/api/2.0/pipelines").statuses) do
      names[#names + 1] = row.name
    end
    table.sort(names)
    return table.concat(names, " ")
  end
  return setmetatable(world, { __close = function()
    w:close()
    dir.close()
  end })
end

local LOG <const> = [[
local function log(...)
  local file <close> = io.open(os.getenv "LOG", "a")
  file:write(table.concat({ ... }, " "), "\n")
end
]]

test("map_spec changes the settings of a copy, and the plan shows it", function(t)
  local world <close> = start()
  world.dir.write("hooks/tags.lua", [[
    return { map_spec = function(spec, ctx)
      spec.tags = { team = "data", from = ctx.plan.source.name }
      spec.configuration = { ["x.token"] = "dapi0123456789abcdef0123456789abcdef" }
    end }]])
  world.dir.write("hooks/zone.lua", [[
    return { map_spec = function(spec)
      local copy = {}
      for key, value in pairs(spec) do copy[key] = value end
      copy.tags.zone = "z" .. copy.tags.team
      return copy
    end }]])
  local plan = world.data { "clone", "etl", "--name", "copy", "--dry-run" }
  t.equal(plan.hooks, { { point = "map_spec", file = "hooks/tags.lua" },
    { point = "map_spec", file = "hooks/zone.lua" } })
  local rows = {}
  for _, row in ipairs(plan.fields) do
    rows[row.path] = row
  end
  t.equal(rows["tags.zone"].verdict, "set")
  t.equal(rows["tags.zone"].to, "zdata")
  t.equal(rows["tags.zone"].rule, "hooks/tags.lua, hooks/zone.lua")
  t.no_match(json.encode(plan), "dapi0123")
  t.match(world.run({ "clone", "etl", "--name", "copy", "--dry-run" }).stdout,
    "map_spec  hooks/tags.lua")
  t.equal(world.names(), "etl")

  local clone = { "clone", "etl", "--name", "copy" }
  local made = world.w:ok("GET", "/api/2.0/pipelines/" .. world.data(clone).new_pipeline_id)
  t.equal(made.spec.tags, { team = "data", from = "etl", zone = "zdata" })
  t.match(json.encode(world.data { "journal", "last" }), "hooks/zone.lua")
  t.equal(world.data(clone).status, "unchanged", "the hooks change the second plan alike")
end)

test("before_clone refuses before anything is changed, also in a dry run and in bulk", function(t)
  local world <close> = start()
  world.dir.write("hooks/approve.lua", [[
    return { before_clone = function(plan, ctx)
      plan.spec.name = "not heard"
      if plan.name:find "prod" then
        ctx.refuse("no approval for " .. plan.name, "ask the release team")
      end
    end }]])
  local r = world.run { "clone", "etl", "--name", "prod_etl", "--dry-run" }
  t.equal(r.status, 5)
  t.match(r.stdout, "no approval for prod_etl (ask the release team)")
  t.match(r.stdout, "before_clone  hooks/approve.lua")
  r = world.run { "clone", "etl", "--name", "prod_etl" }
  t.equal(r.status, 5)
  t.match(r.stderr, "no approval for prod_etl")
  r = world.run { "clone", "--match", "e*", "--name", "prod_*" }
  t.is_true(r.status ~= 0)
  t.match(r.stdout, "no approval for prod_etl")
  t.equal(world.names(), "etl")
  t.equal(world.run({ "clone", "etl", "--name", "test_etl" }).status, 0)
  t.equal(world.names(), "etl test_etl")
  t.equal(world.run({ "--bundled", "clone", "etl", "--name", "prod_etl" }).status, 0)
end)

test("a clone from a script calls the hooks as the command does", function(t)
  local world <close> = start()
  world.dir.write("hooks/log.lua", LOG .. [[
    return {
      before_clone = function(plan) log("before", plan.name) end,
      after_clone = function(report, ctx)
        log("after", report.name, report.status, ctx.workspace:pipeline(report.pipeline_id).name)
      end,
    }]])
  local path = world.dir.write("mine.lua", [[
    return require("tarn").clone { pipeline = "etl", name = "by_script" } ]])
  t.equal(world.run({ "run", path }).status, 0)
  t.equal(world.run({ "clone", "etl", "--name", "by_command" }).status, 0)
  t.equal(world.dir.read "log", "before by_script\nafter by_script created by_script\n"
    .. "before by_command\nafter by_command created by_command\n")
end)

test("hooks are called in the order of folders, then of names", function(t)
  local world <close> = start()
  local first <close> = program.dir()
  local body = LOG .. "return { before_stop = function() log(%q) end }"
  world.dir.write("hooks/a.lua", body:format "second a")
  world.dir.write("hooks/b.lua", body:format "second b")
  first.write("hooks/b.lua", body:format "first b")
  first.write("hooks/c.lua", body:format "first c")
  t.equal(world.run({ "--path", first.path, "stop", "etl" }).status, 0)
  t.equal(world.dir.read "log", "first b\nfirst c\nsecond a\n")
  local r = world.run { "--path", first.path, "which", "before_stop" }
  t.match(r.stdout, ("* %s/hooks/b.lua  (in force, --path, before_stop)\n"):format(first.path))
  t.match(r.stdout, ("  %s/hooks/b.lua  (shadowed, TARN_PATH)\n"):format(world.dir.path))
  t.equal(world.run({ "which", "after_clone" }).status, 0)
end)

test("a trigger can be changed, refused, and observed", function(t)
  local world <close> = start { run_ms = 50 }
  world.dir.write("hooks/rule.lua", LOG .. [[
    return {
      before_trigger = function(request, ctx)
        if request.body.full_refresh then ctx.refuse "no full refresh here" end
        request.body.parameters = { asked_by = "hook" }
      end,
      after_update = function(result, ctx)
        log(result.outcome, ctx.workspace:pipeline(result.pipeline_id).name)
        error "and this is not heard"
      end,
    }]])
  local r = world.run { "trigger", "etl", "--full-refresh" }
  t.equal(r.status, 5)
  t.match(r.stderr, "no full refresh here")
  t.equal(world.run({ "trigger", "etl", "--full-refresh", "--dry-run" }).status, 5)
  t.equal(#(world.w:ok("GET", "/api/2.0/pipelines/" .. world.id .. "/updates").updates or {}), 0)
  local dry = world.data { "trigger", "etl", "--dry-run" }
  t.equal(dry.hooks, { "hooks/rule.lua" })
  t.equal(dry.request.body.parameters, { asked_by = "hook" })
  r = world.run { "trigger", "etl", "--wait" }
  t.equal(r.status, 0, r.stderr)
  t.equal(world.dir.read "log", "completed etl\n")
  t.match(r.stderr, "hooks/rule.lua: after_update failed: ")
  t.match(world.run({ "journal", "last", "-o", "json" }).stdout, "hooks/rule.lua")
end)

test("a deletion can be refused", function(t)
  local world <close> = start()
  world.dir.write("hooks/keep.lua", [[
    return { before_delete = function(request, ctx)
      ctx.refuse(request.name .. " is kept")
    end }]])
  for _, option in ipairs { "--yes", "--dry-run" } do
    local r = world.run { "delete", "etl", option }
    t.equal(r.status, 5)
    t.match(r.stderr, "etl is kept")
  end
  t.equal(world.names(), "etl")
end)

test("a stop can be refused, also in a dry run", function(t)
  local world <close> = start()
  world.dir.write("hooks/keep.lua", [[
    return { before_stop = function(request, ctx)
      ctx.refuse(request.name .. " goes on")
    end }]])
  for _, words in ipairs { { "stop", "etl" }, { "stop", "etl", "--dry-run" } } do
    local r = world.run(words)
    t.equal(r.status, 5)
    t.match(r.stderr, "etl goes on")
  end
end)

test("an import can be refused, also in a dry run, and nothing is created", function(t)
  local world <close> = start()
  local dir = world.dir.path .. "/export"
  t.equal(world.run({ "export", "etl", "--dir", dir }).status, 0)
  world.dir.write("hooks/secrets.lua", [[
    return { before_import = function(request, ctx)
      if request.spec.name == "copy" then ctx.refuse(request.name .. " from " .. request.dir) end
    end }]])
  for _, more in ipairs { "--dry-run", "--continuous" } do
    local r = world.run { "import", dir, "--name", "copy", more }
    t.equal(r.status, 5, r.stderr)
    t.match(r.stderr, "copy from " .. dir)
  end
  t.equal(world.names(), "etl")
  local r = world.run { "import", dir, "--name", "other" }
  t.equal(r.status, 0, r.stderr)
  t.equal(world.names(), "etl other")
end)

test("a hook may run commands, but a hook of clone that clones is stopped", function(t)
  local world <close> = start()
  world.dir.write("hooks/look.lua", [[
    return { before_clone = function(plan, ctx)
      local n = 0
      for _ in require("tarn").list {} do n = n + 1 end
      ctx.warn(("%d pipelines"):format(n))
    end }]])
  local r = world.run { "clone", "etl", "--name", "copy" }
  t.equal(r.status, 0, r.stderr)
  t.match(r.stderr, "hooks/look.lua: 1 pipelines")
  world.dir.write("hooks/look.lua", [[
    return { before_clone = function(plan)
      require("tarn").clone { pipeline = "etl", name = plan.name .. "x" }
    end }]])
  r = world.run { "clone", "etl", "--name", "more" }
  t.equal(r.status, 5)
  t.match(r.stderr, "before_clone runs a command that calls before_clone again")
  t.match(r.stderr, world.dir.path .. "/hooks/look.lua")
  t.equal(world.names(), "copy etl")
end)

test("on_fault is called once for the fault that ends a command", function(t)
  local world <close> = start()
  world.dir.write("hooks/alert.lua", LOG .. [[
    return { on_fault = function(fault, ctx) log(ctx.op, fault.kind, fault.message) end }]])
  t.equal(world.run({ "get", "nothing" }).status, 3)
  local path = world.dir.write("mine.lua", [[ require("tarn").get { pipeline = "nothing" } ]])
  t.equal(world.run({ "run", path }).status, 3)
  local lines = select(2, world.dir.read("log"):gsub("\n", "\n"))
  t.equal(lines, 2)
  t.match(world.dir.read "log", "tarn get http ")
end)

test("a broken hook is an error before the command starts", function(t)
  local world <close> = start()
  local broken = {
    { "x =", "hooks/bad.lua:1:" },
    { "error 'at load'", "at load" },
    { "return 1", "a hook must return a table" },
    { "return { before_clones = function() end }", "there is no point 'before_clones'" },
    { "return { before_clone = 1 }", "'before_clone' is not a function" },
    { "undefined_name()", "undefined global" },
  }
  for _, case in ipairs(broken) do
    world.dir.write("hooks/bad.lua", case[1])
    for _, words in ipairs { { "clone", "etl", "--name", "copy" }, { "trigger", "etl" } } do
      local r = world.run(words)
      t.is_true(r.status ~= 0, case[1])
      t.match(r.stderr, case[2])
      t.match(r.stderr, "hooks/bad.lua")
    end
    t.equal(world.run({ "list" }).status, 0, "a command that only reads has no hooks")
  end
  t.equal(world.names(), "etl")
  t.match(world.run({ "doctor" }).stdout, "hooks/bad.lua")
  t.match(world.run({ "which", "hooks" }).stdout, "broken: ")
  t.equal(world.run({ "--bundled", "stop", "etl" }).status, 0)
end)

test("an error in a hook stops the command", function(t)
  local world <close> = start()
  world.dir.write("hooks/bug.lua", [[
    return { before_clone = function(plan) return plan.nothing.at_all end }]])
  local r = world.run { "clone", "etl", "--name", "copy" }
  t.equal(r.status, 1)
  t.match(r.stderr, "hooks/bug.lua:1:")
  t.equal(world.names(), "etl")
end)

test("the prompt and the server call the hooks too", function(t)
  local world <close> = start()
  world.dir.write("hooks/approve.lua", [[
    return { before_clone = function(_, ctx) ctx.refuse "not today" end }]])
  local r = world.run { "repl", "-e", 'tarn.clone { pipeline = "etl", name = "copy" }' }
  t.match(r.stderr .. r.stdout, "not today")
  local roots = find.roots
  find.roots = { { dir = world.dir.path, from = "--path" } }
  local back <close> = setmetatable({}, { __close = function() find.roots = roots end })
  t.is_true(back)
  local s <close> = serving.start()
  local answer = s:ask("POST", ("/api/dlt/pipelines/%s/clone"):format(world.id),
    { body = { new_name = "copy" } })
  t.equal(answer.status, 409)
  t.match(answer.body, "not today")
  t.equal(world.names(), "etl")
end)
