--- Modules that had other names up to version 0.3. Scripts can still require them by the old names,
-- and overrides under an old name are reported. To be removed in version 0.5.

local M = {}

local MODULES <const> = {
  ["tarn.access"] = "tarn.permissions.acl",
  ["tarn.args"] = "engine.args",
  ["tarn.clone.server"] = "tarn.clone.dryrun",
  ["tarn.command"] = "engine.command",
  ["tarn.complete"] = "engine.completion",
  ["tarn.dashboard.choice"] = "tarn.dashboard.backend",
  ["tarn.dashboard.last"] = "tarn.dashboard.stale",
  ["tarn.either"] = "tarn.backend",
  ["tarn.ejected"] = "engine.ejected",
  ["tarn.ending"] = "tarn.wait.outcome",
  ["tarn.errors"] = "engine.errors",
  ["tarn.failure"] = "tarn.updates.failure",
  ["tarn.fault"] = "base.fault",
  ["tarn.fields"] = "tarn.spec",
  ["tarn.find"] = "engine.find",
  ["tarn.folder"] = "base.files",
  ["tarn.follow.look"] = "tarn.follow.sweep",
  ["tarn.gate"] = "tarn.expectations.gate",
  ["tarn.glob"] = "base.glob",
  ["tarn.header"] = "engine.header",
  ["tarn.help"] = "engine.help",
  ["tarn.hooks"] = "engine.hooks",
  ["tarn.identity"] = "tarn.clone.identity",
  ["tarn.journal.wal"] = "base.wal",
  ["tarn.journal.writer"] = "base.liveness",
  ["tarn.lineage.texts"] = "tarn.lineage.labels",
  ["tarn.lists"] = "base.collections",
  ["tarn.live.moment"] = "tarn.live.order",
  ["tarn.main"] = "main",
  ["tarn.man"] = "engine.man",
  ["tarn.names"] = "tarn.workspace.names",
  ["tarn.new"] = "engine.new",
  ["tarn.options"] = "base.options",
  ["tarn.out"] = "output.stdout",
  ["tarn.override"] = "engine.override",
  ["tarn.pace"] = "base.ratelimit",
  ["tarn.paint"] = "output.region",
  ["tarn.pool"] = "base.pool",
  ["tarn.probe"] = "tarn.clone.probe",
  ["tarn.progress"] = "output.progress",
  ["tarn.providers"] = "engine.providers",
  ["tarn.query"] = "base.querystring",
  ["tarn.quote"] = "output.quote",
  ["tarn.reference"] = "engine.reference",
  ["tarn.reload"] = "engine.reload",
  ["tarn.repl"] = "repl.start",
  ["tarn.report"] = "engine.report",
  ["tarn.screen"] = "output.screen",
  ["tarn.script"] = "engine.script",
  ["tarn.secrets"] = "base.secrets",
  ["tarn.serve"] = "server.start",
  ["tarn.shape"] = "engine.schema",
  ["tarn.shells"] = "engine.shells",
  ["tarn.similar"] = "base.suggestion",
  ["tarn.sources.object"] = "tarn.objects",
  ["tarn.sources.path"] = "tarn.objects.path",
  ["tarn.state"] = "base.directories",
  ["tarn.strict"] = "engine.strict",
  ["tarn.stubs"] = "engine.stubs",
  ["tarn.system"] = "tarn.sql.systemtables",
  ["tarn.tally"] = "tarn.expectations.counts",
  ["tarn.testing"] = "testing.api",
  ["tarn.time"] = "base.time",
  ["tarn.types"] = "engine.types",
  ["tarn.undo.place"] = "tarn.undo.target",
  ["tarn.waiting"] = "tarn.wait",
  ["tarn.warehouses"] = "tarn.sql.warehouses",
}

-- What scripts write instead of an old name, if it is not `require "NEW NAME"`.
local FIELDS <const> = {
  ["tarn.fault"] = 'require("tarn").fault', ["tarn.secrets"] = 'require("tarn").secrets',
  ["tarn.testing"] = 'require("tarn").testing', ["tarn.time"] = 'require("tarn").time',
  ["tarn.pool"] = 'require("tarn").map (each, first, stream, timeout)',
  ["tarn.system"] = 'require("tarn.sql").systemtables',
  ["tarn.warehouses"] = 'require("tarn.sql").warehouses',
}

--- The new name of a module that has moved; nil for other modules.
---@param module string
---@return string?
function M.find(module)
  return MODULES[module]
end

--- The new file of a module that has moved: "lua/base/glob.lua" for "lua/tarn/glob.lua". Nil for
-- other files.
---@param file string
---@return string?
function M.find_file(file)
  local module = file:match "^lua/(.*)%.lua$"
  local new = module and MODULES[module:gsub("/", ".")]
  return new and ("lua/%s.lua"):format((new:gsub("%.", "/")))
end

--- A warning for a script that requires a module by its old name.
---@param module string
---@return string
function M.advice(module)
  return ("the module '%s' has moved: write %s"):format(module,
    FIELDS[module] or ("require %q"):format(MODULES[module]))
end

return M
