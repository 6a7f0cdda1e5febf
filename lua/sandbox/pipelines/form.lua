--- The forms of the requests about pipelines: the types of the fields that the embedded workspace
--- reads. All other fields of the settings are stored as they come.

local M = {}

local TABLE_CONFIGURATION <const> = { primary_keys = { "string" }, scd_type = "string" }

local INGESTED <const> = {
  source_catalog = "string", source_schema = "string", source_table = "string",
  source_url = "string", destination_catalog = "string", destination_schema = "string",
  destination_table = "string", table_configuration = TABLE_CONFIGURATION,
}

local CLUSTER <const> = {
  label = "string", node_type_id = "string", driver_node_type_id = "string",
  policy_id = "string", instance_pool_id = "string", driver_instance_pool_id = "string",
  num_workers = "integer", apply_policy_default_values = "boolean",
  autoscale = { min_workers = "integer", max_workers = "integer", mode = "string" },
  custom_tags = "map", spark_conf = "map", spark_env_vars = "map", ssh_public_keys = { "string" },
  init_scripts = { "object" }, aws_attributes = "object", azure_attributes = "object",
  gcp_attributes = "object",
}

local RUN_AS <const> = {
  user_name = "string", service_principal_name = "string", group_name = "string",
}

--- The body of create, edit and clone.
M.settings = {
  id = "string", name = "string", catalog = "string", schema = "string", target = "string",
  storage = "string", root_path = "string", parent_path = "string", channel = "string",
  edition = "string", budget_policy_id = "string", usage_policy_id = "string",
  serverless_compute_id = "string", clone_mode = "string",
  continuous = "boolean", development = "boolean", photon = "boolean", serverless = "boolean",
  allow_duplicate_names = "boolean", dry_run = "boolean", expected_last_modified = "integer",
  configuration = "map", tags = "map", parameters = "map",
  libraries = { {
    notebook = { path = "string" }, file = { path = "string" }, glob = { include = "string" },
    jar = "string", whl = "string", maven = { coordinates = "string" },
  } },
  clusters = { CLUSTER },
  notifications = { { email_recipients = { "string" }, alerts = { "string" } } },
  filters = { include = { "string" }, exclude = { "string" } },
  environment = { dependencies = { "string" }, environment_version = "string" },
  event_log = { catalog = "string", schema = "string", name = "string" },
  trigger = { cron = "object", manual = "object" },
  restart_window = { start_hour = "integer", days_of_week = { "string" },
    time_zone_id = "string" },
  deployment = { kind = "string", metadata_file_path = "string" },
  ingestion_definition = {
    connection_name = "string", ingestion_gateway_id = "string", source_type = "string",
    ingest_from_uc_foreign_catalog = "boolean",
    objects = { { table = INGESTED, schema = INGESTED, report = INGESTED } },
  },
  gateway_definition = {
    connection_name = "string", connection_id = "string", gateway_storage_catalog = "string",
    gateway_storage_schema = "string", gateway_storage_name = "string",
  },
  run_as = RUN_AS,
}

--- The body of a start.
M.start = {
  cause = "string", full_refresh = "boolean", validate_only = "boolean", development = "boolean",
  refresh_selection = { "string" }, full_refresh_selection = { "string" },
  reset_checkpoint_selection = { "string" }, refresh_selection_by_path = { "string" },
  full_refresh_selection_by_path = { "string" }, parameters = "map",
  replace_where_overrides = { { flow_name = "string", predicate_override = "string" } },
  rewind_spec = {
    dry_run = "boolean", rewind_timestamp = "string",
    datasets = { { identifier = "string", cascade = "boolean", reset_checkpoints = "boolean" } },
  },
}

return M
