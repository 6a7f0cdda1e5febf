--- Rules for notifications, and their findings in rows and events.
--
-- Pure; the time is a parameter. A finding has a key that is always the same for the same rule,
-- pipeline, update and dataset.

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
---@field text string            as written, a part of the key
---@field kind "failed"|"stuck"|"silent"|"breach"
---@field limit? integer         ms, for stuck and silent
---@field gates? table[]         for breach

-- A duration in milliseconds; nil if the text is not a duration.
local function find_duration(text)
  if not text:find "^%d+%.?%d*%s*%a+$" then
    return nil
  end
  local past = time.find_past(text, 0)
  return past and past < 0 and -past or nil
end

local function limit_of(op, kind, value)
  return find_duration(value) or fault.usage(op, ("--notify: '%s' is not a duration for %s")
    :format(value, kind), "write 30s, 15m, 24h or 7d")
end

--- Parse a rule. Raises a fault of kind `usage` if the text is not a rule.
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
      fault.usage(op, ("--notify: '%s' is not a gate"):format(value), parsed.hint)
    end
    return { kind = kind, text = kind .. "=" .. parsed.text, gates = { parsed } }
  end
  fault.usage(op, ("--notify: '%s' is not a rule"):format(text), HINT)
end

-- ---- findings ----

---@class tarn.NotifyWorkspace
---@field key string        the same for every run
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

--- A watch for these rules.
---@param rules tarn.NotifyRule[]
---@param found fun(finding: tarn.NotifyFinding) may get the same finding repeatedly
---@return tarn.NotifyWatch
function M.watch(rules, found)
  return setmetatable({ rules = rules, found = found, pipelines = {} }, Watch)
end

--- True if a rule is of one of these kinds.
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

-- The known state of a pipeline.
local function known(self, workspace, id)
  local key = workspace.key .. "\0" .. id
  local one = self.pipelines[key]
  if not one then
    one = { counts = {}, id = id, workspace = workspace.key }
    self.pipelines[key] = one
  end
  return one
end

local function text_or_null(value)
  return type(value) == "string" and value or json.null
end

function Watch:report(rule, workspace, pipeline, update_id, fields)
  local finding = {
    rule = rule.text, kind = rule.kind, workspace = workspace.host, profile = workspace.profile,
    pipeline_id = pipeline.id, pipeline_name = pipeline.name or pipeline.id,
    update_id = text_or_null(update_id),
  }
  for name, value in pairs(fields) do
    finding[name] = value
  end
  finding.link = ("%s/#joblist/pipelines/%s"):format(workspace.host, pipeline.id)
    .. (type(update_id) == "string" and "/updates/" .. update_id or "")
  finding.key = table.concat({ rule.text, workspace.key, pipeline.id,
    type(update_id) == "string" and update_id or "", fields.dataset or "",
    fields.expectation or "" }, "|")
  self.found(finding)
end

-- An update by the beginning of its id, as in messages of the platform.
local function short(update_id)
  return type(update_id) == "string" and "update " .. update_id:sub(1, 6) or "its update"
end

-- The first line of an event's error; nil if it has none.
local function reason_of(event)
  local first = type(event.error) == "table" and type(event.error.exceptions) == "table"
    and event.error.exceptions[1]
  local message = type(first) == "table" and first.message
  local line = type(message) == "string" and message:match "[^\r\n]+"
  return line and line:sub(1, REASON)
end

local function report_failed(self, rule, workspace, pipeline, update_id, why)
  self:report(rule, workspace, pipeline, update_id, { reason = text_or_null(why),
    message = ("%s failed%s"):format(short(update_id), why and ": " .. why or "") })
end

local function report_waiting(self, one, workspace, pipeline, now)
  for _, rule in ipairs(self.rules) do
    if rule.kind == "stuck" and one.waiting and now - one.waiting.since >= rule.limit then
      self:report(rule, workspace, pipeline, one.waiting.update_id, {
        since = time.iso(one.waiting.since),
        message = ("%s has been %s for %s"):format(short(one.waiting.update_id), WAITING,
          time.age(now - one.waiting.since)) })
    end
  end
end

-- Note the state of an update. `since` is kept from the first call, unless it becomes exact.
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

local function timestamp_of(value)
  return type(value) == "string" and time.find_iso(value)
    or math.type(value) == "integer" and value or nil
end

--- Test a row of the list of pipelines.
---@param workspace tarn.NotifyWorkspace
---@param row tarn.PipelineRow
---@param now integer ms
function Watch:row(workspace, row, now)
  local pipeline = { id = row.pipeline_id, name = row.name }
  local update = row.latest_update ~= json.null and row.latest_update or {}
  local one = known(self, workspace, row.pipeline_id)
  one.name = row.name
  local status = summary.status(row)
  note_state(one, update.update_id, update.state, now, false)
  for _, rule in ipairs(self.rules) do
    if rule.kind == "failed" and status == "failed" then
      report_failed(self, rule, workspace, pipeline, update.update_id)
    elseif rule.kind == "silent" and status ~= "running" then
      local at = timestamp_of(update.creation_time)
      if not at or now - at >= rule.limit then
        self:report(rule, workspace, pipeline, update.update_id, { since = at and time.iso(at)
          or json.null, message = at and ("no run for %s"):format(time.age(now - at))
          or "it has never run" })
      end
    end
  end
  report_waiting(self, one, workspace, pipeline, now)
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

local function measure(self, one, workspace, pipeline, event, update_id)
  local sum = counts_of(one, update_id)
  if not sum:add_event(event) then
    return
  end
  local rows = sum:rows("total", "auto", time.iso)
  for _, rule in ipairs(self.rules) do
    local checked = rule.gates and expectations.check_gates(rule.gates, rows)
    for _, breach in ipairs(checked and checked.breaches or {}) do
      if breach.value ~= json.null then -- a gate without results is not breached yet
        self:report(rule, workspace, pipeline, update_id, {
          dataset = breach.dataset ~= json.null and breach.dataset or nil,
          expectation = breach.expectation ~= json.null and breach.expectation or nil,
          value = breach.value, expression = breach.gate,
          message = ("%s, and should be %s"):format(breach.message, breach.gate) })
      end
    end
  end
end

--- Test an event of a pipeline.
---@param workspace tarn.NotifyWorkspace
---@param event table
---@param id string of the pipeline
---@param name? string
function Watch:event(workspace, event, id, name)
  local origin = type(event.origin) == "table" and event.origin or {}
  local pipeline = { id = id, name = name or text_or_null(origin.pipeline_name) ~= json.null
    and origin.pipeline_name or nil }
  local one = known(self, workspace, id)
  one.name = pipeline.name or one.name
  pipeline.name = one.name
  local details = type(event.details) == "table" and event.details or {}
  local progress = event.event_type == "update_progress" and details.update_progress
  local state = type(progress) == "table" and progress.state
  if state then
    note_state(one, origin.update_id, state, timestamp_of(event.timestamp) or time.now(), true)
  end
  for _, rule in ipairs(self.rules) do
    if rule.kind == "failed" and state == "FAILED" then
      report_failed(self, rule, workspace, pipeline, origin.update_id, reason_of(event))
    end
  end
  if self:has "breach" then
    measure(self, one, workspace, pipeline, event, origin.update_id)
  end
end

--- Test how long updates of this workspace have been waiting.
---@param workspace tarn.NotifyWorkspace
---@param now integer ms
function Watch:pulse(workspace, now)
  for _, one in pairs(self.pipelines) do
    if one.waiting and one.workspace == workspace.key then
      report_waiting(self, one, workspace, { id = one.id, name = one.name }, now)
    end
  end
end

return M
