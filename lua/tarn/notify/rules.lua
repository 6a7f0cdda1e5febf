--- What is worth a message: rules as people write them, and what they find in rows and events.
--
-- Pure but for the clock that is handed in. What is found is a finding, with a key that names it:
-- the same rule, pipeline, update and dataset are found under the same key for ever.

local expectations = require "tarn.expectations"
local fault = require "base.fault"
local json = require "native.json"
local summary = require("tarn.dashboard").summary
local time = require "base.time"

local M = {}

local STUCK <const> = "15m"
local REASON <const> = 300 -- bytes
local WAITING <const> = "WAITING_FOR_RESOURCES"
local HINT <const> = "failed; stuck, stuck=15m; silent=24h; breach='failed <= 1%'"

---@class tarn.NotifyRule
---@field text string            as it was written: part of the key
---@field kind "failed"|"stuck"|"silent"|"breach"
---@field limit? integer         ms, of stuck and silent
---@field gates? table[]         of breach

-- So many milliseconds; nil if the text is no duration.
local function find_duration(text)
  if not text:find "^%d+%.?%d*%s*%a+$" then
    return nil
  end
  local past = time.find_past(text, 0)
  return past and past < 0 and -past or nil
end

local function limit_of(op, kind, value)
  return find_duration(value) or fault.usage(op, ("--notify: '%s' is no duration for %s")
    :format(value, kind), "write 30s, 15m, 24h or 7d")
end

--- Read a rule. Raises a fault `usage` if it is none.
---@param op string
---@param text string
---@return tarn.NotifyRule
function M.parse(op, text)
  local kind, value = text:match "^%s*(%a+)%s*=%s*(.-)%s*$"
  if not kind then
    kind, value = text:match "^%s*(%a+)%s*$", nil
  end
  if kind == "failed" and not value then
    return { kind = kind, text = kind }
  elseif kind == "stuck" then
    value = value or STUCK
    return { kind = kind, text = kind .. "=" .. value, limit = limit_of(op, kind, value) }
  elseif kind == "silent" and value then
    return { kind = kind, text = kind .. "=" .. value, limit = limit_of(op, kind, value) }
  elseif kind == "breach" and value then
    local ok, parsed = fault.call(expectations.parse_gate, op, value)
    if not ok then
      fault.usage(op, ("--notify: '%s' is no gate"):format(value), parsed.hint)
    end
    return { kind = kind, text = kind .. "=" .. parsed.text, gates = { parsed } }
  end
  fault.usage(op, ("--notify: '%s' is no rule"):format(text), HINT)
end

-- ---- what rules find ----

---@class tarn.NotifyPlace which workspace
---@field key string        names it from one run to the next
---@field host string
---@field profile? string

---@class tarn.NotifyFinding
---@field key string
---@field rule string
---@field kind string
---@field message string

---@class tarn.NotifyWatch
local Watch = {}
Watch.__index = Watch

---@param rules tarn.NotifyRule[]
---@param found fun(finding: tarn.NotifyFinding) may get the same one again and again
---@return tarn.NotifyWatch
function M.watch(rules, found)
  return setmetatable({ rules = rules, found = found, pipelines = {} }, Watch)
end

--- True if one of the rules is of one of these kinds.
function Watch:has(...)
  for _, kind in ipairs { ... } do
    for _, rule in ipairs(self.rules) do
      if rule.kind == kind then
        return true
      end
    end
  end
  return false
end

-- What is known of a pipeline.
local function known(self, place, id)
  local key = place.key .. "\0" .. id
  local one = self.pipelines[key]
  if not one then
    one = { counts = {}, id = id, place = place.key }
    self.pipelines[key] = one
  end
  return one
end

local function text_or_null(value)
  return type(value) == "string" and value or json.null
end

function Watch:tell(rule, place, pipeline, update_id, fields)
  local finding = {
    rule = rule.text, kind = rule.kind, workspace = place.host, profile = place.profile,
    pipeline_id = pipeline.id, pipeline_name = pipeline.name or pipeline.id,
    update_id = text_or_null(update_id),
  }
  for name, value in pairs(fields) do
    finding[name] = value
  end
  finding.link = ("%s/#joblist/pipelines/%s"):format(place.host, pipeline.id)
    .. (type(update_id) == "string" and "/updates/" .. update_id or "")
  finding.key = table.concat({ rule.text, place.key, pipeline.id,
    type(update_id) == "string" and update_id or "", fields.dataset or "",
    fields.expectation or "" }, "|")
  self.found(finding)
end

-- An update by the beginning of its id, as the platform's own messages have it.
local function short(update_id)
  return type(update_id) == "string" and "update " .. update_id:sub(1, 6) or "its update"
end

-- What an event says went wrong, in a line; nil if it says nothing.
local function reason_of(event)
  local first = type(event.error) == "table" and type(event.error.exceptions) == "table"
    and event.error.exceptions[1]
  local message = type(first) == "table" and first.message
  local line = type(message) == "string" and message:match "[^\r\n]+"
  return line and line:sub(1, REASON)
