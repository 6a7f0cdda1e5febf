--- /metrics: OpenMetrics text, for those who watch many servers.
--
-- Counts of pipelines come from a list that may be some seconds old. How long the newest updates
-- took and what their expectations counted costs calls of its own for each: it is collected
-- behind a scrape, for updates that have ended and were not looked at yet, some at a time.

local fault = require "base.fault"
local json = require "native.json"
local pool = require "base.pool"
local task = require "native.task"
local time = require "base.time"

local M = {}

local BUCKETS <const> = { 0.005, 0.025, 0.1, 0.5, 1, 5, 30 }
local AT_ONCE <const> = 8     -- updates that are looked at at the same time
local A_SCRAPE <const> = 200  -- of them, behind one scrape
local ENDED <const> = { COMPLETED = true, FAILED = true, CANCELED = true }

--- The type of the answer.
M.type = "application/openmetrics-text; version=1.0.0; charset=utf-8"

---@class tarn.Metrics
local Metrics = {}
Metrics.__index = Metrics

---@return tarn.Metrics
function M.new()
  return setmetatable({ routes = {}, runs = {} }, Metrics)
end

-- ---- what the server itself does ----

--- Count a request that was answered.
---@param route string the pattern, not the path: as few as there are routes
---@param method string
---@param status integer
---@param seconds number
function Metrics:count(route, method, status, seconds)
  local one = self.routes[route] or { sum = 0, count = 0, buckets = {}, statuses = {} }
  self.routes[route] = one
  local statuses = one.statuses[method] or {}
  one.statuses[method] = statuses
  statuses[status] = (statuses[status] or 0) + 1
  one.sum, one.count = one.sum + seconds, one.count + 1
  local at = 1
  while BUCKETS[at] and seconds > BUCKETS[at] do
    at = at + 1
  end
  one.buckets[at] = (one.buckets[at] or 0) + 1
end

-- ---- text ----

local Text = {}
Text.__index = Text

local ESCAPES <const> = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n" }

local function labels_of(labels)
  local list = {}
  for i = 1, #labels, 2 do
    list[#list + 1] = ('%s="%s"'):format(labels[i], (tostring(labels[i + 1])
      :gsub('[\\"\n]', ESCAPES)))
  end
  return #list > 0 and "{" .. table.concat(list, ",") .. "}" or ""
end

