--- docs/operating.md: each command in it runs.

local cli = require "support.cli"
local fs = require "native.fs"
local sandbox = require "support.sandbox"

-- Commands that end otherwise than with status 0, by a part of their text.
local OTHER <const> = { ["--refresh no_such_table --wait"] = 7 }

local function commands()
  local list = {}
  for line in fs.read("docs/operating.md"):gmatch "[^\n]+" do
    list[#list + 1] = line:match "^    (tarn .*)$"
  end
  return list
end

local function wanted(command)
  for part, status in pairs(OTHER) do
    if command:find(part, 1, true) then
      return status
    end
  end
  return 0
end

test("each command of docs/operating.md ends as it says", function(t)
  local state <close> = cli.dir()
  local w <close> = sandbox.start { scenario = "demo", run_ms = 300 }
  local list = commands()
  t.is_true(#list >= 15, #list)
  for _, command in ipairs(list) do
    local r = cli.shell(command:gsub("^tarn", '"$TARN"', 1), { env = { DATABRICKS_HOST = w.url,
      DATABRICKS_TOKEN = "demo-token", XDG_STATE_HOME = state.path } })
    t.equal(r.status, wanted(command), command .. "\n" .. r.stdout .. r.stderr)
  end
end)

test("the script of docs/operating.md runs", function(t)
  local dir <close> = cli.dir()
  local w <close> = sandbox.start { scenario = "demo", run_ms = 300 }
  local text = fs.read("docs/operating.md"):match "```lua\n(.-)```"
  local r = cli.run({ "run", dir.write("s.lua", text) }, { env = { DATABRICKS_HOST = w.url,
    DATABRICKS_TOKEN = "demo-token", XDG_STATE_HOME = dir.path } })
  t.equal(r.status, 0, r.stderr)
  t.match(r.stdout, "COMPLETED")
end)
