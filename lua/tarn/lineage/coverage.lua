--- The coverage of a lineage: which sources answered, and what is unknown.
--
-- Each source has one entry, in the order of `M.SOURCES`. A failed source does not count as an
-- empty one: what only this source knows is listed as unknown.

local expectations = require "tarn.expectations"
local json = require "native.json"

local M = {}

--- Each source and what it is asked for, in the order in which they are shown.
M.SOURCES = {
  { "settings", "where the pipeline publishes, what it ingests" },
  { "events", "datasets and edges of the newest update that defines them" },
  { "event_log", "the same, when the events have expired" },
  { "event_log_table", "the same" },
  { "system.lakeflow.pipeline_events", "the same" },
  { "system.lakeflow_pipeline_events_preview.pipeline_events", "the same" },
  { "code", "the same, from the pipeline's code" },
  { "unity_catalog", "tables with this pipeline's pipeline_id" },
  { "information_schema", "type, format and comment of tables in the target schema" },
  { "system.access.table_lineage", "edges inside, upstream and downstream" },
  { "lineage_tracking", "the same, if the system table does not answer" },
  { "system.access.column_lineage", "columns of edges" },
  { "column_tracking", "the same, if the system table does not answer" },
  { "journal", "copies and origins of the pipeline" },
  { "copies", "whether the copies and origins exist" },
}

local MISSING <const> = { CATALOG_DOES_NOT_EXIST = true, SCHEMA_DOES_NOT_EXIST = true,
  ENDPOINT_NOT_FOUND = true, FEATURE_DISABLED = true, METASTORE_DOES_NOT_EXIST = true }

---@class tarn.LineageCoverage
local Coverage = {}
Coverage.__index = Coverage

--- A coverage without any answer.
---@return tarn.LineageCoverage
function M.new()
  return setmetatable({ entries = {}, unknown = {}, left_out = {} }, Coverage)
end

--- True if a fault says that a source does not exist in this workspace.
---@param e tarn.Fault
---@return boolean
function M.is_missing(e)
  return MISSING[e.code] or expectations.is_missing(e) or false
end

local function put(self, name, status, found, reason, e)
  self.entries[name] = { source = name, status = status, found = found, reason = reason,
    kind = e and e.kind, code = e and e.code, http_status = e and e.status, fault = e }
end

--- The source has answered.
---@param name string
---@param found integer number of results
---@param note? string
function Coverage:answered(name, found, note)
  put(self, name, found == 0 and "empty" or "answered", found, note)
end

--- The source has answered in part.
---@param name string
---@param found integer
---@param reason string
---@param e? tarn.Fault
function Coverage:partial(name, found, reason, e)
  put(self, name, "partial", found, reason, e)
end

--- The source has failed.
---@param name string
---@param e tarn.Fault
function Coverage:failed(name, e)
  put(self, name, M.is_missing(e) and "missing" or "failed", nil, e.message, e)
end

--- The source was not asked.
---@param name string
---@param reason string
function Coverage:skipped(name, reason)
  put(self, name, "not_asked", nil, reason)
end

--- True if the source has answered completely, also if it found nothing.
---@param name string
---@return boolean
function Coverage:has(name)
  local entry = self.entries[name]
  return entry ~= nil and (entry.status == "answered" or entry.status == "empty")
end

--- The entry of a source.
---@param name string
---@return table? entry
function Coverage:find(name)
  return self.entries[name]
end

--- Add something that no source knows.
---@param what string its subject: "datasets", "upstream", "downstream" ...
---@param text string
function Coverage:unsure(what, text)
  self.unknown[#self.unknown + 1] = { what = what, text = text }
end

--- Count something that is left out on purpose.
---@param why string
function Coverage:omit(why)
  self.left_out[why] = (self.left_out[why] or 0) + 1
end

--- The coverage as data.
---@return table { sources, unknown, left_out, files? }; `files` are the files of the code
function Coverage:report()
  local sources = json.array {}
  for _, source in ipairs(M.SOURCES) do
    local entry = self.entries[source[1]]
    if entry then
      sources[#sources + 1] = { source = entry.source, asked_for = source[2],
        status = entry.status, found = entry.found, reason = entry.reason, kind = entry.kind,
        code = entry.code }
    end
  end
  return { sources = sources, files = self.files, unknown = json.array(self.unknown),
    left_out = self.left_out }
end

return M
