--- Expectations that have ended an update (`expect_or_fail`, ON VIOLATION FAIL UPDATE). Pure.
--
-- Such an update stops before its flow reports counts. Only an error names the expectation:
-- "[EXPECTATION_VIOLATION.VERBOSITY_ALL] Flow 'x' failed to meet the expectation. Violated
-- expectations: 'y'. Input data: ...". How much follows depends on a setting of the pipeline; texts
-- of older runtimes begin without the class, and some errors name no expectation.

local events = require "tarn.events"
local json = require "native.json"
local strings = require "base.strings"

local M = {}

---@class tarn.Violation
---@field update_id? string
---@field flow? string
---@field dataset string      "" if it is not known
---@field expectation string  "" if the error does not name it
---@field rule? string
---@field guessed boolean     true: the dataset is not in the event, but the flow of its text
---@field at integer          ms
---@field pipeline_id? string for many pipelines
---@field name? string        of the pipeline, for many pipelines

-- ---- one error ----

local function is_violation(text, class)
  return text:find("EXPECTATION_VIOLATION", 1, true) or text:find "[Vv]iolated expectation"
    or text:find("failed to meet the expectation", 1, true)
    or (class or ""):find "Expectation%a*Exception$"
end

-- The names at the beginning of a text: 'a', 'b'. A name may hold an apostrophe, so it ends at one
-- that a comma, a full stop, a bracket or the end follows. Returns the text after them, too.
local function quoted_names(text)
  local names, rest = {}, text
  while rest:sub(1, 1) == "'" do
    local last, after
    local from = 2
    repeat
      last = rest:find("'", from, true)
      after = last and rest:sub(last + 1)
      from = (last or 0) + 1
    until not last or after == "" or after:find "^,%s*'" or after:find "^%.%s" or after == "."
      or after:find "^%s*%(" or after:find "^%s*\n"
    if not last then
      names[#names + 1] = rest:sub(2)
      return names, ""
    end
    names[#names + 1] = rest:sub(2, last - 1)
    rest = after:gsub("^,%s*", "")
  end
  return names, rest
end

local function names_in(text)
  local list = text:match "[Vv]iolated expectations?:%s*(.*)$"
  if not list then
    return {}
  end
  if list:sub(1, 1) == "'" then
    local names, rest = quoted_names(list)
    return names, #names == 1 and rest:match "^%s*(%b())" or nil
  end
  local names = {}
  for name in (list:match "^(.-)%.%s" or list:gsub("%.$", "")):gmatch "[^,]+" do
    names[#names + 1] = strings.non_empty(name:match "^%s*(.-)%s*$")
  end
  return names
end

-- The violations in a text of an error; nil if it is about something else.
local function in_text(text, class)
  if not is_violation(text, class) then
    return nil
  end
  local names, rule = names_in(text)
  return { names = names, flow = text:match "Flow '(.-)' failed to meet",
    rule = rule and rule:sub(2, -2) or nil }
end

-- The first text of the event that names expectations; else one that is about them.
local function in_event(event)
  local best
  local function look(text, class)
    local found = type(text) == "string" and in_text(text, class)
    if found and (not best or #best.names == 0 and #found.names > 0) then
      best = found
    end
  end
  for _, one in ipairs(events.exceptions(event)) do
    look(one.message or "", one.class_name)
  end
  look(event.message)
  return best
end

--- The violations that an event tells; empty for other events.
---@param event table
---@return tarn.Violation[]
function M.of(event)
  local at = events.at(event)
  local found = at and event.level == "ERROR" and in_event(event)
  local list, origin = {}, event.origin or {}
  for _, name in ipairs(found and (found.names[1] and found.names or { "" }) or {}) do
    list[#list + 1] = { update_id = origin.update_id, flow = origin.flow_name or found.flow,
      dataset = origin.dataset_name or origin.flow_name or found.flow or "", expectation = name,
      guessed = not (origin.dataset_name or origin.flow_name), rule = found.rule, at = at }
  end
  return list
end

--- The text of an error in a few words, with what matters first; nil if it names no expectation.
---@param text string
---@return string?
function M.find_brief(text)
  local found = in_text(text)
  if not found or #found.names == 0 then
    return nil
  end
  return ("expectation%s %s violated%s%s"):format(#found.names > 1 and "s" or "",
    table.concat(found.names, ", "), found.rule and (" (%s)"):format(found.rule) or "",
    found.flow and " in flow " .. found.flow or "")
end

-- ---- all of a pipeline ----

local Violations = {}
Violations.__index = Violations

--- No violations, and no definitions of expectations.
---@return table violations
function M.new()
  return setmetatable({ list = {}, rules = {} }, Violations)
end

--- True if two names mean one dataset: an event may leave out the catalog and the schema.
---@param a? string
---@param b? string
---@return boolean
function M.same_dataset(a, b)
  return a == b or a ~= nil and b ~= nil and a:match "[^.]*$" == b:match "[^.]*$"
end

-- The same error stands in the flow's event and in the update's, and again for each attempt. The
-- update's event has no dataset, and some errors have no name: the one that tells more is kept.
local function is_known(self, v)
  for i, other in ipairs(self.list) do
    local same_update = other.update_id == v.update_id and other.pipeline_id == v.pipeline_id
    local same_place = other.guessed or v.guessed or M.same_dataset(other.dataset, v.dataset)
    local same_name = other.expectation == v.expectation or other.expectation == ""
      or v.expectation == ""
    if same_update and same_place and same_name then
      if other.expectation == "" or other.guessed and v.expectation ~= "" then
        self.list[i] = v
      end
      return true
    end
  end
  return false
end

--- Add the violations of an event.
---@param event table
---@param of? { pipeline_id: string, name: string } its pipeline, for many pipelines
---@return integer added
function Violations:add(event, of)
  local before = #self.list
  for _, v in ipairs(M.of(event)) do
    v.pipeline_id, v.name = of and of.pipeline_id, of and of.name
    if not is_known(self, v) then
      self.list[#self.list + 1] = v
    end
  end
  return #self.list - before
end

local ACTIONS <const> = { ALLOW = "warn", WARN = "warn", DROP = "drop", DROP_ROW = "drop",
  FAIL = "fail", FAIL_UPDATE = "fail" }

--- Add the definitions of a dataset's expectations. The newest definition counts, in any order.
---@param dataset? string
---@param expectations any the list of a dataset_definition
---@param at integer ms
---@param pipeline_id? string for many pipelines
function Violations:define(dataset, expectations, at, pipeline_id)
  for _, e in ipairs(type(expectations) == "table" and expectations or {}) do
    local name = type(e) == "table" and strings.non_empty(e.name)
    if name and type(dataset) == "string" then
      local action = strings.non_empty(e.action)
      self.rules[#self.rules + 1] = { dataset = dataset, expectation = name, at = at,
        pipeline_id = pipeline_id, action = action and (ACTIONS[action:upper()] or action:lower()),
        rule = strings.non_empty(e.constraint) or strings.non_empty(e.expression) }
    end
  end
end

local function definition_of(self, row)
  local best
  for _, one in ipairs(self.rules) do
    if one.expectation == row.expectation and one.pipeline_id == row.pipeline_id
      and M.same_dataset(one.dataset, row.dataset) and not (best and best.at > one.at) then
      best = one
    end
  end
  return best or {}
end

-- ---- rows ----

local function day_of(v)
  return os.date("!%Y-%m-%d", v.at // 1000)
end

local function find_row(rows, v, by)
  for _, row in ipairs(rows) do
    if row.expectation == v.expectation and row.pipeline_id == v.pipeline_id
      and M.same_dataset(row.dataset, v.dataset)
      and (by ~= "update" or row.update_id == v.update_id)
      and (by ~= "day" or row.day == day_of(v)) then
      return row
    end
  end
end

local function new_row(v, by, iso)
  return { pipeline_id = v.pipeline_id, name = v.name, dataset = v.dataset,
    expectation = v.expectation, passed = 0, failed = 0, pass_rate = json.null,
    dropped = json.null, last_seen = iso(v.at), update_count = 0, counted = json.null,
    update_id = by == "update" and v.update_id or nil,
    started = by == "update" and iso(v.at) or nil, day = by == "day" and day_of(v) or nil }
end

--- Put the violations into rows of counts, as rows of their own where there is none, and give each
-- row its `action`, `rule`, `violations` (updates that it has ended) and `flow` (that has failed).
---@param rows table[]
---@param by "total"|"update"|"day"
---@param iso fun(ms: integer): string
function Violations:put_into(rows, by, iso)
  for _, v in ipairs(self.list) do
    local row = find_row(rows, v, by)
    if not row then
      row = new_row(v, by, iso)
      rows[#rows + 1] = row
    end
    row.violations, row.flow = (row.violations or 0) + 1, v.flow
    row.action, row.rule = "fail", v.rule
    row.last_seen = row.last_seen < iso(v.at) and iso(v.at) or row.last_seen
  end
  for _, row in ipairs(rows) do
    local known = definition_of(self, row)
    row.violations, row.flow = row.violations or 0, row.flow or json.null
    row.action = known.action or row.action or json.null
    row.rule = known.rule or row.rule or json.null
  end
end

return M
