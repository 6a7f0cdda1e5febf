--- Tools for tests of scripts: embedded workspaces, fake answers, clocks.
--
--     local testing = require("tarn").testing
--     local w <close> = testing.workspace { scenario = "demo" }  -- the embedded workspace
--     local rows, status = w:command("list", { filter = "sales*" })
--     local ws <close> = testing.fake { ["GET /api/2.0/pipelines"] = { statuses = {} } }
--     testing.clock.advance(3600)
--
-- docs/scripting/testing.md says more.

local M = {}

-- Loaded at their first use.
local modules = {
  clock = "testing.clock", golden = "testing.golden", program = "testing.program",
  answers = "testing.fake",
}

--- An embedded workspace in memory, by default an empty one; see testing.workspace.
---@param opts? sandbox.Options
function M.workspace(opts)
  return require("testing.workspace").start(opts)
end

--- A workspace that gives the test's own answers; see testing.fake.
---@param answers table<string, any>
---@param opts? table options of native.databricks.connect
---@return tarn.WorkspaceClient
function M.fake(answers, opts)
  return require("testing.fake").workspace(answers, opts)
end

--- A workspace that gives recorded answers; see testing.replay.
---@param path string what `tarn --record FILE ...` wrote
---@return tarn.WorkspaceClient
function M.replay(path)
  return require("testing.replay").workspace(path)
end

--- Run a command against a workspace; returns its data, iterators as lists, and its exit status.
---@param name string
---@param arg table arguments by name
---@param ws tarn.WorkspaceClient
---@param options? table options that every command takes
function M.command(name, arg, ws, options)
  return require("testing.fake").run(name, arg, ws, options)
end

return setmetatable(M, { __index = function(_, name)
  return modules[name] and require(modules[name])
end })
