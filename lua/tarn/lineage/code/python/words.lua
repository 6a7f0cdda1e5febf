--- The words of the pipelines module, and the paths by which it is imported. Pure.

local collections = require "base.collections"
local values = require "tarn.lineage.code.python.values"

local M = {}

--- The module itself.
M.MODULE = { k = "module" }

local PATHS <const> = { dlt = true, ["pyspark.pipelines"] = true, ["databricks.dlt"] = true,
  ["databricks.pipelines"] = true }

--- What a decorated function defines.
M.DATASETS = { table = "TABLE", create_table = "TABLE",
  materialized_view = "MATERIALIZED_VIEW", streaming_table = "STREAMING_TABLE", view = "VIEW",
  create_view = "VIEW", temporary_view = "VIEW" }

--- Decorators of flows.
M.FLOWS = { append_flow = true, update_flow = true }

--- Decorators of sinks, and the sinks' format.
M.SINKS = { foreach_batch_sink = "foreach_batch", foreach_sink = "foreach" }

--- Calls that create tables without a query.
M.TARGETS = { create_streaming_table = true, create_target_table = true,
  create_streaming_live_table = true }

--- Calls that apply changes, and what they read.
M.CHANGES = { apply_changes = "source", create_auto_cdc_flow = "source",
  apply_changes_from_snapshot = "snapshot", create_auto_cdc_from_snapshot_flow = "snapshot" }

--- Calls that read datasets of the pipeline, and whether they stream.
M.READS = { read = false, read_stream = true, readStream = true }

--- Decorators of expectations.
M.EXPECTATIONS = { expect = 1, expect_or_drop = 1, expect_or_fail = 1,
  expect_all = "all", expect_all_or_drop = "all", expect_all_or_fail = "all" }

-- Words that define nothing.
local OTHERS <const> = { create_sink = true, on_event_hook = true }

local WORDS <const> = {}
for _, words in ipairs { M.DATASETS, M.FLOWS, M.SINKS, M.TARGETS, M.CHANGES, M.READS,
  M.EXPECTATIONS, OTHERS } do
  for word in pairs(words) do
    WORDS[word] = true
  end
end

--- All words, sorted.
---@return string[]
function M.all()
  return collections.keys(WORDS)
end

local CUSTOM <const> = { dlt = true, dp = true, sdp = true, pipelines = true }

--- True for a name that the module has by custom, where no import is seen.
---@param name string
---@return boolean
function M.is_custom_name(name)
  return CUSTOM[name] or false
end

--- True for a path of the module.
---@param path string
---@return boolean
function M.is_module(path)
  return PATHS[path] or path:match "^(.*)%.api$" ~= nil and PATHS[path:match "^(.*)%.api$"] or false
end

--- The word that a path names in the module; "" for the module itself, nil for other paths.
---@param path string
---@return string?
function M.word_of(path)
  if M.is_module(path) then
    return ""
  end
  local module, word = path:match "^(.*)%.([^.]+)$"
  return module and M.is_module(module) and WORDS[word] and word or nil
end

--- An attribute of the module.
---@param run tarn.PythonRun
---@param name string
---@param line integer
---@return table value
function M.attribute(run, name, line)
  if WORDS[name] then
    return { k = "word", word = name }
  elseif name ~= "api" and name ~= "pipelines" then
    run:reason(line, ("`%s` is no known word of the pipelines module"):format(name))
    return values.unknown(("`%s` is not known"):format(name))
  end
  return M.MODULE
end

return M
