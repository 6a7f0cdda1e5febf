--- Criteria for events: a filter for the server, and a test for each event.

local collections = require "base.collections"
local fault = require "base.fault"
local fields = require "tarn.events.fields"
local glob = require "base.glob"
local strings = require "base.strings"
local time = require "base.time"

local M = {}

local function words(text)
  local list = {}
  for word in text:gmatch "[^,%s]+" do
    list[#list + 1] = word
  end
  return list
end

local function quoted(text)
  return "'" .. text:gsub("'", "''") .. "'"
end

-- `name = 'a'` or `name in ('a','b')`.
local function one_of(name, list)
  if #list == 1 then
    return ("%s = %s"):format(name, quoted(list[1]))
  end
  local all = {}
  for i, word in ipairs(list) do
    all[i] = quoted(word)
  end
  return ("%s in (%s)"):format(name, table.concat(all, ","))
end

-- The names of datasets in an event: its own, its flow's, those of its expectations.
local function datasets_of(event)
  local origin = event.origin or {}
  local names = { origin.dataset_name, origin.flow_name }
  local progress = type(event.details) == "table" and event.details.flow_progress
  local quality = progress and progress.data_quality
  for _, expectation in ipairs(quality and quality.expectations or {}) do
    names[#names + 1] = expectation.dataset
  end
  return names
end

-- "silver" and "s.silver" match main.s.silver: the pattern matches the whole name or its end.
local function dataset_matcher(pattern)
  local whole, tail = glob.matcher(pattern), glob.matcher("*." .. pattern)
  return function(event)
    for _, name in pairs(datasets_of(event)) do
      if type(name) == "string" and (whole(name) or tail(name)) then
        return true
      end
    end
    return false
  end
end

local function grep_matcher(text)
  text = strings.fold(text)
  local function has(value)
    return type(value) == "string" and strings.fold(value):find(text, 1, true) ~= nil
  end
  return function(event)
    if has(event.message) then
      return true
    end
    for _, exception in ipairs(fields.exceptions(event)) do
      if has(exception.message) or has(exception.class_name) then
        return true
      end
    end
    return false
  end
end

-- Add a test, and the term for the server that stands for it, if there is one.
local function add(criteria, test, term, is_documented)
  criteria.tests[#criteria.tests + 1] = test
  criteria.terms[#criteria.terms + 1] = term
  if is_documented then
    criteria.sure[#criteria.sure + 1] = term
  end
  criteria.is_local = criteria.is_local or not term
end

local function add_level(criteria, op, text)
  local levels = words(text:upper())
  for _, level in ipairs(levels) do
    if not level:find "^%u+$" then
      fault.usage(op, ("--level: '%s' is not a level"):format(level), "INFO, WARN, ERROR, METRICS")
    end
  end
  local set = collections.set(levels)
  add(criteria, function(event) return set[event.level] == true end, one_of("level", levels), true)
end

local function add_type(criteria, op, text)
  local types = words(text)
  for _, kind in ipairs(types) do
    if not kind:find "^[%w_]+$" then
      fault.usage(op, ("--type: '%s' is not a type of event"):format(kind),
        "such as flow_progress, update_progress, user_action")
    end
  end
  local set = collections.set(types)
  add(criteria, function(event) return set[event.event_type] == true end,
    one_of("event_type", types), false)
end

local function add_update(criteria, op, text)
  local id = text:lower()
  if not id:find "^[%x-]+$" then
    fault.usage(op, ("--update: '%s' is not the id of an update"):format(text),
      "`tarn updates` lists the ids; the first characters are enough")
  end
  local whole = #id == 36
  add(criteria, function(event)
    local of = event.origin and event.origin.update_id
    return type(of) == "string" and of:sub(1, #id) == id
  end, whole and one_of("update_id", { id }) or nil, false)
end

local function add_time(criteria, op, ms)
  add(criteria, function(event)
    local at = fields.at(event)
    return at == nil or op == ">=" and at >= ms or op == "<=" and at <= ms
  end, ("timestamp %s %s"):format(op, quoted(time.iso(ms))), true)
end

--- Criteria for events: a filter for the server and a test for each event. Raises a fault of kind
-- `usage` for a value that is wrong.
---@param op string for faults
---@param wanted table level, type, update, since, until, dataset, grep: texts or nil; `level` and
--- `type` are lists with commas, `since` and `until` are as for `tarn.time.since`
---@return tarn.EventCriteria
function M.new(op, wanted)
  local c = { tests = {}, terms = {}, sure = {}, is_local = false }
  local last
  c.since, last = time.range(op, wanted.since, wanted["until"])
  if c.since then
    add_time(c, ">=", c.since)
  end
  if last then
    add_time(c, "<=", last)
  end
  for _, option in ipairs { { "level", add_level }, { "type", add_type },
    { "update", add_update } } do
    local text = wanted[option[1]]
    if text then
      if #words(text) == 0 then
        fault.usage(op, ("--%s is empty"):format(option[1]))
      end
      option[2](c, op, text)
    end
  end
  if wanted.dataset then
    add(c, dataset_matcher(wanted.dataset))
  end
  if wanted.grep then
    add(c, grep_matcher(wanted.grep))
  end
  c.filter = #c.terms > 0 and table.concat(c.terms, " AND ") or nil
  c.documented = #c.sure > 0 and table.concat(c.sure, " AND ") or nil
  function c.matches(event)
    for _, test in ipairs(c.tests) do
      if not test(event) then
        return false
      end
    end
    return true
  end
  return c
end

return M
