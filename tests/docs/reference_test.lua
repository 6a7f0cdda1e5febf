--- Documents made from headers and comments: manual pages, stubs for editors, the reference.

local program = require "testing.program"
local fs = require "native.fs"
local json = require "native.json"
local script = require "engine.script"

local function files_below(dir)
  local found = {}
  for _, name in ipairs(fs.list(dir)) do
    local path = dir .. "/" .. name
    if fs.find_stat(path).type == "directory" then
      table.move(files_below(path), 1, 1000, #found + 1, found)
    else
      found[#found + 1] = path
    end
  end
  return found
end

test("every command has a manual page, and no line of its text is a roff request", function(t)
  local dir <close> = program.dir()
  local r = program.run { "man", "--dir", dir.path .. "/man1" }
  t.equal(r.status, 0, r.stderr)
  local known = { TH = true, SH = true, TP = true, PP = true, nf = true, fi = true }
  for _, name in ipairs(script.names()) do
    local page = dir.read("man1/tarn-" .. name .. ".1")
    t.match(page, ".SH NAME\ntarn\\-" .. name:gsub("%-", "\\-") .. " \\- ")
    for request in page:gmatch "\n[.'](%a*)" do
      t.is_true(known[request], name .. ": ." .. request)
    end
  end
  t.match(dir.read "man1/tarn.1", "tarn\\-clone(1)")
end)

test("a page is printed, and a dry run writes nothing", function(t)
  local dir <close> = program.dir()
  t.match(program.run({ "man", "list" }).stdout, "^%.TH TARN\\%-LIST 1 ", true)
  t.match(program.run({ "man" }).stdout, "^%.TH TARN 1 ", true)
  local r = program.run({ "man", "--dir", dir.path .. "/x", "--dry-run" })
  t.match(r.stdout, dir.path .. "/x/tarn.1")
  t.equal(fs.find_stat(dir.path .. "/x"), nil)
  t.equal(program.run({ "man", "no-such" }).status, 2)
end)

test("text that looks like roff stays text", function(t)
  local dir <close> = program.dir()
  dir.write("scripts/odd.lua", [==[return { summary = "Say \\n 'it'.", effect = "read", args = {},
    details = [[
.SH not a heading
'nor this]], run = function() end }]==])
  local page = program.run({ "man", "odd" }, { env = { TARN_PATH = dir.path } }).stdout
  t.match(page, "\n\\&.SH not a heading \\(aqnor this\n")
  t.match(page, "Say \\en \\(aqit\\(aq")
end)

test("stubs for editors are Lua that does nothing, and know every command", function(t)
  local dir <close> = program.dir()
  local r = program.run { "types", dir.path }
  t.equal(r.status, 0, r.stderr)
  for _, path in ipairs(files_below(dir.path .. "/.tarn-types")) do
    local text = fs.read(path)
    local chunk, problem = load(text, "@" .. path, "t", { require = function() return {} end })
    t.is_true(chunk, problem)
    chunk()
    t.match(text, "^%-%-%-@meta [%w_.]+\n", true)
  end
  local tarn = dir.read ".tarn-types/tarn.lua"
  for _, name in ipairs(script.names()) do
    t.match(tarn, ("\nfunction M.%s(args) end"):format(name:gsub("-", "_")))
  end
  t.match(tarn, "\nfunction M.map(list, f, opts) end")
  t.match(tarn, 'M.fault = require "base.fault"')
  t.match(dir.read ".tarn-types/base/fault.lua", "function M.raise(fields) end")
  t.match(dir.read ".tarn-types/native/task.lua", "function task.sleep(seconds) end")
  local rc = json.decode(dir.read ".luarc.json")
  t.equal(rc["workspace.library"][1], ".tarn-types")
end)

test("an existing .luarc.json stays", function(t)
  local dir <close> = program.dir()
  dir.write(".luarc.json", "{}")
  local r = program.run { "types", dir.path }
  t.match(r.stdout, "was not changed")
  t.equal(dir.read ".luarc.json", "{}")
end)

test("the reference as data has every command, option, function", function(t)
  local r = program.run { "api-reference", "-o", "json" }
  t.equal(r.status, 0, r.stderr)
  local data = json.decode(r.stdout)
  t.equal(#data.commands, #script.names())
  local modules = {}
  for _, stub in ipairs(data.modules) do
    modules[stub.module] = stub
  end
  t.equal(modules["native.task"].functions[1].signature, "native.task.spawn(f, ...)")
  t.equal(modules["tarn.time"].functions[1].signature:match "^tarn%.time%.", "tarn.time.")
  t.equal(modules["base.pool"], nil, "a private module")
  t.equal(modules["tarn.clone.apply"], nil, "a part of another module")
end)

test("docs/reference is up to date", function(t)
  for _, part in ipairs { "commands", "library", "native" } do
    local path, made = ("docs/reference/%s.md"):format(part),
      program.run({ "--bundled", "api-reference", part }).stdout
    if os.getenv "UPDATE_GOLDEN" then
      fs.write(path, made)
    end
    t.is_true(made == fs.find_read(path),
      "UPDATE_GOLDEN=1 tests/run.sh build reference makes it anew")
  end
end)

-- ---- examples ----

-- The code of the example in a comment: its first indented lines; nil if there are none.
local function example_in(text)
  local lines = {}
  for line in (text .. "\n"):gmatch "(.-)\n" do
    local code = line:match "^    (.*)$"
    if not code and #lines > 0 then
      break
    end
    lines[#lines + 1] = code
  end
  return #lines > 0 and table.concat(lines, "\n") or nil
end

-- Names of the public modules, and their examples by name.
local function module_examples()
  local stubs = require "engine.stubs"
  local names, examples = stubs.names(), {}
  for _, name in ipairs(names) do
    examples[name] = example_in((stubs.find(name) or { help = "" }).help)
  end
  return names, examples
end

test("each public module shows an example", function(t)
  local names, examples = module_examples()
  local missing = {}
  for _, name in ipairs(names) do
    if not examples[name] then
      missing[#missing + 1] = name
    end
  end
  t.is_true(#names > 40, #names)
  t.equal(missing, {})
end)

-- Examples that need something that no test has.
local NEEDS <const> = { tarn = "a profile", ["tarn.import"] = "an exported folder",
  ["native.databricks"] = "a profile", ["native.editor"] = "a terminal",
  ["native.http"] = "another host" }

-- What the page says that examples assume.
local PRELUDE <const> = 'local tarn = require "tarn" local ws = tarn.workspace() '

test("the examples of modules run in the embedded workspace", function(t)
  local _, examples = module_examples()
  local dir <close> = program.dir()
  local failed = {}
  for name, code in pairs(examples) do
    local chunk, problem = load(PRELUDE .. code, "=" .. name, "t")
    if chunk and not NEEDS[name] then
      local file = dir.write(name .. ".lua", PRELUDE .. code)
      local r = program.run({ "-p", "demo", "run", file },
        { env = { XDG_STATE_HOME = dir.path .. "/" .. name }, stdin = "\n" })
      problem = r.status ~= 0 and r.stderr or nil
    end
    failed[name] = problem
  end
  t.equal(failed, {})
end)
