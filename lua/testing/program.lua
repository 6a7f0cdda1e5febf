--- Runs the program that runs the tests, as a person would: words in, texts and status out.

local fs = require "native.fs"
local process = require "native.process"

---@class tarn.testing.program
---@field program string the path of the program under test
local M = setmetatable({}, { __index = function(M, name)
  if name == "program" then
    M.program = fs.realpath "/proc/self/exe"
    return rawget(M, name)
  end
end })

local TIMEOUT <const> = 30 -- seconds for one run

-- What a test must not inherit from whoever runs it.
local CLEAN <const> = { "TARN_PATH", "NO_COLOR", "COLUMNS", "DATABRICKS_HOST", "DATABRICKS_TOKEN",
  "DATABRICKS_CONFIG_PROFILE", "DATABRICKS_CONFIG_FILE", "DATABRICKS_WAREHOUSE_ID",
  "TARN_READ_ONLY" }

--- A new empty directory, removed at the end of the block: `local dir <close> = cli.dir()`.
---@return table dir with field `path`; methods write(name, text) and read(name)
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
  return setmetatable(dir, { __close = function() fs.remove(dir.path, { recursive = true }) end })
end

--- Where the programs of a run keep their state; nil: where the caller's does.
---@type string?
M.state_home = nil

local function environment(opts)
  local env = { TARN = M.program, HOME = opts.home or "/proc/none", XDG_CONFIG_HOME = false,
    LC_ALL = "C.UTF-8", XDG_STATE_HOME = M.state_home }
  for _, name in ipairs(CLEAN) do
    env[name] = false
  end
  for name, value in pairs(opts.env or {}) do
    env[name] = value
  end
  return env
end

--- Run the program with these words.
---@param words string[]
---@param opts? { env?: table, cwd?: string, stdin?: string, home?: string, timeout?: number }
---@return { status: integer, stdout: string, stderr: string }
function M.run(words, opts)
  opts = opts or {}
  return process.run({ M.program, table.unpack(words) },
    { env = environment(opts), cwd = opts.cwd, stdin = opts.stdin or "",
      timeout = opts.timeout or TIMEOUT })
end

--- Run a line of shell with the program as $TARN.
---@param line string
---@param opts? table as for `run`
function M.shell(line, opts)
  opts = opts or {}
  return process.run({ "/bin/sh", "-c", line },
    { env = environment(opts), cwd = opts.cwd, timeout = opts.timeout or TIMEOUT })
end

return M
