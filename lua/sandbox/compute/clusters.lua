--- /api/2.0/clusters and /api/2.1/clusters: node types, zones and Spark versions of the workspace,
--- and the clusters of the updates of classic pipelines. Nothing else starts a cluster.

local json = require "native.json"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local paging = require "sandbox.http.paging"
local phases = require "sandbox.pipelines.phases"

local M = {}

local DEFAULT_SIZE <const>, MAX_SIZE <const> = 20, 100 -- clusters on a page
local KEPT_MS <const> = 30 * 86400000 -- how long a cluster that has ended is listed

local NODE_TYPES <const> = {
  AWS = {
    { "i3.xlarge", 4, 31232 }, { "i3.2xlarge", 8, 62464 }, { "m5d.large", 2, 8192 },
    { "m5d.xlarge", 4, 16384 }, { "m6gd.xlarge", 4, 16384 }, { "r5d.2xlarge", 8, 65536 },
    { "c5d.4xlarge", 16, 32768 },
  },
  Azure = {
    { "Standard_DS3_v2", 4, 14336 }, { "Standard_DS4_v2", 8, 28672 },
    { "Standard_D4ds_v5", 4, 16384 }, { "Standard_E8ds_v4", 8, 65536 },
    { "Standard_L8s_v3", 8, 65536 },
  },
}

local VERSIONS <const> = {
  { "17.3.x-scala2.13", "17.3 LTS (includes Apache Spark 4.0.0, Scala 2.13)" },
  { "17.1.x-scala2.13", "17.1 (includes Apache Spark 4.0.0, Scala 2.13)" },
  { "16.4.x-scala2.12", "16.4 LTS (includes Apache Spark 3.5.2, Scala 2.12)" },
  { "16.4.x-photon-scala2.12", "16.4 LTS Photon (includes Apache Spark 3.5.2, Scala 2.12)" },
  { "15.4.x-scala2.12", "15.4 LTS (includes Apache Spark 3.5.0, Scala 2.12)" },
  { "15.4.x-cpu-ml-scala2.12", "15.4 LTS ML (includes Apache Spark 3.5.0, Scala 2.12)" },
  { "14.3.x-scala2.12", "14.3 LTS (includes Apache Spark 3.5.0, Scala 2.12)" },
}

--- The node types of a cloud, as a set.
---@param cloud string
---@return table<string, true>
function M.node_types(cloud)
  local set = {}
  for _, node in ipairs(NODE_TYPES[cloud]) do
    set[node[1]] = true
  end
  return set
end

local function list_node_types(w)
  local list = {}
  for i, node in ipairs(NODE_TYPES[w.cloud]) do
    list[i] = {
      node_type_id = node[1], num_cores = node[2] + 0.0, memory_mb = node[3],
      description = node[1], instance_type_id = node[1], is_deprecated = false,
      category = "General Purpose", node_instance_type = { instance_type_id = node[1],
        local_disks = 1, local_disk_size_gb = 100 },
      is_hidden = false, support_cluster_tags = true, photon_driver_capable = true,
      photon_worker_capable = true, num_gpus = 0, support_ebs_volumes = true,
    }
  end
  return { node_types = list }
end

local function list_versions()
  local list = {}
  for i, version in ipairs(VERSIONS) do
    list[i] = { key = version[1], name = version[2] }
  end
  return { versions = list }
end

local function list_zones(w)
  if w.cloud ~= "AWS" then
    errors.raise(404, "ENDPOINT_NOT_FOUND", "No API found for 'GET /clusters/list-zones'")
  end
  return {
    default_zone = w.region .. "a",
    zones = { w.region .. "a", w.region .. "b", w.region .. "c" },
  }
end

-- The updates that had a cluster and have started it.
local UPDATES <const> = [[
SELECT u.cluster_id AS id, u.created, u.ended, u.phases, u.run_as_name, u.pipeline_id, p.name,
  coalesce(u.config, p.spec) AS spec
FROM updates AS u JOIN pipelines AS p ON p.id = u.pipeline_id
WHERE u.cluster_id IS NOT NULL AND u.created <= ?1 AND ifnull(u.ended, ?1) >= ?2
  AND (?3 IS NULL OR u.cluster_id = ?3) ORDER BY u.created DESC, u.cluster_id]]

