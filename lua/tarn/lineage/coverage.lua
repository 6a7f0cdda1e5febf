--- What was asked for a lineage, what answered, and what stays unknown.
--
-- Each source has one entry, in the order of `M.SOURCES`. A source that failed is never taken
-- for one that had nothing to say: what only it could tell is then listed as unknown.

local expectations = require "tarn.expectations"
local json = require "native.json"

local M = {}

--- Name of a source -> what it is asked for; in the order that is shown.
M.SOURCES = {
  { "settings", "where the pipeline publishes, what it ingests" },
  { "events", "datasets and edges of the newest update that defines them" },
  { "event_log", "the same, when the events are gone" },
  { "event_log_table", "the same" },
  { "system.lakeflow.pipeline_events", "the same" },
  { "system.lakeflow_pipeline_events_preview.pipeline_events", "the same" },
  { "code", "the same, as the sources say it that nobody has run" },
  { "unity_catalog", "tables whose pipeline_id is this pipeline's" },
  { "information_schema", "type, format and comment of tables in the target schema" },
  { "system.access.table_lineage", "edges inside, upstream and downstream" },
  { "lineage_tracking", "the same, where the system table does not answer" },
  { "system.access.column_lineage", "columns of edges" },
  { "column_tracking", "the same, where the system table does not answer" },
  { "journal", "copies of the pipeline, and what it is a copy of" },
  { "copies", "whether the other pipelines of the journal are there" },
}

local MISSING <const> = { CATALOG_DOES_NOT_EXIST = true, SCHEMA_DOES_NOT_EXIST = true,
  ENDPOINT_NOT_FOUND = true, FEATURE_DISABLED = true, METASTORE_DOES_NOT_EXIST = true }

---@class tarn.LineageCoverage
local Coverage = {}
Coverage.__index = Coverage

---@return tarn.LineageCoverage
function M.new()
  return setmetatable({ entries = {}, unknown = {}, left_out = {} }, Coverage)
end

--- True if a fault says that a source does not exist here.
---@param e tarn.Fault
---@return boolean
function M.is_missing(e)
  return MISSING[e.code] or expectations.is_missing(e) or false
end

local function put(self, name, status, found, reason, e)
  self.entries[name] = { source = name, status = status, found = found, reason = reason,
    kind = e and e.kind, code = e and e.code, http_status = e and e.status, fault = e }
end

--- It answered; `found` things of what it was asked for.
---@param name string
---@param found integer
---@param note? string
function Coverage:answered(name, found, note)
  put(self, name, found == 0 and "empty" or "answered", found, note)
end

--- It answered in part.
---@param name string
---@param found integer
---@param reason string
---@param e? tarn.Fault
function Coverage:partial(name, found, reason, e)
  put(self, name, "partial", found, reason, e)
end

--- It did not answer.
---@param name string
---@param e tarn.Fault
function Coverage:failed(name, e)
  put(self, name, M.is_missing(e) and "missing" or "failed", nil, e.message, e)
end

--- It was not asked.
---@param name string
---@param reason string
function Coverage:skipped(name, reason)
  put(self, name, "not_asked", nil, reason)
end

--- True if it answered, also with nothing; false if in part, or not.
---@param name string
---@return boolean
function Coverage:has(name)
  local entry = self.entries[name]
  return entry ~= nil and (entry.status == "answered" or entry.status == "empty")
end

---@param name string
---@return table? entry
function Coverage:find(name)
  return self.entries[name]
end

--- Something that nobody could tell, as a sentence.
---@param what string what it is about: "datasets", "upstream", "downstream" ...
---@param text string
function Coverage:unsure(what, text)
  self.unknown[#self.unknown + 1] = { what = what, text = text }
end

--- Something that was left out on purpose, counted.
---@param why string
function Coverage:omit(why)
  self.left_out[why] = (self.left_out[why] or 0) + 1
end

--- As data: { sources, unknown, left_out, files? }; files are those of the code, if it was read.
---@return table
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
