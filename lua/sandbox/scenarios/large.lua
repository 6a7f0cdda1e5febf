--- A workspace with many pipelines, of which some run and have many events each.
--
-- Fast enough for thousands of rows in a second or two: the JSON comes from `string.format`.

local clock = require "sandbox.clock"
local ids = require "sandbox.ids"
local tree = require "sandbox.files.tree"

local M = {}

local MINUTE <const> = 60000

local SPEC <const> = '{"catalog":"main","channel":"CURRENT","configuration":{"team":"team_%d"},'
  .. '"continuous":false,"development":%s,"edition":"ADVANCED","id":"%s",'
  .. '"libraries":[{"notebook":{"path":"/Shared/large/pipeline"}}],"name":"%s","photon":true,'
  .. '"schema":"area_%d","serverless":true}'

local PIPELINE <const> = "INSERT INTO pipelines(id, name, kind, creator, run_as_name, spec, "
  .. "created, modified) VALUES (?, ?, 'WORKSPACE', ?, ?, ?, ?, ?)"

local UPDATE <const> = "INSERT INTO updates(id, pipeline_id, request_id, created, ended, result, "
  .. "phases, cause, mode, full_refresh, validate_only, run_as_name) "
  .. "VALUES (?, ?, ?, ?, ?, 'COMPLETED', ?, 'JOB_TASK', 'DEFAULT', 0, 0, ?)"

local EVENT <const> = "INSERT INTO events(pipeline_id, ts, id, update_id, level, type, body) "
  .. "VALUES (?, ?, ?, ?, ?, ?, ?)"

local BODY <const> = '{"details":{"flow_progress":{"data_quality":{"dropped_records":%d,'
  .. '"expectations":[{"dataset":"main.area_%d.table_%d","failed_records":%d,"name":"valid_id",'
  .. '"passed_records":%d}]},"metrics":{"num_output_bytes":%d,"num_output_rows":%d},'
  .. '"status":"RUNNING"}},"event_type":"flow_progress","id":"%s","level":"%s",'
  .. '"maturity_level":"STABLE","message":"Flow \'main.area_%d.table_%d\' is RUNNING.",'
  .. '"origin":{"batch_id":%d,"cloud":"%s","dataset_name":"main.area_%d.table_%d",'
  .. '"flow_name":"main.area_%d.table_%d","org_id":%d,"pipeline_id":"%s","pipeline_name":"%s",'
  .. '"pipeline_type":"WORKSPACE","region":"%s","request_id":"%s","update_id":"%s"},'
  .. '"sequence":{"control_plane_seq_no":%d,"data_plane_id":{"instance":"execution",'
  .. '"seq_no":%d}},"timestamp":"%s"}'

local SOURCE <const> = [[
-- Databricks notebook source
CREATE OR REFRESH STREAMING TABLE table_0
AS SELECT * FROM STREAM read_files('/Volumes/main/raw/large', format => 'json');

CREATE OR REFRESH MATERIALIZED VIEW table_1 (CONSTRAINT valid_id EXPECT (id IS NOT NULL))
AS SELECT * FROM table_0;
]]

local function add_events(w, insert, pipeline, update, count, now)
  local id, name, number = pipeline.id, pipeline.name, pipeline.number
  local area, salt = number % 40, ids.hash(update)
  local request = ids.fixed(12, number)
  for k = 1, count do
    -- The newest is a second old, and each is a second older than the next.
    local ts = now - (count - k + 1) * 1000
    local level = k % 97 == 0 and "ERROR" or k % 31 == 0 and "WARN" or "INFO"
    local rows, failed, flow = 1000 + k, k % 7, k % 3
    local event = ids.event(ts, k, salt)
    local seq = ts * 1000 + k
    insert:run { id, ts, event, update, level, "flow_progress", BODY:format(failed, area, flow,
      failed, rows - failed, rows * 120, rows, event, level, area, flow, k, w.cloud, area, flow,
      area, flow, w.org_id, id, name, w.region, request, update, seq, seq, clock.iso(ts)) }
  end
end

--- Fill a workspace; inside of a transaction.
---@param w table
---@param scenario sandbox.Scenario
function M.fill(w, scenario)
  local now, n, active = w.clock:now(), scenario.pipelines, scenario.active
  tree.plant(w, { path = "/Shared/large/pipeline", type = "NOTEBOOK", language = "SQL",
    format = "SOURCE", content = SOURCE })
  local add_pipeline <close> = w.db:prepare(PIPELINE)
  local add_update <close> = w.db:prepare(UPDATE)
  local add_event <close> = w.db:prepare(EVENT)
  local given = 0
  for i = 1, n do
    local id, name = ids.fixed(9, i), ("pipeline_%05d"):format(i)
    local creator = w.people[i % #w.people + 1].user_name
    local created = now - (i % 300 + 30) * 1440 * MINUTE
    local spec = SPEC:format(i % 25, i % 2 == 0 and "true" or "false", id, name, i % 40)
    add_pipeline:run { id, name, creator, creator, spec, created, created }
    local update = ids.fixed(10, i)
    -- Running pipelines are spread over the list, so that every page has some.
    local is_active = given < i * active // n
    local start = now - (is_active and 30 or 60 + i % 1440) * MINUTE
    local finish = is_active and now + 1440 * MINUTE or start + 7 * MINUTE
    local phases = ("INITIALIZING@%d,RUNNING@%d,COMPLETED@%d"):format(start, start + MINUTE, finish)
    add_update:run { update, id, ids.fixed(12, i), start, finish, phases, creator }
    if is_active then
      given = given + 1
      local pipeline = { id = id, name = name, number = i }
      add_events(w, add_event, pipeline, update, scenario.events, now)
    end
  end
end

return M
