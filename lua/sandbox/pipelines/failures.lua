--- Why an update fails: something is missing in the workspace, or the pipeline's configuration asks
--- for a failure.
--
-- In a pipeline's configuration, `sandbox.fail` names the step at which its updates fail
-- ("resources", "initializing", "setup", "flow", "expectation"; "true" means "flow"),
-- `sandbox.fail_attempts` the number of attempts that fail (default: all) and
-- `sandbox.fail_dataset` the dataset. `sandbox.fail_verbosity` is how much the error of a violated
-- expectation says: ALL or NONE. `fake.fail` means the same as `sandbox.fail`.

local M = {}

---@class sandbox.Failure
---@field phase string     the state of the update in which it fails
---@field fatal boolean    a retry cannot succeed
---@field exceptions table { class, message }, the outermost first
---@field flow? table      the flow that fails

local function analysis(phase, message)
  return {
    phase = phase, fatal = true,
    exceptions = { { "org.apache.spark.sql.AnalysisException", message } },
  }
end

local function secret_names(spec)
  local texts, names = {}, {}
  for _, value in pairs(spec.configuration or {}) do
    texts[#texts + 1] = value
  end
  for _, cluster in ipairs(spec.clusters or {}) do
    for _, map in ipairs { cluster.spark_conf or {}, cluster.spark_env_vars or {} } do
      for _, value in pairs(map) do
        texts[#texts + 1] = tostring(value)
      end
    end
  end
  for _, text in ipairs(texts) do
    for scope, key in text:gmatch "{{secrets/([^/}]+)/([^}]+)}}" do
      names[#names + 1] = { scope, key }
    end
  end
  table.sort(names, function(a, b)
    return a[1] .. "/" .. a[2] < b[1] .. "/" .. b[2]
  end)
  return names
end

local function find_secret_failure(w, spec)
  for _, name in ipairs(secret_names(spec)) do
    if not w.db:find_row("SELECT 1 AS yes FROM secrets WHERE scope = ? AND key = ?", name) then
      return {
        phase = "INITIALIZING", fatal = true,
        exceptions = { { "java.lang.IllegalArgumentException",
          ("Secret does not exist with scope: %s and key: %s"):format(name[1], name[2]) } },
      }
    end
  end
end

local function find_node_failure(w, spec)
  for _, cluster in ipairs(spec.clusters or {}) do
    for _, field in ipairs { "node_type_id", "driver_node_type_id" } do
      local node = cluster[field]
      if type(node) == "string" and not w.node_types[node] then
        return {
          phase = "WAITING_FOR_RESOURCES", fatal = true,
          exceptions = { { "com.databricks.pipelines.common.errors.deployment."
            .. "DeploymentException", ("Failed to launch pipeline cluster: INVALID_ARGUMENT: "
            .. "Node type %s is not supported."):format(node) } },
        }
      end
    end
  end
end

local function find_catalog_failure(w, spec, datasets)
  local known = { hive_metastore = true }
  for _, dataset in ipairs(datasets) do
    local catalog = dataset.catalog
    if dataset.type ~= "VIEW" and spec.catalog and not known[catalog] then
      if not w:has_catalog(catalog) then
        return analysis("SETTING_UP_TABLES", ("[NO_SUCH_CATALOG_EXCEPTION] Catalog '%s' was not "
          .. "found. Please verify the catalog name and then retry the query or command again. "
          .. "SQLSTATE: 42704"):format(catalog))
      end
      known[catalog] = true
    end
  end
end

local OWNER <const> = [[
SELECT d.pipeline_id AS id FROM datasets AS d JOIN pipelines AS p ON p.id = d.pipeline_id
WHERE d.catalog = ? AND d.schema = ? AND d.name = ? AND d.pipeline_id <> ? AND d.type <> 'VIEW'
  AND d.published <= ? AND d.deleted IS NULL AND p.deleted IS NULL]]

local function find_owner_failure(w, id, datasets, now)
  for _, dataset in ipairs(datasets) do
    local owner = dataset.catalog ~= "hive_metastore" and w.db:find_row(OWNER,
      { dataset.catalog, dataset.schema, dataset.table, id, now })
    if owner then
      return {
        phase = "SETTING_UP_TABLES", fatal = true,
        exceptions = { { "com.databricks.pipelines.execution.service.TableOwnershipException",
          ("Table '%s' is already managed by pipeline %s. If you want the table to be managed by "
          .. "pipeline %s, remove it from the other pipeline first."):format(dataset.full,
            owner.id, id) } },
      }
    end
  end
end

local function pick_flow(spec, datasets, wants_expectation)
  local name = spec.configuration and spec.configuration["sandbox.fail_dataset"]
  local last
  for _, dataset in ipairs(datasets) do
    if dataset.type ~= "VIEW" and (not wants_expectation or #dataset.expectations > 0) then
      last = dataset
      if dataset.table == name then
        return dataset
      end
    end
  end
  return last
end

local function in_flow(flow, class, message)
  return {
    phase = "RUNNING", fatal = false, flow = flow,
    exceptions = {
      { "com.databricks.pipelines.common.errors.FlowFailedException",
        ("Failed to execute flow '%s'."):format(flow.full) },
      { class, message },
    },
  }
end

-- The failures that a configuration can ask for, by the name of the step.
local steps = {}

function steps.resources()
  return {
    phase = "WAITING_FOR_RESOURCES", fatal = false,
    exceptions = { { "com.databricks.pipelines.common.errors.deployment.DeploymentException",
      "Failed to launch pipeline cluster: the cloud provider has no capacity for this node type "
      .. "in the zone (CLOUD_PROVIDER_RESOURCE_STOCKOUT). Try again later." } },
  }
end

function steps.initializing(spec)
  return analysis("INITIALIZING", ("[PARSE_SYNTAX_ERROR] Syntax error at or near 'FORM'. "
    .. "SQLSTATE: 42601 (line 12, pos 2) in pipeline '%s'"):format(spec.name))
end

function steps.setup(spec, datasets)
  local table_name = datasets[1] and datasets[1].full or spec.name
  return analysis("SETTING_UP_TABLES", ("[TABLE_OR_VIEW_NOT_FOUND] The table or view `%s_source` "
    .. "cannot be found. Verify the spelling and correctness of the schema and catalog. "
    .. "SQLSTATE: 42P01"):format(table_name))
end

function steps.flow(spec, datasets)
  local flow = pick_flow(spec, datasets)
  return flow and in_flow(flow, "org.apache.spark.SparkException",
    "[STREAM_FAILED] Query terminated with exception: Job aborted due to stage failure: Task 3 in "
    .. "stage 41.0 failed 4 times: java.io.FileNotFoundException: part-00017-c000.snappy.parquet "
    .. "SQLSTATE: XXKST")
end

-- The names of the flow's expectations that fail the update; of all of them if none does.
local function failing_names(flow)
  local names, all = {}, {}
  for _, expectation in ipairs(flow.expectations) do
    all[#all + 1] = ("'%s'"):format(expectation.name)
    names[#names + 1] = expectation.action == "FAIL" and all[#all] or nil
  end
  return table.concat(#names > 0 and names or #all > 0 and { all[1] } or { "'valid'" }, ", ")
end

function steps.expectation(spec, datasets)
  local flow = pick_flow(spec, datasets, true) or pick_flow(spec, datasets)
  local level = (spec.configuration or {})["sandbox.fail_verbosity"] or "ALL"
  local data = level == "ALL" and [[ Input data: '{"id":null,"amount":-500}'. ]]
    .. [[Output record: '{"id":null,"amount":-500}'. Missing input data: false]] or ""
  return flow and in_flow(flow, "com.databricks.pipelines.common.errors.ExpectationException",
    ("[EXPECTATION_VIOLATION.VERBOSITY_%s] Flow '%s' failed to meet the expectation. "
      .. "Violated expectations: %s.%s SQLSTATE: 22000"):format(level, flow.full,
      failing_names(flow), data))
end

-- The failure that the scenario or the configuration asks for at this attempt (from 1), or nil.
local function find_requested(spec, datasets, attempt, scripted)
  local conf = spec.configuration or {}
  local step = scripted or conf["sandbox.fail"] or conf["fake.fail"]
  local times = tonumber(conf["sandbox.fail_attempts"]) or math.huge
  if not step or step == "false" or attempt > times then
    return nil
  end
  local make = steps[step == "true" and "flow" or step]
  return make and make(spec, datasets)
end

local function find_selection_failure(selection, datasets)
  local known = {}
  for _, dataset in ipairs(datasets) do
    known[dataset.full], known[dataset.table], known[dataset.shown] = true, true, true
    known[("%s.%s"):format(dataset.schema, dataset.table)] = true
  end
  local missing = {}
  for _, name in ipairs(selection) do
    if not known[name:lower()] and not known[name] then
      missing[#missing + 1] = name
    end
  end
  return #missing > 0 and analysis("SETTING_UP_TABLES",
    ("The selected tables were not found in the pipeline: %s."):format(
      table.concat(missing, ", "))) or nil
end

--- The failure of an attempt, or nil if it succeeds.
---@param w table
---@param run table { pipeline_id, spec, datasets, problems, selection, attempt, now, fail? }
---@return sandbox.Failure?
function M.find(w, run)
  local spec, datasets = run.spec, run.datasets
  if run.problems[1] then
    return analysis("INITIALIZING", table.concat(run.problems, "\n"))
  end
  local failure = find_node_failure(w, spec) or find_secret_failure(w, spec)
  if not failure and #datasets == 0 and not spec.gateway_definition then
    failure = analysis("INITIALIZING", "[NO_TABLES_IN_PIPELINE] Pipelines are expected to have at "
      .. "least one table defined but no tables were found in your pipeline. SQLSTATE: 42617")
  end
  return failure or find_selection_failure(run.selection, datasets)
    or find_catalog_failure(w, spec, datasets)
    or find_owner_failure(w, run.pipeline_id, datasets, run.now)
    or find_requested(spec, datasets, run.attempt, run.fail)
end

return M