-- The settings of the pipeline's cluster for updates.
local function settings_of(spec)
  for _, cluster in ipairs(spec.clusters or {}) do
    if not cluster.label or cluster.label == "default" then
      return cluster
    end
  end
  return {}
end

local function state_of(row, now)
  if row.ended and row.ended <= now then
    return "TERMINATED"
  end
  local state = phases.at(row.phases, now)
  return (state == "QUEUED" or state == "WAITING_FOR_RESOURCES") and "PENDING" or "RUNNING"
end

local function info(w, row)
  local now, settings = w.clock:now(), settings_of(json.decode(row.spec))
  local state, scale = state_of(row, now), settings.autoscale
  return {
    cluster_id = row.id, cluster_name = ("dlt-execution-%s"):format(row.pipeline_id),
    cluster_source = "PIPELINE", creator_user_name = row.run_as_name, state = state,
    single_user_name = row.run_as_name, data_security_mode = "LEGACY_SINGLE_USER_STANDARD",
    spark_version = "dlt:17.1.3-delta-pipelines", node_type_id = settings.node_type_id,
    driver_node_type_id = settings.driver_node_type_id or settings.node_type_id,
    num_workers = settings.num_workers, autoscale = scale and
      { min_workers = scale.min_workers, max_workers = scale.max_workers },
    policy_id = settings.policy_id, instance_pool_id = settings.instance_pool_id,
    spark_conf = settings.spark_conf, custom_tags = settings.custom_tags,
    start_time = row.created, terminated_time = state == "TERMINATED" and row.ended or nil,
    state_message = state == "TERMINATED" and "Terminated by the pipeline." or "",
    default_tags = { Vendor = "Databricks", Creator = row.run_as_name, ClusterId = row.id },
    enable_elastic_disk = true,
  }
end

local function find_all(w, id)
  local now = w.clock:now()
  return w.db:query(UPDATES, { now, id and 0 or now - KEPT_MS, id or json.null })
end

-- The clusters that pass the filters of a query.
local function filtered(w, query)
  local states = fields.set(query["filter_by.cluster_states"])
  local sources = fields.set(query["filter_by.cluster_sources"])
  local pinned = fields.flag(query, "filter_by.is_pinned")
  local policy, list = query["filter_by.policy_id"], {}
  for _, row in ipairs(find_all(w)) do
    local cluster = info(w, row)
    if not (states and not states[cluster.state] or sources and not sources.PIPELINE or pinned
      or policy and cluster.policy_id ~= policy) then
      list[#list + 1] = cluster
    end
  end
  return list
end

local function list(w, req)
  local size = fields.integer(req.query, "page_size", DEFAULT_SIZE, 1, MAX_SIZE)
  local found, more = paging.page(req.query, "clusters", filtered(w, req.query), size,
    function(cluster)
      return ("%s %s"):format(cluster.start_time, cluster.cluster_id)
    end)
  return { clusters = #found > 0 and found or nil, next_page_token = more }
end

local function get(w, req)
  local id = fields.required(req.query, "cluster_id")
  local row = find_all(w, id)[1]
  if not row then
    errors.invalid("Cluster %s does not exist", id)
  end
  return info(w, row)
end

local LISTS <const> = {
  lists = { ["filter_by.cluster_states"] = true, ["filter_by.cluster_sources"] = true },
}

M.routes = {}
for _, version in ipairs { "2.0", "2.1" } do
  local base = "/api/" .. version .. "/clusters/"
  for _, route in ipairs {
    { "list", list, LISTS }, { "get", get }, { "list-node-types", list_node_types },
    { "spark-versions", list_versions }, { "list-zones", list_zones },
  } do
    M.routes[#M.routes + 1] = { "GET", base .. route[1], route[2], route[3] }
  end
end

return M
