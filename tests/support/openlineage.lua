--- The rules of OpenLineage's schema (spec 2-0-2) for a run event, written from the spec. The
--- functions list the violations.

local json = require "native.json"

local M = {}

local TYPES <const> = { START = true, RUNNING = true, COMPLETE = true, ABORT = true, FAIL = true,
  OTHER = true }

local UUID <const> = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-[1-8]%x%x%x%-[89ab]%x%x%x%-"
  .. ("%x"):rep(12) .. "$"
local TIMESTAMP <const> = "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.?%d*Z$"
local URI <const> = "^%a[%w+.-]*:%S+$"

local function checker()
  local wrong = {}
  return wrong, function(ok, what)
    if not ok then
      wrong[#wrong + 1] = what
    end
  end
end

local function is_text(value, pattern)
  return type(value) == "string" and value:find(pattern or ".") ~= nil
end

local function check_facets(facets, where, check)
  check(facets == nil or type(facets) == "table" and next(facets), where .. ".facets")
  for name, facet in pairs(facets or {}) do
    check(is_text(facet._producer, URI), where .. "." .. name .. "._producer")
    check(is_text(facet._schemaURL, URI), where .. "." .. name .. "._schemaURL")
    check(facet._schemaURL:find("/%d+%-%d+%-%d+/%a+%.json#/%$defs/%a+$"), where .. "." .. name)
  end
end

local function check_datasets(list, where, check)
  check(json.is_array(list), where)
  for i, dataset in ipairs(list) do
    local at = ("%s[%d]"):format(where, i)
    check(is_text(dataset.namespace) and is_text(dataset.name), at)
    check_facets(dataset.facets, at, check)
    for _, field in ipairs(((dataset.facets or {}).schema or {}).fields or {}) do
      check(is_text(field.name), at .. ".schema")
    end
  end
end

--- The violations of one event.
---@param event table
---@return string[]
function M.wrong(event)
  local wrong, check = checker()
  check(TYPES[event.eventType], "eventType")
  check(is_text(event.eventTime, TIMESTAMP), "eventTime")
  check(is_text(event.producer, URI), "producer")
  check(event.schemaURL == "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
    "schemaURL")
  check(type(event.run) == "table" and is_text(event.run.runId, UUID), "run.runId")
  check(type(event.job) == "table" and is_text(event.job.namespace) and is_text(event.job.name),
    "job")
  check_facets(event.run.facets, "run", check)
  check_facets(event.job.facets, "job", check)
  check_datasets(event.inputs, "inputs", check)
  check_datasets(event.outputs, "outputs", check)
  local parent = (event.run.facets or {}).parent
  check(not parent or is_text(parent.run.runId, UUID) and is_text(parent.job.name)
    and is_text(parent.job.namespace), "run.facets.parent")
  return wrong
end

--- The violations of several events: each run has one START and at most one end.
---@param events table[]
---@return string[]
function M.wrong_runs(events)
  local wrong, check = checker()
  local starts, ends = {}, {}
  for _, event in ipairs(events) do
    local id = event.run.runId
    if event.eventType == "START" then
      check(not starts[id], id .. " starts twice")
      starts[id] = event.eventTime
    else
      check(starts[id] and starts[id] <= event.eventTime, id .. " ends before it starts")
      check(not ends[id], id .. " ends twice")
      ends[id] = true
    end
  end
  return wrong
end

return M
