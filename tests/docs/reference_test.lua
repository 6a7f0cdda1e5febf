--- What is made from headers and comments: manual pages, stubs for editors, the reference.

local cli = require "testing.program"
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

test("every command has a manual page, and no line of it is taken for a request", function(t)
  local dir <close> = cli.dir()
  local r = cli.run { "man", "--dir", dir.path .. "/man1" }
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
  local dir <close> = cli.dir()
  t.match(cli.run({ "man", "list" }).stdout, "^%.TH TARN\\%-LIST 1 ", true)
  t.match(cli.run({ "man" }).stdout, "^%.TH TARN 1 ", true)
  local r = cli.run({ "man", "--dir", dir.path .. "/x", "--dry-run" })
  t.match(r.stdout, dir.path .. "/x/tarn.1")
  t.equal(fs.find_stat(dir.path .. "/x"), nil)
  t.equal(cli.run({ "man", "no-such" }).status, 2)
end)

test("text that roff would take for its own stays text", function(t)
  local dir <close> = cli.dir()
  dir.write("scripts/odd.lua", [==[return { summary = "Say \\n 'it'.", effect = "read", args = {},
    details = [[
.SH not a heading
'nor this]], run = function() end }]==])
  local page = cli.run({ "man", "odd" }, { env = { TARN_PATH = dir.path } }).stdout
  t.match(page, "\n\\&.SH not a heading\n\\(aqnor this\n")
  t.match(page, "Say \\en \\(aqit\\(aq")
end)

test("stubs for editors are Lua that does nothing, and know every command", function(t)
  local dir <close> = cli.dir()
  local r = cli.run { "types", dir.path }
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

test("a .luarc.json that is there stays", function(t)
  local dir <close> = cli.dir()
  dir.write(".luarc.json", "{}")
  local r = cli.run { "types", dir.path }
  t.match(r.stdout, "was not changed")
  t.equal(dir.read ".luarc.json", "{}")
end)

test("the reference as data has every command, option, function", function(t)
  local r = cli.run { "api-reference", "-o", "json" }
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

test("docs/reference is what would be made", function(t)
  for _, part in ipairs { "commands", "library", "native" } do
    local path, made = ("docs/reference/%s.md"):format(part),
      cli.run({ "--bundled", "api-reference", part }).stdout
    if os.getenv "UPDATE_GOLDEN" then
      fs.write(path, made)
    end
    t.is_true(made == fs.find_read(path),
      "UPDATE_GOLDEN=1 tests/run.sh build reference makes it anew")
  end
end)
