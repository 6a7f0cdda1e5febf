--- What differs between two pipelines: their settings field by field, their sources line by line.
--
-- Pure, but for `tarn.diff.sides`, which reads the two.

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
---@field settings table      the spec, with run_as and parameters beside it
---@field pipeline_id? string
---@field sources? fun(): tarn.DiffSource[] nil if this side has none to compare
---@field why_no_sources? string

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
---@field left? any         nil: not there
---@field right? any
---@field rule? string      of what is noise
---@field why? string

-- ---- settings ----

local function text_of(value)
  return json.encode(value)
end

local function is_same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b and math.type(a) == math.type(b)
  end
  return text_of(a) == text_of(b)
end

local function is_list(value)
  return spec.is_list(value)
end

local function is_map(value)
  return type(value) == "table" and getmetatable(value) == nil and not is_list(value)
end

-- What an item of a list is called, if it is called something: two items of that name are the
-- same one, changed.
local NAMES <const> = { "label", "name", "key", "path", "destination_table", "source_table",
  "source_schema", "source_url", "include", "destination", "coordinates" }

local function name_of(item)
  if type(item) ~= "table" then
    return nil
  end
  for _, field in ipairs(NAMES) do
    if type(item[field]) == "string" then
      return field .. "=" .. layout.normal(item[field])
    end
  end
  for _, kind in ipairs(spec.sorted_keys(item)) do
    local inner = is_map(item[kind]) and name_of(item[kind])
    if inner then
      return tostring(kind) .. "." .. inner
    end
  end
end

-- Pairs up the items of two lists that `key` gives the same text; the rest stays.
local function pair_by(key, left, right, pairs_found)
  local places = {}
  for j, item in ipairs(right) do
    local name = not right.paired[j] and key(item)
    if name then
      places[name] = places[name] or {}
      table.insert(places[name], j)
    end
  end
  for i, item in ipairs(left) do
    local name = not left.paired[i] and key(item)
    local j = name and places[name] and table.remove(places[name], 1)
    if j then
      left.paired[i], right.paired[j] = true, true
      pairs_found[#pairs_found + 1] = { i, j }
    end
  end
end

local function unmarked(list)
  return setmetatable({ paired = {} }, { __index = list, __len = function() return #list end })
end

-- Clusters without a label are the default one.
local function list_name(keys)
  if keys[#keys] == "clusters" then
    return function(item)
      local label = is_map(item) and item.label
      return "label=" .. (type(label) == "string" and label or "default")
    end
  end
  return name_of
end

local compare

local function compare_lists(a, b, keys, out)
  local left, right, found = unmarked(a), unmarked(b), {}
  pair_by(text_of, left, right, found)
  local same = #found
  pair_by(list_name(keys), left, right, found)
  local next_free = 1
  for i = 1, #a do
    while right.paired[next_free] do
      next_free = next_free + 1
    end
    if not left.paired[i] and next_free <= #b and type(a[i]) == type(b[next_free])
      and is_map(a[i]) then
      left.paired[i], right.paired[next_free] = true, true
      found[#found + 1] = { i, next_free }
    end
  end
  table.sort(found, function(x, y) return x[1] < y[1] end)
  local function at(i, value, other)
    keys[#keys + 1] = i
    compare(value, other, keys, out)
    keys[#keys] = nil
  end
  for _, pair in ipairs(found) do
    at(pair[1], a[pair[1]], b[pair[2]])
  end
  for i = 1, #a do
    if not left.paired[i] then
      at(i, a[i], nil)
    end
  end
  for j = 1, #b do
    if not right.paired[j] then
      at(j, nil, b[j])
    end
  end
  local is_moved = false
  for i = 2, #found do
    is_moved = is_moved or found[i][2] < found[i - 1][2]
  end
  if is_moved and same > 0 or is_moved and #a == #b then
    out[#out + 1] = { keys = { table.unpack(keys) }, kind = "order", left = a, right = b }
  end
end

local function compare_maps(a, b, keys, out)
  local all = {}
  for key in pairs(a) do
    all[key] = true
  end
  for key in pairs(b) do
    all[key] = true
  end
  for _, key in ipairs(spec.sorted_keys(all, #keys == 0)) do
    keys[#keys + 1] = key
    compare(a[key], b[key], keys, out)
    keys[#keys] = nil
  end
end

function compare(a, b, keys, out)
  if is_same(a, b) then
    return
  elseif is_map(a) and is_map(b) then
    return compare_maps(a, b, keys, out)
  elseif is_list(a) and is_list(b) and #a > 0 and #b > 0 then
    return compare_lists(a, b, keys, out)
  end
  out[#out + 1] = { keys = { table.unpack(keys) }, left = a, right = b,
    kind = a == nil and "added" or b == nil and "removed" or "changed" }
end

--- The differences between the settings of two sides: those that mean something, and noise.
---@param a tarn.DiffSide
---@param b tarn.DiffSide
---@return tarn.Difference[] differences
---@return tarn.Difference[] ignored
function M.settings(a, b)
  local found, differences, ignored = {}, json.array {}, json.array {}
  compare(a.settings, b.settings, {}, found)
  for _, d in ipairs(found) do
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
  local base, found = layout.base(side.settings), {}
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

-- What cannot be read (too large, not allowed) is unknown; the rest goes on.
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
      entry.note = "only the line end at the end differs"
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
    local function what(source)
      return ("%s %s"):format(source.kind, source.language or source.format or "")
        :lower():gsub(" $", "")
    end
    return { kind = "changed", note = ("%s on the left, %s on the right"):format(what(left),
      what(right)) }
  end
  return content_difference(left, right)
end

---@class tarn.SourceDifference
---@field path string       as seen from the pipeline's root folder
---@field kind "added"|"removed"|"changed"|"unknown"
---@field left_path? string
---@field right_path? string
---@field hunks? tarn.Hunk[]
---@field note? string

--- The differences between the sources of two sides, paired by their paths below the root
-- folder (or below the folder that the libraries share).
---@param a tarn.DiffSide
---@param b tarn.DiffSide
---@return tarn.SourceDifference[]
---@return integer compared how many there are in all
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

--- Settings as they are compared: the spec, and what stands beside it.
---@param item { spec: table, run_as?: table, parameters?: table }
---@return table
function M.settings_of(item)
  local settings = {}
  for key, value in pairs(item.spec) do
    settings[key] = value
  end
  settings.run_as = export.has(item.run_as) and item.run_as or nil
  settings.parameters = export.has(item.parameters) and item.parameters or nil
  return settings
end

return M
