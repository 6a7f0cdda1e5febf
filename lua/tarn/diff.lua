--- Compare two pipelines: settings field by field, sources line by line.
--
--     local diff = require "tarn.diff"
--     local a = ws:pipeline "sales_orders_etl"
--     local b = ws:pipeline "finance_gl_close"
--     local list = diff.settings({ label = "a", settings = diff.settings_of(a) },
--       { label = "b", settings = diff.settings_of(b) })
--     for _, d in ipairs(list) do print(d.kind, d.path) end

local collections = require "base.collections"
local compare = require "tarn.diff.compare"
local export = require "tarn.export"
local fault = require "base.fault"
local json = require "native.json"
local layout = require("tarn.export").layout
local lines = require "tarn.diff.lines"
local noise = require "tarn.diff.noise"
local spec = require "tarn.spec"

local M = {}

---@class tarn.DiffSide
---@field label string
---@field settings table      see `settings_of`
---@field pipeline_id? string
---@field sources? fun(): tarn.DiffSource[] nil if this side has no sources to compare
---@field why_no_sources? string the reason

---@class tarn.DiffSource
---@field path string
---@field kind string
---@field language? string
---@field format? string
---@field read fun(): string
---@field problem? string  why it cannot be read

---@class tarn.Difference
---@field path string
---@field keys (string|integer)[]
---@field kind "added"|"removed"|"changed"|"order"
---@field left? any         nil if the left side does not have the field
---@field right? any
---@field rule? string      name of the rule that makes the difference noise
---@field why? string       reason of that rule

-- ---- settings ----

--- The differences between the settings of two sides. Differences without a meaning (see
-- `tarn help diff`) are returned apart.
---@param a tarn.DiffSide
---@param b tarn.DiffSide
---@return tarn.Difference[] differences
---@return tarn.Difference[] ignored differences without a meaning
function M.settings(a, b)
  local differences, ignored = json.array {}, json.array {}
  for _, d in ipairs(compare.values(a.settings, b.settings)) do
    local rule = noise.find(d, a, b)
    d.path = spec.path(d.keys)
    if rule then
      d.rule, d.why = rule.name, rule.why
      ignored[#ignored + 1] = d
    else
      differences[#differences + 1] = d
    end
  end
  return differences, ignored
end

-- ---- sources ----

local function by_relative_path(side)
  local base, found = layout.base(spec.without_nulls(side.settings)), {}
  for _, source in ipairs(side.sources()) do
    if source.kind ~= "DIRECTORY" then
      found[layout.relative(source.path, base)] = source
    end
  end
  return found
end

local function is_text(bytes)
  return not bytes:find("\0", 1, true) and utf8.len(bytes) ~= nil
end

-- A source that cannot be read (too large, no permission) is a difference of kind "unknown".
local function content_difference(left, right)
  local objects = require "tarn.objects"
  local texts = {}
  for i, source in ipairs { left, right } do
    local bytes, e = fault.try(source.read)
    if e and objects.is_fatal(e) then
      error(e, 0)
    elseif e then
      return { kind = "unknown", note = e.message }
    end
    texts[i] = bytes
  end
  local a, b = texts[1], texts[2]
  if a == b or objects.is_same(left.format, a, b) then
    return nil
  end
  local entry = { kind = "changed", left_size = #a, right_size = #b }
  if is_text(a) and is_text(b) then
    entry.hunks = json.array(lines.hunks(a, b))
    if #entry.hunks == 0 then
      entry.note = "only the newline at the end differs"
    end
  else
    entry.note = "not text"
  end
  return entry
end

local function compare_source(left, right)
  if not left then
    return { kind = "added" }
  elseif not right then
    return { kind = "removed" }
  elseif left.problem or right.problem then
    return { kind = "unknown", note = left.problem or right.problem }
  elseif left.kind ~= right.kind or left.language ~= right.language
    or left.format ~= right.format then
    local function type_of(source)
      return ("%s %s"):format(source.kind, source.language or source.format or "")
        :lower():gsub(" $", "")
    end
    return { kind = "changed", note = ("%s on the left, %s on the right"):format(type_of(left),
      type_of(right)) }
  end
  return content_difference(left, right)
end

---@class tarn.SourceDifference
---@field path string       relative to the pipeline's root folder
---@field kind "added"|"removed"|"changed"|"unknown"
---@field left_path? string
---@field right_path? string
---@field hunks? tarn.Hunk[]
---@field note? string

--- The differences between the sources of two sides. Sources are paired by their paths below the
-- root folder, or below the folder that all libraries share.
---@param a tarn.DiffSide
---@param b tarn.DiffSide
---@return tarn.SourceDifference[]
---@return integer compared the number of sources of both sides
function M.sources(a, b)
  local pool = require "base.pool"
  local both = pool.map({ a, b }, by_relative_path)
  local paths, differences = {}, json.array {}
  for _, side in ipairs(both) do
    for path in pairs(side) do
      paths[path] = true
    end
  end
  local sorted = spec.sorted_keys(paths)
  local found = pool.map(sorted, function(path)
    local left, right = both[1][path], both[2][path]
    local entry = compare_source(left, right) or false
    if entry then
      entry.path, entry.left_path, entry.right_path = path, left and left.path,
        right and right.path
    end
    return entry
  end, { limit = 16 })
  for i = 1, #sorted do
    differences[#differences + 1] = found[i] or nil
  end
  return differences, #sorted
end

--- The settings of a pipeline as `settings` compares them: the spec with `run_as` and `parameters`.
---@param item { spec: table, run_as?: table, parameters?: table } such as a GetPipelineResponse
---@return table
function M.settings_of(item)
  local settings = collections.copy(item.spec)
  settings.run_as = export.has(item.run_as) and item.run_as or nil
  settings.parameters = export.has(item.parameters) and item.parameters or nil
  return settings
end

return M