function Text:family(name, kind, help, unit)
  self.name = name
  self[#self + 1] = ("# TYPE %s %s"):format(name, kind)
  if unit then
    self[#self + 1] = ("# UNIT %s %s"):format(name, unit)
  end
  self[#self + 1] = ("# HELP %s %s"):format(name, help)
end

function Text:sample(suffix, labels, value)
  local text = math.type(value) == "integer" and ("%d"):format(value) or ("%.6g"):format(value)
  self[#self + 1] = ("%s%s%s %s"):format(self.name, suffix, labels_of(labels), text)
end

local function sorted(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  local i = 0
  return function()
    i = i + 1
    return keys[i], map[keys[i]]
  end
end

local function server_families(self, text, server)
  text:family("tarn_build", "info", "The program.")
  text:sample("_info", { "version", require("native.bundle").version }, 1)
  text:family("tarn_http_requests", "counter", "Requests that were answered.")
  for route, one in sorted(self.routes) do
    for method, statuses in sorted(one.statuses) do
      for status, n in sorted(statuses) do
        text:sample("_total", { "method", method, "route", route, "status", status }, n)
      end
    end
  end
  text:family("tarn_http_request_seconds", "histogram", "Until an answer was ready.", "seconds")
  for route, one in sorted(self.routes) do
    local sum = 0
    for i, most in ipairs(BUCKETS) do
      sum = sum + (one.buckets[i] or 0)
      text:sample("_bucket", { "route", route, "le", ("%s"):format(most + 0.0) }, sum)
    end
    text:sample("_bucket", { "route", route, "le", "+Inf" }, one.count)
    text:sample("_count", { "route", route }, one.count)
    text:sample("_sum", { "route", route }, one.sum + 0.0)
  end
  text:family("tarn_http_streams", "gauge", "Event streams that are open.")
  text:sample("", {}, server.broadcast.listeners)
end

-- ---- calls to workspaces ----

local CALLS <const> = {
  { "tarn_workspace_calls", "counter", "Requests sent to a workspace, retries included.", "calls" },
  { "tarn_workspace_retries", "counter", "Second and further tries.", "retries" },
  { "tarn_workspace_throttled", "counter", "Answers that said to wait.", "throttled" },
  { "tarn_workspace_in_flight", "gauge", "Requests that are under way.", "in_flight" },
  { "tarn_workspace_waiting", "gauge", "Requests that wait for their turn.", "waiting" },
}

local function call_families(text, opened)
  for _, family in ipairs(CALLS) do
    text:family(family[1], family[2], family[3])
    for profile, stats in sorted(opened) do
      text:sample(family[2] == "counter" and "_total" or "", { "profile", profile },
        stats[family[4]])
    end
  end
  text:family("tarn_workspace_call_seconds", "summary", "Until a workspace answered.", "seconds")
  for profile, stats in sorted(opened) do
    text:sample("_count", { "profile", profile }, stats.answers)
    text:sample("_sum", { "profile", profile }, stats.answer_ms / 1000)
  end
end

-- ---- pipelines ----

local function tally(rows, field)
  local counts = {}
  for _, row in ipairs(rows) do
    local value = type(row[field]) == "string" and row[field] or "UNKNOWN"
    counts[value] = (counts[value] or 0) + 1
  end
  return counts
end

local function counted(text, name, help, label, field, lists)
  text:family(name, "gauge", help)
  for profile, rows in sorted(lists) do
    for value, n in sorted(tally(rows, field)) do
      text:sample("", { "profile", profile, label, value }, n)
    end
  end
end

-- Calls `f(labels, row)` for each pipeline.
local function each_pipeline(lists, f)
  for profile, rows in sorted(lists) do
    for _, row in ipairs(rows) do
      f({ "profile", profile, "pipeline_id", row.pipeline_id, "pipeline", row.name }, row)
    end
  end
end

local function newest(row)
  return type(row.latest_update) == "table" and row.latest_update or nil
end

local function pipeline_families(self, text, lists)
  counted(text, "tarn_pipelines", "Pipelines by the state the API gives.", "state", "state", lists)
  counted(text, "tarn_pipelines_by_health", "Pipelines by their health.", "health", "health",
    lists)
  text:family("tarn_pipeline_last_run_timestamp_seconds", "gauge",
    "When the newest update of a pipeline began.", "seconds")
  each_pipeline(lists, function(labels, row)
    local at = newest(row) and time.find_iso(newest(row).creation_time)
    if at then
      text:sample("", labels, at // 1000)
    end
  end)
  text:family("tarn_pipeline_last_run_failed", "gauge", "1 if the newest update failed.")
  each_pipeline(lists, function(labels, row)
    if newest(row) then
      text:sample("", labels, newest(row).state == "FAILED" and 1 or 0)
    end
  end)
  text:family("tarn_pipeline_last_run_duration_seconds", "gauge",
    "How long the newest update that has ended took.", "seconds")
  each_pipeline(lists, function(labels, row)
    local run = self.runs[row.pipeline_id]
    if run and run.duration_ms then
      text:sample("", labels, run.duration_ms / 1000)
    end
  end)
end

local function expectation_family(self, text, lists, name, help, field)
  text:family(name, "gauge", help)
  each_pipeline(lists, function(labels, row)
    for _, one in ipairs((self.runs[row.pipeline_id] or {}).expectations or {}) do
      if one[field] and one[field] ~= json.null then
        local more = table.move(labels, 1, #labels, 1, {})
        table.move({ "dataset", one.dataset, "expectation", one.expectation }, 1, 4, #more + 1,
          more)
        text:sample("", more, one[field])
      end
    end
  end)
end

-- ---- what costs calls ----

local function number(value)
  return math.type(value) and value or nil
end

local function look(ws, row, update)
  local run = require("tarn.updates").one(ws, row.pipeline_id, update.update_id)
  local began = number(run.creation_time) or time.now() - 86400000
  local read = require("tarn.expectations").read(ws, { id = row.pipeline_id, since = began,
    until_ms = time.now(), update = update.update_id }, "rest")
  return { update_id = update.update_id, duration_ms = number(run.duration_ms),
    expectations = read.tally:rows("total", "auto", time.iso) }
end

-- Updates that have ended and were not looked at; what is gone is forgotten.
local function unseen(self, lists, workspaces)
  local todo, there = {}, {}
  for profile, rows in sorted(lists) do
    for _, row in ipairs(rows) do
      local update, known = newest(row), self.runs[row.pipeline_id]
      there[row.pipeline_id] = true
      if update and ENDED[update.state] and #todo < A_SCRAPE
        and not (known and known.update_id == update.update_id) then
        todo[#todo + 1] = { ws = workspaces[profile], row = row, update = update }
      end
    end
  end
  for id in pairs(self.runs) do
    self.runs[id] = there[id] and self.runs[id] or nil
  end
  return todo
end

function Metrics:collect(lists, workspaces)
  if self.collecting then
    return
  end
  self.collecting = true
  task.spawn(function()
    fault.call(pool.each, unseen(self, lists, workspaces), function(one)
      local run, e = fault.try(look, one.ws, one.row, one.update)
      if e and e.kind == "cancelled" then
        fault.raise(e)
      end
      -- what was not answered is asked for again with the next update, not with each scrape
      self.runs[one.row.pipeline_id] = run or { update_id = one.update.update_id }
    end, { limit = AT_ONCE })
    self.collecting = false
  end)
end

--- The text for one scrape.
---@param server table
---@param list_of fun(profile?: string): table[] rows of a workspace
---@return string
function Metrics:text(server, list_of)
  local text = setmetatable({}, Text)
  local lists, workspaces, stats, up = {}, {}, {}, {}
  for _, one in ipairs(server.workspaces:list()) do
    local name = one.profile or "default"
    if one.default or server.workspaces:is_open(one.profile) then
      local rows, e = fault.try(list_of, one.profile)
      if e and e.kind == "cancelled" then
        fault.raise(e)
      end
      up[name] = rows and 1 or 0
      lists[name] = rows
      local ws = fault.try(server.workspaces.get, server.workspaces, one.profile)
      workspaces[name], stats[name] = ws, ws and ws.native:stats()
    end
  end
  server_families(self, text, server)
  text:family("tarn_workspace_up", "gauge", "1 if the workspace gave its list.")
  for name, value in sorted(up) do
    text:sample("", { "profile", name }, value)
  end
  call_families(text, stats)
  pipeline_families(self, text, lists)
  expectation_family(self, text, lists, "tarn_expectation_pass_ratio",
    "Rows that passed, of all, in the newest update that has ended.", "pass_rate")
  expectation_family(self, text, lists, "tarn_expectation_failed_rows",
    "Rows that failed in the newest update that has ended.", "failed")
  self:collect(lists, workspaces)
  text[#text + 1] = "# EOF\n"
  return table.concat(text, "\n")
end

return M
