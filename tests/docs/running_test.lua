--- docs/guide/running.md: each command in it runs.

local cli = require "testing.program"
local fs = require "native.fs"
local sandbox = require "testing.workspace"
local server = require "native.server"

-- Commands that end otherwise than with status 0, by a part of their text.
local OTHER <const> = { ["--refresh no_such_table --wait"] = 7 }

local function commands()
  local list = {}
  for line in fs.read("docs/guide/running.md"):gmatch "[^\n]+" do
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

-- The page's Lua, block by block.
local function blocks()
  local list = {}
  for text in fs.read("docs/guide/running.md"):gmatch "```lua\n(.-)```" do
    list[#list + 1] = text
  end
  return list
end

local CONFIG <const> = "[one]\nhost = %s\ntoken = demo-token\n"

test("each command of docs/guide/running.md ends as it says", function(t)
  local dir <close> = cli.dir()
  local w <close> = sandbox.start { scenario = "demo", run_ms = 300 }
  local posted = 0
  local listener = server.listen({}, function()
    posted = posted + 1
    return { status = 200, body = "ok" }
  end)
  local _ <close> = setmetatable({}, { __close = function() listener:close() end })
  cli.shell(('chmod +x "%s"'):format(dir.write("tell", "#!/bin/sh\ncat >> told.txt\n")))
  dir.write("my/notify/page.lua", blocks()[1])
  local list = commands()
  t.is_true(#list >= 25, #list)
  for _, command in ipairs(list) do
    local r = cli.shell(command:gsub("^tarn", '"$TARN"', 1), { cwd = dir.path, env = {
      DATABRICKS_HOST = w.url, DATABRICKS_TOKEN = "demo-token", XDG_STATE_HOME = dir.path,
      DATABRICKS_CONFIG_FILE = dir.write("profiles", CONFIG:format(w.url)),
      TARN_PATH = dir.path .. "/my", SLACK_URL = "http://127.0.0.1:" .. listener.port } })
    t.equal(r.status, wanted(command), command .. "\n" .. r.stdout .. r.stderr)
  end
  t.match(dir.read "told.txt", '"kind":"failed"')
  t.match(dir.read "told.txt", '"kind":"silent"')
  t.match(dir.read "pages.txt", "iot_edge_backfill: ")
  t.is_true(posted > 0)
end)

test("the message of docs/guide/running.md's script is told once", function(t)
  local dir <close> = cli.dir()
  local w <close> = sandbox.start { scenario = "demo" }
  local path = dir.write("s.lua", blocks()[2])
  for i = 1, 2 do
    local r = cli.run({ "run", path }, { env = { DATABRICKS_HOST = w.url,
      DATABRICKS_TOKEN = "demo-token", XDG_STATE_HOME = dir.path } })
    t.equal(r.status, 0, r.stderr)
    t.equal(r.stdout:find("the nightly check is through", 1, true) ~= nil, i == 1)
    t.equal(r.stdout:find("sales_promotions: update", 1, true) ~= nil, i == 1)
  end
end)

test("the script of docs/guide/running.md runs", function(t)
  local dir <close> = cli.dir()
  local w <close> = sandbox.start { scenario = "demo", run_ms = 300 }
  local text = blocks()[3]
  local r = cli.run({ "run", dir.write("s.lua", text) }, { env = { DATABRICKS_HOST = w.url,
    DATABRICKS_TOKEN = "demo-token", XDG_STATE_HOME = dir.path } })
  t.equal(r.status, 0, r.stderr)
  t.match(r.stdout, "COMPLETED")
end)
