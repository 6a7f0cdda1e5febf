local fault = require "base.fault"
local fs = require "native.fs"
local process = require "native.process"

local function tarn(args, env)
  return process.run({ "build/tarn", table.unpack(args) }, { env = env, timeout = 20 })
end

test("reset forgets the kept state and says where it was", function(t)
  local dir = fs.mktemp()
  fs.mkdir(dir .. "/tarn/sandbox", { parents = true })
  fs.write(dir .. "/tarn/sandbox/demo-demo-1.db", "old")
  local result = tarn({ "sandbox", "reset", "-o", "json" }, { XDG_STATE_HOME = dir })
  t.equal(result.status, 0, result.stderr)
  t.match(result.stdout, '"state": "' .. dir .. "/tarn/sandbox")
  t.is_nil(fs.find_stat(dir .. "/tarn/sandbox"))
  t.equal(tarn({ "sandbox", "reset" }, { XDG_STATE_HOME = dir }).status, 0, "twice")
  t.equal(tarn({ "sandbox", "reset" }, { XDG_STATE_HOME = false, HOME = false }).status, 0,
    "without a home")
  fs.remove(dir, { recursive = true })
end)

test("what is wrong on the command line is status 2 and named", function(t)
  local dir = fs.mktemp()
  fs.write(dir .. "/bad.json", '[{"action":"explode"}]')
  for args, part in pairs {
    ["--scenario big"] = "there is no scenario 'big'",
    ["--faults " .. dir .. "/bad.json"] = "no action 'explode'",
    ["--port 70000"] = "port",
    ["--latencie 5"] = "latency",
  } do
    local words = { "sandbox" }
    for word in args:gmatch "%S+" do
      words[#words + 1] = word
    end
    local result = tarn(words)
    t.equal(result.status, 2, args)
    t.match(result.stderr, part)
  end
  fs.remove(dir, { recursive = true })
end)

test("it says where it listens, on stderr, and serves until it is stopped", function(t)
  local dir = fs.mktemp()
  -- timeout(1) is in coreutils: it sends the interrupt that a person would
  local result = process.run({ "timeout", "--signal=INT", "1", "build/tarn", "sandbox", "--port",
    "0", "--scenario", "large:5,1,2" }, { timeout = 20, env = { XDG_STATE_HOME = dir } })
  t.match(result.stderr, "^listening on http://127%.0%.0%.1:%d+\n", true)
  t.equal(result.stdout, "")
  t.equal(fs.list(dir), {}, "a large scenario keeps no state")
  fs.remove(dir, { recursive = true })
end)

test("a port that is taken is a fault that names it", function(t)
  local server = require "sandbox.server"
  local first <close> = server.start { scenario = "empty", state = false }
  local ok, e = pcall(server.start, { scenario = "empty", state = false, port = first.port })
  t.is_false(ok)
  t.is_true(fault.is(e), tostring(e))
end)
