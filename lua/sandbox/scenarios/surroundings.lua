--- What stands around the pipelines of a scenario: the tables and volumes that they read, secrets,
--- policies, pools, connections, storage, grants, jobs and their past runs.

local code = require "sandbox.scenarios.code"
local graph = require "sandbox.pipelines.graph"
local jobs = require "sandbox.jobs"
local policies = require "sandbox.compute.policies"
local pools = require "sandbox.compute.pools"
local privileges = require "sandbox.unity.privileges"
local runs = require "sandbox.jobs.runs"
local secrets = require "sandbox.secrets"
local securables = require "sandbox.unity.securables"
local unity = require "sandbox.unity"
local volumes = require "sandbox.files.volumes"

local M = {}

local DAY <const> = 86400000

-- Create the tables that pipelines read and no pipeline publishes.
local function add_sources(w, data)
  local made = {}
  for _, entry in ipairs(data.pipelines) do
    for _, dataset in ipairs(code.datasets(entry.graph or entry.explicit or {})) do
      made[("%s.%s.%s"):format(graph.resolve(dataset.name, entry.spec))] = true
    end
  end
  for _, entry in ipairs(data.pipelines) do
    for _, dataset in ipairs(code.datasets(entry.graph or entry.explicit or {})) do
      for _, input in ipairs(dataset.inputs) do
        local name = ("%s.%s.%s"):format(graph.resolve(input, entry.spec))
        if not made[name] and not name:find "^hive_metastore%." and not name:find "^system%." then
          made[name] = true
          unity.add_table(w, name, { "id BIGINT", "name STRING", "updated_at TIMESTAMP" }, {
            { 1, "first", "2026-01-05T08:00:00.000Z" }, { 2, "second", "2026-01-06T08:00:00.000Z" },
          }, { created = w.clock:now() - 380 * DAY })
        end
      end
    end
  end
end

local function add_volume(w, full, created)
  local catalog, schema = unity.split(full)
  if securables.find(w, "volume", full) or not unity.find_catalog(w, catalog) then
    return
  end
  unity.add_schema(w, catalog, schema, { created = created })
  securables.insert(w, "volume", full, w.principal.user_name, nil, created,
    { volume_type = "MANAGED" })
end

-- The volumes from which pipelines read files, each with a file.
local function add_volumes(w, data, created)
  for _, entry in ipairs(data.pipelines) do
    for _, dataset in ipairs(code.datasets(entry.graph or {})) do
      local catalog, schema, name = (dataset.files or ""):match "^/Volumes/([^/]+)/([^/]+)/([^/]+)"
      if catalog then
        add_volume(w, ("%s.%s.%s"):format(catalog, schema, name), created)
        volumes.plant(w, dataset.files .. "/part-00000.json",
          '{"id": 1, "updated_at": "2026-01-05T08:00:00.000Z"}\n')
      end
    end
  end
end

local function add_securables(w, objects, created)
  local owner = w.principal.user_name
  for _, c in ipairs(objects.connections or {}) do
    securables.insert(w, "connection", c.name, owner, c.comment, created,
      { connection_type = c.type, options = c.options, read_only = true })
  end
  for _, c in ipairs(objects.credentials or {}) do
    securables.insert(w, "storage_credential", c.name, owner, c.comment, created,
      { aws_iam_role = c.aws_iam_role, read_only = false })
  end
  for _, l in ipairs(objects.locations or {}) do
    securables.insert(w, "external_location", l.name, owner, l.comment, created,
      { url = l.url, credential_name = l.credential_name, read_only = false })
  end
  for _, full in ipairs(objects.volumes or {}) do
    add_volume(w, full, created)
  end
  for _, line in ipairs(objects.privileges or {}) do
    local kind, name, principal, list = line:match "^(%S+) (%S+) (%S+) (.+)$"
    for privilege in list:gmatch "%S+" do
      privileges.grant(w, kind, name, principal, privilege)
    end
  end
end

--- Create what the pipelines of a scenario need, before them.
---@param w table
---@param data table { pipelines, objects }
function M.add(w, data)
  local objects, created = data.objects, w.clock:now() - 350 * DAY
  add_sources(w, data)
  for _, secret in ipairs(objects.secrets or {}) do
    secrets.add(w, secret[1], secret[2])
  end
  for _, policy in ipairs(objects.policies or {}) do
    policies.add(w, policy, created)
  end
  for _, pool in ipairs(objects.pools or {}) do
    pools.add(w, pool, created)
  end
  add_securables(w, objects, created)
  add_volumes(w, data, created)
end

-- A run of a job from long ago: each of its tasks has run an update of its pipeline. Nil if one of
-- the pipelines has too few updates.
local function past_run(w, tasks, back)
  local list, first, last, failed = {}, math.maxinteger, 0, nil
  for i, spec in ipairs(tasks) do
    local update = w.db:query("SELECT * FROM updates WHERE pipeline_id = ? AND ended <= ? "
      .. "ORDER BY created DESC LIMIT 1 OFFSET ?",
      { spec.pipeline_task.pipeline_id, w.clock:now(), back })[1]
    if not update then
      return nil
    end
    local result = update.result == "COMPLETED" and "SUCCESS" or "FAILED"
    failed = failed or result == "FAILED" and spec.task_key
    list[i] = { spec = spec, started = update.created, ended = update.ended, result = result,
      update_id = update.id }
    first, last = math.min(first, update.created), math.max(last, update.ended)
  end
  return list, first, last, failed
end

-- Store a job, with the runs of the last nights.
local function add_job(w, job)
  local id, tasks = jobs.add(w, job)
  for back = 2, 0, -1 do
    local list, first, last, failed = past_run(w, tasks, back)
    if list then
      runs.insert(w, { job_id = id, name = job.name, creator = w.principal.user_name,
        created = first, settings = { name = job.name, tasks = tasks }, kind = "PERIODIC",
        ended = last, result = failed and "FAILED" or "SUCCESS",
        message = failed and ("Task %s failed with message: Workload failed, see run output for "
          .. "details."):format(failed) or nil }, list)
    end
  end
end

--- Create the jobs of a scenario, after its pipelines and their history.
---@param w table
---@param data table
function M.add_jobs(w, data)
  for _, job in ipairs(data.objects.jobs or {}) do
    add_job(w, job)
  end
end

return M