end

local function failed(self, rule, place, pipeline, update_id, why)
  self:tell(rule, place, pipeline, update_id, { reason = text_or_null(why),
    message = ("%s failed%s"):format(short(update_id), why and ": " .. why or "") })
end

local function waits(self, one, place, pipeline, now)
  for _, rule in ipairs(self.rules) do
    if rule.kind == "stuck" and one.waiting and now - one.waiting.since >= rule.limit then
      self:tell(rule, place, pipeline, one.waiting.update_id, {
        since = time.iso(one.waiting.since),
        message = ("%s has been %s for %s"):format(short(one.waiting.update_id), WAITING,
          time.age(now - one.waiting.since)) })
    end
  end
end

-- `since` only while nothing better is known of this update.
local function note_state(one, update_id, state, since, exact)
  if state ~= WAITING then
    if not one.waiting or one.waiting.update_id == update_id then
      one.waiting = nil
    end
  elseif not one.waiting or one.waiting.update_id ~= update_id
    or exact and not one.waiting.exact then
    one.waiting = { update_id = update_id, since = since, exact = exact }
  end
end

local function moment_of(value)
  return type(value) == "string" and time.find_iso(value)
    or math.type(value) == "integer" and value or nil
end

--- Look at a row of the list.
---@param place tarn.NotifyPlace
---@param row tarn.PipelineRow
---@param now integer ms
function Watch:row(place, row, now)
  local pipeline = { id = row.pipeline_id, name = row.name }
  local update = row.latest_update ~= json.null and row.latest_update or {}
  local one = known(self, place, row.pipeline_id)
  one.name = row.name
  local status = summary.status(row)
  note_state(one, update.update_id, update.state, now, false)
  for _, rule in ipairs(self.rules) do
    if rule.kind == "failed" and status == "failed" then
      failed(self, rule, place, pipeline, update.update_id)
    elseif rule.kind == "silent" and status ~= "running" then
      local at = moment_of(update.creation_time)
      if not at or now - at >= rule.limit then
        self:tell(rule, place, pipeline, update.update_id, { since = at and time.iso(at)
          or json.null, message = at and ("no run for %s"):format(time.age(now - at))
          or "it has never run" })
      end
    end
  end
  waits(self, one, place, pipeline, now)
end

-- The counts of this update. Those of the previous update are kept, since its last reports may be
-- late.
local function counts_of(one, update_id)
  for _, known_one in ipairs(one.counts) do
    if known_one.update_id == update_id then
      return known_one.counts
    end
  end
  one.counts = { { update_id = update_id, counts = expectations.new_counts() }, one.counts[1] }
  return one.counts[1].counts
end

local function measure(self, one, place, pipeline, report)
  local sum = counts_of(one, report.update_id)
  sum:add(report)
  local rows = sum:rows("total", "auto", time.iso)
  for _, rule in ipairs(self.rules) do
    local checked = rule.gates and expectations.check_gates(rule.gates, rows)
    for _, breach in ipairs(checked and checked.breaches or {}) do
      if breach.value ~= json.null then -- nothing measured yet is no breach
        self:tell(rule, place, pipeline, report.update_id, {
          dataset = breach.dataset ~= json.null and breach.dataset or nil,
          expectation = breach.expectation ~= json.null and breach.expectation or nil,
          value = breach.value, expression = breach.gate,
          message = ("%s, and should be %s"):format(breach.message, breach.gate) })
      end
    end
  end
end

--- Look at an event of a pipeline's log.
---@param place tarn.NotifyPlace
---@param event table
---@param id string the pipeline's
---@param name? string
function Watch:event(place, event, id, name)
  local origin = type(event.origin) == "table" and event.origin or {}
  local pipeline = { id = id, name = name or text_or_null(origin.pipeline_name) ~= json.null
    and origin.pipeline_name or nil }
  local one = known(self, place, id)
  one.name = pipeline.name or one.name
  pipeline.name = one.name
  local details = type(event.details) == "table" and event.details or {}
  local progress = event.event_type == "update_progress" and details.update_progress
  local state = type(progress) == "table" and progress.state
  if state then
    note_state(one, origin.update_id, state, moment_of(event.timestamp) or time.now(), true)
  end
  for _, rule in ipairs(self.rules) do
    if rule.kind == "failed" and state == "FAILED" then
      failed(self, rule, place, pipeline, origin.update_id, reason_of(event))
    end
  end
  local report = self:has "breach" and expectations.find_report(event)
  if report then
    measure(self, one, place, pipeline, report)
  end
end

--- See which updates of this workspace have become too old in their waiting.
---@param place tarn.NotifyPlace
---@param now integer ms
function Watch:pulse(place, now)
  for _, one in pairs(self.pipelines) do
    if one.waiting and one.place == place.key then
      waits(self, one, place, { id = one.id, name = one.name }, now)
    end
  end
end

return M
