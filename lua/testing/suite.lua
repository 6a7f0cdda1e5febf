--- One run of `tarn test`: its files, and their isolation. Tests have a journal of their own, and
-- open no workspaces but embedded ones in memory.

local fault = require "base.fault"
local fs = require "native.fs"
local runner = require "testing.runner"

local M = {}

local OP <const> = "tarn test"

-- ---- files ----

local function add_folder(folder, list)
  for _, name in ipairs(fs.list(folder)) do
    local path = folder == "." and name or folder .. "/" .. name
    local stat = fs.find_stat(path)
    if stat and stat.type == "directory" then
      add_folder(path, list)
    elseif name:find "_test%.lua$" then
      list[#list + 1] = path
    end
  end
end

--- The files that words name: all files below folders that end in _test.lua, and single files. For
-- a script, that is the test beside it.
---@param words string[]
---@return string[]
function M.files(words)
  local list = {}
  for _, word in ipairs(words) do
    local path = #word > 1 and word:gsub("/+$", "") or word
    local stat = fs.find_stat(path)
    if not stat then
      fault.not_found(OP, word .. ": there is no such file or folder")
    elseif stat.type == "directory" then
      add_folder(path, list)
    else
      list[#list + 1] = require("testing.beside").find_test(path) or path
    end
  end
  table.sort(list)
  return list
end

-- ---- isolation ----

-- Takes the place of tarn.workspace.open while tests run.
local function open_embedded()
  local workspace = require "testing.workspace"
  return function(profile)
    local client = workspace.open(profile or "demo")
    if not client then
      fault.usage(OP, ("a test does not open the profile '%s'"):format(profile),
        "`w:as(\"" .. profile .. "\")` gives that name to an embedded workspace")
    end
    return client
  end
end

-- Isolates the tests; returns a function that ends it.
local function isolate()
  local directories, workspace = require "base.directories", require "tarn.workspace"
  local program = require "testing.program"
  local dir = fs.mktemp()
  local find_dir, open, home = directories.find_dir, workspace.open, program.state_home
  directories.find_dir = function() return dir .. "/tarn" end
  workspace.open = open_embedded()
  program.state_home = dir
  return function()
    if package.loaded["tarn.journal"] then
      require("tarn.journal").close()
    end
    directories.find_dir, workspace.open, program.state_home = find_dir, open, home
    require("testing.workspace").close_all()
    fs.remove(dir, { recursive = true })
  end
end

--- Run the tests of these files, one at each call of the iterator. The status of the command is 1
-- if one failed.
---@param ctx tarn.Context
---@param files string[]
---@param opts { filter?: string, timeout?: number }
---@return fun(): tarn.TestResult?
function M.run(ctx, files, opts)
  local release = isolate()
  local function close()
    if release then
      release()
      release = nil
    end
  end
  local ok, results = fault.call(runner.results, files, opts)
  if not ok then
    close()
    error(results, 0)
  end
  local function next_result()
    local result = results()
    if not result then
      close()
    elseif result.outcome == "failed" then
      ctx.finish "failed"
    end
    return result
  end
  return setmetatable({}, { __call = next_result, __close = close })
end

return M
