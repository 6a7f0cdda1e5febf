--- The forms of the requests about jobs: the types of the fields that the embedded workspace reads.

local M = {}

local TASK <const> = {
  task_key = "string", run_if = "string", description = "string",
  depends_on = { { task_key = "string", outcome = "string" } },
  pipeline_task = { pipeline_id = "string", full_refresh = "boolean" },
  notebook_task = { notebook_path = "string", source = "string", base_parameters = "map" },
  run_job_task = { job_id = "integer" },
  sql_task = "object", spark_python_task = "object", python_wheel_task = "object",
  spark_jar_task = "object", dbt_task = "object", condition_task = "object",
  for_each_task = "object", new_cluster = "object",
}

--- The settings of a job, as create takes them.
M.settings = {
  name = "string", description = "string", tasks = { TASK }, tags = "map",
  max_concurrent_runs = "integer", timeout_seconds = "integer",
  schedule = { quartz_cron_expression = "string", timezone_id = "string",
    pause_status = "string" },
  trigger = "object", continuous = "object", queue = { enabled = "boolean" },
  parameters = { { name = "string", default = "string" } },
  job_clusters = { { job_cluster_key = "string", new_cluster = "object" } },
  email_notifications = "object", webhook_notifications = "object", git_source = "object",
  access_control_list = { "object" },
  run_as = { user_name = "string", service_principal_name = "string", group_name = "string" },
}

--- The body of update and reset.
M.change = {
  job_id = "integer", new_settings = M.settings, fields_to_remove = { "string" },
}

--- The body of delete.
M.job = { job_id = "integer" }

--- The body of run-now.
M.run_now = {
  job_id = "integer", job_parameters = "map", only = { "string" }, idempotency_token = "string",
  pipeline_params = { full_refresh = "boolean" }, notebook_params = "map",
  queue = { enabled = "boolean" },
}

--- The body of runs/submit.
M.submit = {
  run_name = "string", tasks = { TASK }, idempotency_token = "string",
  timeout_seconds = "integer", run_as = M.settings.run_as,
}

--- The body of runs/cancel and runs/delete.
M.run = { run_id = "integer" }

--- The body of runs/cancel-all.
M.cancel_all = { job_id = "integer", all_queued_runs = "boolean" }

return M
