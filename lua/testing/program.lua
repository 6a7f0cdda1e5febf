--- Runs the program that runs the tests, as a user would: words in, texts and status out.

local fs = require "native.fs"
local json = require "native.json"
local process = require "native.process"
local task = require "native.task"
local wait = require "testing.wait"

---@class tarn.testing.program
---@field path string the path of the program under test
local M = setmetatable({}, { __index = function(M, name)
  if name == "path" then
    M.path = fs.realpath "/proc/self/exe"
    return rawget(M, name)
  end
end })

-- Generous, because a test on a busy machine waits for the program and not for a time.
local TIMEOUT <const> = 300 -- seconds

-- What the program must not inherit from the environment of the tests.
local CLEAN <const> = { "TARN_PATH", "NO_COLOR", "COLUMNS", "DATABRICKS_HOST", "DATABRICKS_TOKEN",
  "DATABRICKS_CONFIG_PROFILE", "DATABRICKS_CONFIG_FILE", "DATABRICKS_WAREHOUSE_ID",
  "TARN_READ_ONLY" }

--- A new empty directory, removed at the end of the block: `local dir <close> = program.dir()`.
---@return table dir with field `path`; functions write(name, text), read(name) and close()
function M.dir()
  local dir = { path = fs.mktemp() }
  function dir.write(name, text)
    local path = dir.path .. "/" .. name
    fs.mkdir((path:gsub("/[^/]*$", "")), { parents = true })
    fs.write(path, text)
    return path
  end
  function dir.read(name)
    return fs.find_read(dir.path .. "/" .. name)
  end
  function dir.close()
    fs.remove(dir.path, { recursive = true })
  end
  return setmetatable(dir, { __close = dir.close })
end

--- The directory for the state of the programs that are run; nil: that of this program.
---@type string?
M.state_home = nil

--- The environment in which the program uses a workspace.
---@param host string its address
---@param more? table<string, string|false> further variables; they override
---@return table<string, string|false>
function M.env(host, more)
  local env = { DATABRICKS_HOST = host, DATABRICKS_TOKEN = "demo-token" }
  for name, value in pairs(more or {}) do
    env[name] = value
  end
  return env
end

local function environment(opts)
  local env = { TARN = M.path, HOME = opts.home or "/proc/none", XDG_CONFIG_HOME = false,
    LC_ALL = "C.UTF-8", XDG_STATE_HOME = M.state_home }
  for _, name in ipairs(CLEAN) do
    env[name] = false
  end
  for name, value in pairs(opts.env or {}) do
    env[name] = value
  end
  return env
end

---@class tarn.testing.RunOptions
---@field env? table<string, string|false> variables; false: not set
---@field cwd? string
---@field stdin? string
---@field home? string
---@field timeout? number seconds
---@field first? string shell to run before the program, such as "ulimit -f 8"

--- Run the program with these words.
---@param words string[]
---@param opts? tarn.testing.RunOptions
---@return { status: integer, stdout: string, stderr: string }
function M.run(words, opts)
  opts = opts or {}
  local argv = { M.path, table.unpack(words) }
  if opts.first then
    argv = { "/bin/sh", "-c", opts.first .. '; exec "$0" "$@"', table.unpack(argv) }
  end
  return process.run(argv, { env = environment(opts), cwd = opts.cwd, stdin = opts.stdin or "",
    timeout = opts.timeout or TIMEOUT })
end

--- Run the program with these words and `-o json`; returns its data. Another status than 0 is an
-- error that shows what the program wrote.
---@param words string[]
---@param opts? tarn.testing.RunOptions
---@return any data
---@return { status: integer, stdout: string, stderr: string } result
function M.data(words, opts)
  local all = { "-o", "json", table.unpack(words) }
  local result = M.run(all, opts)
  if result.status ~= 0 then
    error(("%s: status %d\n%s%s"):format(table.concat(words, " "), result.status, result.stdout,
      result.stderr), 2)
  end
  return json.decode(result.stdout), result
end

--- Run a line of shell with the program as $TARN.
---@param line string
---@param opts? tarn.testing.RunOptions
function M.shell(line, opts)
  opts = opts or {}
  return process.run({ "/bin/sh", "-c", line },
    { env = environment(opts), cwd = opts.cwd, timeout = opts.timeout or TIMEOUT })
end

-- ---- a program that runs beside the test ----

---@class tarn.testing.Running
local Running = {}
Running.__index = Running

-- The shell's process id is that of the program: `exec` keeps it. The file is renamed when it is
-- complete, so that nobody reads a part of it.
local START <const> = 'echo $$ >"$0/pid.part" && mv "$0/pid.part" "$0/pid" && '
  .. 'exec "$@" >"$0/stdout" 2>"$0/stderr"'

--- Start the program, and go on while it runs: `local running <close> = program.start { ... }`.
-- The end of the block kills it, unless it has ended. `timeout`: seconds that it may run.
---@param words string[]
---@param opts? tarn.testing.RunOptions
---@return tarn.testing.Running
function M.start(words, opts)
  opts = opts or {}
  local running = setmetatable({ dir = M.dir(), words = words }, Running)
  running.task = task.spawn(function()
    running.ended = process.run(
      { "/bin/sh", "-c", START, running.dir.path, M.path, table.unpack(words) },
      { env = environment(opts), cwd = opts.cwd, stdin = opts.stdin or "",
        timeout = opts.timeout or TIMEOUT })
  end)
  return running
end

--- The process id.
---@return string
function Running:pid()
  return wait.until_true(function()
    return (self.dir.read "pid" or ""):match "%d+"
  end, "the program to start")
end

--- What the program has written so far.
---@return string
function Running:output()
  return (self.dir.read "stdout" or "") .. (self.dir.read "stderr" or "")
end

--- Wait until the program has written a text.
---@param text string
function Running:wait_for(text)
  wait.until_true(function()
    local found = self:output():find(text, 1, true)
    if not found and not task.alive(self.task) then
      error(("%s ended without %q:\n%s"):format(table.concat(self.words, " "), text,
        self:output()), 0)
    end
    return found
  end, function()
    return ("%q in:\n%s"):format(text, self:output())
  end)
end

--- Send a signal: "INT", "TERM", "KILL".
---@param name string
function Running:signal(name)
  process.run { "/bin/kill", "-" .. name, self:pid() }
end

--- Wait until the program has ended.
---@return { status: integer, stdout: string, stderr: string }
function Running:result()
  wait.until_true(function() return not task.alive(self.task) end, "the program to end")
  return { status = self.ended.status, stdout = self.dir.read "stdout" or "",
    stderr = self.dir.read "stderr" or "" }
end

function Running:close()
  if task.alive(self.task) then
    self:signal "KILL"
    wait.until_true(function() return not task.alive(self.task) end, "the program to end")
  end
  self.dir.close()
end
Running.__close = Running.close

return M
