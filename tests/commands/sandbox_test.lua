--- tarn sandbox: its options, its state, and the server.

local fault = require "base.fault"
local fs = require "native.fs"
local program = require "testing.program"

test("reset deletes the state, and names its directory", function(t)
  local dir <close> = program.dir()
  dir.write("tarn/sandbox/demo-demo-1.db", "old")
  local opts = { env = { XDG_STATE_HOME = dir.path } }
  t.match(program.data({ "sandbox", "reset" }, opts).state, dir.path .. "/tarn/sandbox")
  t.is_nil(fs.find_stat(dir.path .. "/tarn/sandbox"))
  t.equal(program.run({ "sandbox", "reset" }, opts).status, 0, "twice")
  opts.env = { XDG_STATE_HOME = false, HOME = false }
  t.equal(program.run({ "sandbox", "reset" }, opts).status, 0, "without a home")
end)

test("a wrong argument is named, with status 2", function(t)
  local dir <close> = program.dir()
  local bad = dir.write("bad.json", '[{"action":"explode"}]')
  for _, case in ipairs {
    { "--scenario", "big", says = "there is no scenario 'big'" },
    { "--faults", bad, says = "no action 'explode'" },
    { "--port", "70000", says = "port" },
    { "--latencie", "5", says = "latency" },
  } do
    local result = program.run { "sandbox", table.unpack(case) }
    t.equal(result.status, 2, case[1])
    t.match(result.stderr, case.says)
  end
end)

test("it prints its address on stderr, and serves until it is stopped", function(t)
  local dir <close> = program.dir()
  local running <close> = program.start(
    { "sandbox", "--port", "0", "--scenario", "large:5,1,2" },
    { env = { XDG_STATE_HOME = dir.path } })
  running:wait_for "listening on"
  running:signal "INT"
  local result = running:result()
  t.match(result.stderr, "^listening on http://127%.0%.0%.1:%d+\n", true)
  t.equal(result.stdout, "")
  t.equal(fs.list(dir.path), {}, "a large scenario keeps no state")
end)

test("a port that is taken is a fault that names it", function(t)
  local server = require "sandbox.server"
  local first <close> = server.start { scenario = "empty", state = false }
  local ok, e = pcall(server.start, { scenario = "empty", state = false, port = first.port })
  t.is_false(ok)
  t.is_true(fault.is(e), tostring(e))
end)
