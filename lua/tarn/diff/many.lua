--- Compare the pipelines of two workspaces: which are missing, extra or different.

local diff = require "tarn.diff"
local entries = require "tarn.diff.entries"
local fault = require "base.fault"
local glob = require "base.glob"
local json = require "native.json"
local pairing = require "tarn.diff.pairing"
local pool = require "base.pool"
local sides = require "tarn.diff.sides"

local M = {}

local AT_ONCE <const> = 64 -- pairs that are compared at once

---@class tarn.DiffPair one pipeline of one or both workspaces
---@field name string      on the left, or on the right if it is extra
---@field status "same"|"different"|"missing"|"extra"|"unknown" missing: on the left only; extra: on
--- the right only; unknown: one of both cannot be read
---@field left? { pipeline_id: string, name: string }
---@field right? { pipeline_id: string, name: string }
---@field differences? table[] of the settings
---@field ignored? table[]     differences without a meaning, if they are wanted
---@field sources? table       { differences, compared }
---@field reason? string       why it, or its sources, cannot be read

-- ---- the lists ----

-- The pipelines of a side. A fault names the side, since there are two.
local function rows_of(side, pattern)
  local matches, list = pattern and glob.matcher(pattern), {}
  local _, e = fault.try(function()
    for row in side.ws:pipelines() do
      if not matches or matches(row.name) then
        list[#list + 1] = row
      end
    end
  end)
  if e and e.kind ~= "cancelled" then
    fault.raise { kind = e.kind, op = "tarn diff", status = e.status, code = e.code, cause = e,
      retryable = e.retryable, hint = e.hint, message = ("%s %s"):format(side.label, e.message) }
  elseif e then
    fault.raise(e)
  end
  return list
end

-- ---- pairs ----

local function about(row)
  return row and { pipeline_id = row.pipeline_id, name = row.name } or nil
end

local function entry(left, right, status)
  return { name = (left or right).name, status = status, left = about(left), right = about(right) }
end

-- Read the pipelines of one side of a group. Returns those that can be read, and those that cannot,
-- with `fault`. A pipeline that is gone since the list is left out.
local function read(side, rows)
  local known, unknown = {}, {}
  for _, row in ipairs(rows) do
    local item, e = fault.try(sides.of_pipeline, side.ws, row.pipeline_id, side.label)
    if item then
      known[#known + 1] = { row = row, side = item }
    elseif e.kind == "cancelled" then
      fault.raise(e)
    elseif e.status ~= 404 then
      unknown[#unknown + 1] = { row = row, fault = e }
    end
  end
  return known, unknown
end

local function add_sources(pair, a, b)
  local found, count = fault.try(diff.sources, a, b)
  if found then
    pair.sources = { differences = found, compared = count }
    return
  elseif count.kind == "cancelled" then
    fault.raise(count)
  end
  pair.reason = "the sources cannot be read: " .. count.message
end

-- A source that cannot be read is no difference: whether there is one is unknown.
local function sources_status(pair)
  if not pair.sources then
    return "unknown"
  end
  local status = "same"
  for _, d in ipairs(pair.sources.differences) do
    if d.kind ~= "unknown" then
      return "different"
    end
    status, pair.reason = "unknown", pair.reason or "sources cannot be read"
  end
  return status
end

local function compare(a, b, opts)
  local differences, ignored = diff.settings(a.side, b.side)
  local pair = entry(a.row, b.row, #differences > 0 and "different" or "same")
  pair.differences = entries(differences)
  pair.ignored = opts.ignored and entries(ignored) or nil
  if opts.sources then
    add_sources(pair, a.side, b.side)
    pair.status = pair.status == "same" and sources_status(pair) or pair.status
  end
  return pair
end

-- What cannot be read stands beside what is left over on the other side; alone, it is missing there
-- whatever its settings are.
local function add_unknown(pairs_found, unread, other, is_left)
  for _, item in ipairs(unread) do
    local beside = table.remove(other, 1)
    local row, alone = beside and beside.row, is_left and "missing" or "extra"
    local pair = is_left and entry(item.row, row, row and "unknown" or alone)
      or entry(row, item.row, row and "unknown" or alone)
    if row then
      pair.reason, pair.fault = item.fault.message, item.fault
    end
    pairs_found[#pairs_found + 1] = pair
  end
end

local function compare_group(left, right, group, opts)
  local found = {}
  if #group.left == 0 or #group.right == 0 then
    for _, row in ipairs(group.left) do
      found[#found + 1] = entry(row, nil, "missing")
    end
    for _, row in ipairs(group.right) do
      found[#found + 1] = entry(nil, row, "extra")
    end
    return found
  end
  local both = pool.map({ { left, group.left }, { right, group.right } }, function(one)
    return { read(one[1], one[2]) }
  end)
  local rest = { {}, {} }
  for _, pair in ipairs(pairing.match(both[1][1], both[2][1], function(a, b)
    return #(diff.settings(a.side, b.side))
  end)) do
    if pair[1] and pair[2] then
      found[#found + 1] = compare(pair[1], pair[2], opts)
    else
      table.insert(rest[pair[1] and 1 or 2], pair[1] or pair[2])
    end
  end
  table.move(both[2][2], 1, #both[2][2], #rest[2] + 1, rest[2])
  add_unknown(found, both[1][2], rest[2], true)
  local unread = {}
  for i = #rest[2], 1, -1 do
    if rest[2][i].fault then
      table.insert(unread, 1, table.remove(rest[2], i))
    end
  end
  add_unknown(found, unread, rest[1], false)
  for i, status in ipairs { "missing", "extra" } do
    for _, item in ipairs(rest[i]) do
      found[#found + 1] = i == 1 and entry(item.row, nil, status) or entry(nil, item.row, status)
    end
  end
  return found
end

-- ---- the report ----

local STATUSES <const> = { "same", "different", "missing", "extra", "unknown" }

-- If no pipeline could be compared, the first fault is raised: a report would say nothing.
local function check(list, counts)
  if counts.unknown == 0 or counts.unknown < #list then
    return
  end
  for _, pair in ipairs(list) do
    if pair.fault then
      fault.raise(pair.fault)
    end
  end
end

local function side_of(side)
  return { label = side.label, profile = side.profile, host = side.ws:host() }
end

---@class tarn.DiffManyOptions
---@field sources? boolean compare the sources, too
---@field ignored? boolean report differences without a meaning, too
---@field progress? fun(done: integer, total: integer)

--- Compare the pipelines of two workspaces.
---@param left tarn.DiffWorkspace
---@param right tarn.DiffWorkspace
---@param opts tarn.DiffManyOptions
---@return { left: table, right: table, equal: boolean, counts: table<string, integer>,
--- pipelines: tarn.DiffPair[] }
function M.compare(left, right, opts)
  local patterns = { left = left.pattern or right.pattern, right = right.pattern or left.pattern }
  local rows = pool.map({ { left, patterns.left }, { right, patterns.right } }, function(one)
    return rows_of(one[1], one[2])
  end)
  local groups, done = pairing.groups(rows[1], rows[2], patterns), 0
  local list, counts = json.array {}, {}
  for _, status in ipairs(STATUSES) do
    counts[status] = 0
  end
  for found in pool.stream(groups, function(group)
    local found = compare_group(left, right, group, opts)
    done = done + 1
    if opts.progress then
      opts.progress(done, #groups)
    end
    return found
  end, { limit = AT_ONCE }) do
    for _, pair in ipairs(found) do
      list[#list + 1] = pair
      counts[pair.status] = counts[pair.status] + 1
    end
  end
  check(list, counts)
  for _, pair in ipairs(list) do
    pair.fault = nil
  end
  return { left = side_of(left), right = side_of(right), counts = counts, pipelines = list,
    equal = #list == counts.same }
end

return M
