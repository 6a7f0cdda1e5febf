--- The pipelines of the demo workspace: a company that sells, invoices and measures things.
--
-- Each entry has its name, `by` (the creator), `code` (the form of its source: "sql" or "python"
-- for notebooks, "files", "glob"; nil: no source), `graph` (lines of sandbox.scenarios.code),
-- `runs` (a history of sandbox.scenarios.history), `spec` (the other settings), and fields that
-- only some entries need.

local ADA <const>, LARS <const> = "ada.okafor@example.com", "lars.nygaard@example.com"
local MEI <const>, TOMAS <const> = "mei.tanaka@example.com", "tomas.reyes@example.com"
local JO <const> = "jo.whitfield@example.com"
local DEPLOY <const> = "6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718"
local INGEST <const> = "0b5e7d91-2c4f-4a68-8e13-7a9c6d5b4e20"

local json = require "native.json"

local M = {}

M.objects = require "sandbox.scenarios.demo_objects"

M.catalogs = { "main", "sales", "finance", "iot", "ml", "dev" }

local function classic(node, min, max)
  return json.array {
    { label = "default", node_type_id = node, driver_node_type_id = node,
      autoscale = { min_workers = min, max_workers = max, mode = "ENHANCED" } },
  }
end

local function single_node(node)
  return json.array {
    { label = "default", node_type_id = node, num_workers = 0,
      spark_conf = { ["spark.databricks.cluster.profile"] = "singleNode",
        ["spark.master"] = "local[*]" } },
  }
end

local function mail(...)
  return json.array { {
    email_recipients = json.array { ... },
    alerts = json.array { "on-update-failure", "on-update-fatal-failure", "on-flow-failure" },
  } }
end

local function bundle(user, name, target)
  return {
    kind = "BUNDLE",
    metadata_file_path = ("/Workspace/Users/%s/.bundle/%s/%s/state/metadata.json"):format(
      user, name, target),
  }
end

M.pipelines = {
  -- sales
  { "sales_orders_etl", by = DEPLOY, code = "glob", runs = "24 CCCCCCC",
    graph = {
      "ST bronze_orders <- files:/Volumes/sales/raw/orders",
      "ST silver_orders <- bronze_orders, main.ref.countries ! valid_order_id DROP order_id IS NOT "
        .. "NULL ! positive_amount ALLOW amount > 0 ! known_currency ALLOW currency IS NOT NULL",
      "MV gold_daily_orders <- silver_orders", "MV gold_top_products <- silver_orders",
    },
    spec = { catalog = "sales", schema = "orders", serverless = true, photon = true,
      channel = "CURRENT", edition = "ADVANCED", continuous = false, development = false,
      tags = { team = "sales-data", cost_center = "4410" }, notifications = mail(ADA, LARS),
      configuration = { env = "prod", ["orders.lookback_days"] = "3" },
      deployment = bundle(ADA, "sales_orders", "prod") },
    grants = { "group_name analysts CAN_VIEW", "group_name data-engineers CAN_RUN" } },
  { "[dev ada_okafor] sales_orders_etl", by = ADA, code = "glob", runs = "20 CXC",
    graph = {
      "ST bronze_orders <- files:/Volumes/sales/raw/orders",
      "ST silver_orders <- bronze_orders ! valid_order_id DROP order_id IS NOT NULL",
      "MV gold_daily_orders <- silver_orders",
    },
    spec = { catalog = "dev", schema = "ada_orders", serverless = true, development = true,
      channel = "CURRENT", edition = "ADVANCED", tags = { dev = "ada_okafor" },
      deployment = bundle(ADA, "sales_orders", "dev") } },
  { "sales_customers_scd", by = LARS, code = "files", runs = "12 CCCCCC",
    graph = {
      "ST raw_customers <- files:/Volumes/sales/raw/customers",
      "V cleaned_customers <- raw_customers ! has_email ALLOW email IS NOT NULL",
      "CDC customers <- cleaned_customers",
      "MV customers_by_region <- customers, main.ref.countries",
    },
    spec = { catalog = "sales", schema = "customers", clusters = classic("m5d.xlarge", 1, 5),
      photon = true, channel = "CURRENT", edition = "ADVANCED",
      configuration = { ["pipelines.trigger.interval"] = "10 minutes" } },
    grants = { "group_name analysts CAN_VIEW" } },
  { "sales_forecast", by = MEI, code = "python", runs = "24 CCCCFF",
    graph = {
      "MV forecast_inputs <- sales.orders.gold_daily_orders, main.ref.holidays ! no_gaps DROP "
        .. "order_day IS NOT NULL",
      "MV forecast_weekly <- forecast_inputs ! sane_forecast FAIL forecast < 1000000",
    },
    spec = { catalog = "sales", schema = "forecast", clusters = single_node "r5d.2xlarge",
      channel = "CURRENT", edition = "PRO", notifications = mail(MEI),
      configuration = { ["pipelines.numUpdateRetryAttempts"] = "2", horizon = "26" } } },
  { "sales_promotions", by = MEI, code = "sql", runs = "8 CCCCCE",
    graph = {
      "ST promotions_raw <- files:/Volumes/sales/raw/promotions",
      "ST promotions <- promotions_raw ! discount_in_range FAIL discount BETWEEN 0 AND 0.9 "
        .. "! campaign_known ALLOW campaign_id IS NOT NULL",
      "MV promotion_uplift <- promotions, sales.orders.gold_daily_orders",
    },
    spec = { catalog = "sales", schema = "promotions", serverless = true, development = true } },
  -- finance
  { "finance_gl_close", by = ADA, code = "sql", runs = "24 CCCCCC", run_as = DEPLOY,
    parameters = { period = "current", ledger = "primary" },
    graph = {
      "ST gl_entries_raw <- files:/Volumes/finance/raw/gl",
      "ST gl_entries <- gl_entries_raw ! balanced FAIL debit = credit ! has_account DROP "
        .. "account_id IS NOT NULL",
      "MV trial_balance <- gl_entries, main.ref.accounts", "MV close_checklist <- trial_balance",
    },
    spec = { catalog = "finance", schema = "gl", clusters = classic("i3.xlarge", 1, 4),
      channel = "CURRENT", edition = "ADVANCED", photon = false,
      event_log = { catalog = "finance", schema = "gl", name = "gl_close_events" },
      notifications = mail(ADA, JO),
      configuration = { ["netsuite.token"] = "{{secrets/finance/netsuite_token}}",
        env = "prod" } },
    grants = { "user_name jo.whitfield@example.com CAN_RUN", "group_name analysts CAN_VIEW" } },
  { "finance_fx_rates", by = DEPLOY, code = "python", runs = "2 CCCCCCCCCC",
    graph = { "ST fx_rates_raw <- files:/Volumes/finance/raw/fx",
      "MV fx_rates <- fx_rates_raw ! positive_rate DROP rate > 0" },
    spec = { catalog = "finance", schema = "fx", serverless = true,
      environment = { dependencies = json.array { "requests==2.32.3" },
        environment_version = "4" },
      configuration = { ["fx.key"] = "{{secrets/finance/fx_api_key}}" } } },
  { "finance_revenue_recognition", by = JO, code = "sql", runs = "24 CCCCC",
    graph = {
      "MV contracts <- finance.raw.contracts ! has_start ALLOW start_date IS NOT NULL",
      "MV revenue_schedule <- contracts, finance.raw.invoices",
      "MV revenue_by_month <- revenue_schedule" },
    spec = { catalog = "finance", target = "revrec", clusters = classic("m5d.large", 1, 3),
      channel = "CURRENT", edition = "PRO" } },
  { "finance_invoices_match", by = JO, code = "sql", runs = "24 CCFC",
    graph = { "MV invoices_matched <- finance.raw.invoices, finance.raw.payments "
      .. "! one_payment ALLOW payment_count <= 1" },
    spec = { catalog = "finance", schema = "invoices", serverless = true } },
  { "finance_audit_trail", by = JO, code = "sql",
    graph = { "ST audit_entries <- files:/Volumes/finance/raw/audit" },
    spec = { catalog = "finance", schema = "audit", serverless = true } },
  -- devices that send data
  { "iot_telemetry_stream", by = TOMAS, code = "python", runs = "90 R",
    graph = {
      "ST telemetry_bronze <- files:/Volumes/iot/raw/telemetry",
      "ST telemetry_silver <- telemetry_bronze ! valid_device DROP device_id IS NOT NULL "
        .. "! temperature_range ALLOW temperature BETWEEN -60 AND 150",
    },
    spec = { catalog = "iot", schema = "telemetry", continuous = true,
      clusters = classic("i3.2xlarge", 2, 8), photon = true, channel = "CURRENT",
      edition = "ADVANCED",
      restart_window = { start_hour = 2, days_of_week = json.array { "SATURDAY", "SUNDAY" },
        time_zone_id = "Europe/Oslo" },
      configuration = { ["mqtt.password"] = "{{secrets/iot/mqtt_password}}" } } },
  { "iot_device_health", by = TOMAS, code = "sql", runs = "40 R",
    graph = { "ST heartbeats <- files:/Volumes/iot/raw/heartbeats",
      "ST device_health <- heartbeats ! recent ALLOW age_seconds < 3600" },
    spec = { catalog = "iot", schema = "health", continuous = true, serverless = true } },
  { "iot_gateway_errors", by = TOMAS, code = "sql", runs = "30 F",
    graph = { "ST gateway_errors <- files:/Volumes/iot/raw/errors" },
    spec = { catalog = "iot", schema = "errors", continuous = true, development = true,
      clusters = classic("m5d.large", 1, 2), channel = "CURRENT", edition = "CORE" } },
  { "iot_maintenance_prediction", by = MEI, code = "python", runs = "24 CCCC",
    graph = { "MV wear_features <- iot.telemetry.telemetry_silver",
      "MV maintenance_scores <- wear_features ! score_range FAIL score BETWEEN 0 AND 1" },
    spec = { catalog = "iot", schema = "maintenance", clusters = classic("r5d.2xlarge", 1, 4),
      channel = "PREVIEW", edition = "ADVANCED" } },
  { "iot_edge_backfill", by = TOMAS, code = "files", runs = "48 CR",
    graph = { "ST edge_readings <- files:/Volumes/iot/raw/edge",
      "ST edge_readings_clean <- edge_readings ! has_site DROP site_id IS NOT NULL",
      "MV edge_by_site <- edge_readings_clean" },
    spec = { catalog = "iot", schema = "edge", clusters = classic("i3.xlarge", 2, 6) } },
  { "iot_fleet_rollup", by = TOMAS, code = "sql", runs = "24 CCCW",
    graph = { "MV fleet_by_hour <- iot.telemetry.telemetry_silver",
      "MV fleet_by_day <- fleet_by_hour" },
    spec = { catalog = "iot", schema = "fleet", clusters = classic("m5d.xlarge", 1, 4) } },
  -- before Unity Catalog
  { "legacy_clickstream", by = LARS, code = "sql", runs = "24 CCC",
    graph = { "ST clicks <- files:/mnt/landing/clicks", "MV clicks_by_page <- clicks" },
    spec = { storage = "dbfs:/mnt/pipelines/clickstream", target = "web",
      clusters = classic("i3.xlarge", 1, 4), channel = "CURRENT", edition = "CORE",
      photon = false } },
  { "legacy_web_sessions", by = LARS, code = "python", runs = "24 CF",
    graph = { "MV sessions <- web.clicks ! has_user ALLOW user_id IS NOT NULL" },
    spec = { target = "web_sessions", clusters = classic("i3.xlarge", 1, 2), photon = false,
      development = true } },
  { "legacy_ads_import", by = LARS, code = "sql",
    graph = { "ST ads <- files:/mnt/landing/ads" },
    spec = { clusters = classic("c5d.4xlarge", 1, 2), photon = false,
      trigger = { cron = { quartz_cron_schedule = "0 0 5 * * ?", timezone_id = "UTC" } } } },
  -- from other systems
  { "ingest_salesforce", by = INGEST, runs = "6 CCCCCC",
    spec = { catalog = "main", schema = "salesforce", channel = "CURRENT",
      ingestion_definition = { connection_name = "salesforce_prod", source_type = "SALESFORCE",
        objects = json.array {
          { schema = { source_schema = "objects", destination_catalog = "main",
            destination_schema = "salesforce" } },
          { table = { source_schema = "objects", source_table = "Campaign",
            destination_catalog = "main", destination_schema = "salesforce",
            destination_table = "campaign",
            table_configuration = { scd_type = "SCD_TYPE_2" } } },
        } } } },
  { "ingest_erp_orders", by = INGEST, runs = "4 CCCCCC", gateway = "gateway_erp",
    spec = { catalog = "main", schema = "erp", serverless = true,
      ingestion_definition = { source_type = "SQLSERVER",
        objects = json.array {
          { table = { source_catalog = "erp", source_schema = "dbo", source_table = "orders",
            destination_catalog = "main", destination_schema = "erp" } },
          { table = { source_catalog = "erp", source_schema = "dbo", source_table = "order_lines",
            destination_catalog = "main", destination_schema = "erp" } },
        } } } },
  { "gateway_erp", by = INGEST, runs = "70 R",
    spec = { catalog = "main", schema = "erp_staging", continuous = true,
      clusters = classic("m5d.large", 1, 2),
      gateway_definition = { connection_name = "erp_sqlserver", gateway_storage_catalog = "main",
        gateway_storage_schema = "erp_staging", gateway_storage_name = "erp_gateway" } } },
  { "ingest_workday_reports", by = INGEST, runs = "24 CCF",
    spec = { catalog = "main", schema = "workday", development = true,
      ingestion_definition = { connection_name = "workday_prod", source_type = "WORKDAY_RAAS",
        objects = json.array {
          { report = { source_url = "https://services.example.com/ccx/customreport2/people",
            destination_catalog = "main", destination_schema = "workday",
            destination_table = "people",
            table_configuration = { primary_keys = json.array { "worker_id" } } } },
        } } } },
  { "ingest_ga4", by = INGEST,
    spec = { catalog = "main", schema = "ga4",
      ingestion_definition = { connection_name = "ga4_prod", source_type = "GA4_RAW_DATA",
        objects = json.array {
          { schema = { source_catalog = "acme-analytics", source_schema = "analytics_2841",
            destination_catalog = "main", destination_schema = "ga4" } },
        } } } },
  -- created by the SQL warehouse for a table
  { "sales.reporting.daily_revenue", by = MEI, kind = "DBSQL", runs = "24 CCCCC",
    explicit = { "MV sales.reporting.daily_revenue <- sales.orders.gold_daily_orders" },
    spec = { catalog = "sales", schema = "reporting", serverless = true,
      pipeline_type = "DBSQL", data_sampling = false } },
  { "finance.staging.bank_feed", by = JO, kind = "DBSQL", runs = "6 CCCCC",
    explicit = { "ST finance.staging.bank_feed <- files:/Volumes/finance/raw/bank" },
    spec = { catalog = "finance", schema = "staging", serverless = true,
      pipeline_type = "DBSQL", data_sampling = false } },
  { "main.reporting.exec_kpis", by = ADA, kind = "DBSQL", runs = "24 CCCX",
    explicit = { "MV main.reporting.exec_kpis <- sales.orders.gold_daily_orders, "
      .. "finance.revrec.revenue_by_month" },
    spec = { catalog = "main", schema = "reporting", serverless = true,
      pipeline_type = "DBSQL", data_sampling = false } },
  -- models
  { "ml_features_customer", by = MEI, code = "python", runs = "24 CCCC",
    graph = { "MV customer_features <- sales.customers.customers ! complete ALLOW tenure_days "
      .. "IS NOT NULL", "MV customer_labels <- customer_features" },
    spec = { catalog = "ml", schema = "features", serverless = true, channel = "PREVIEW",
      environment = { dependencies = json.array { "scikit-learn==1.5.2",
        "/Volumes/ml/libs/wheels/features-2.1-py3-none-any.whl" }, environment_version = "4" } },
    grants = { "service_principal_name " .. INGEST .. " CAN_RUN" } },
  { "ml_features_product", by = MEI, code = "files", runs = "24 CCC",
    graph = { "MV product_features <- sales.orders.silver_orders" },
    spec = { catalog = "ml", schema = "features", channel = "CURRENT", edition = "ADVANCED",
      clusters = json.array {
        { label = "default", instance_pool_id = "0714-093112-pool7-ab12cd34",
          policy_id = "E0631F5C0D0006D6", num_workers = 2,
          init_scripts = json.array { { workspace = { destination = "/Shared/init/ml.sh" } } },
          custom_tags = { team = "ml" }, aws_attributes = { first_on_demand = 1,
            availability = "SPOT_WITH_FALLBACK", zone_id = "eu-west-1b",
            instance_profile_arn = "arn:aws:iam::123456789012:instance-profile/ml" } },
        { label = "maintenance", node_type_id = "m5d.large", num_workers = 1 },
      } } },
  { "ml_embeddings_refresh", by = MEI, code = "python", runs = "72 CU",
    graph = { "ST documents <- files:/Volumes/ml/raw/documents",
      "ST embeddings <- documents ! not_empty DROP length(text) > 0" },
    spec = { catalog = "ml", schema = "embeddings", serverless = true,
      -- fields that the client does not know
      accelerator = { kind = "GPU_1xA10", slots = 2, spare = json.null },
      snapshot_version = 9007199254740993123, sampling_ratio = 0.1, checkpoints = json.array {} } },
  { "ml_training_snapshots", by = MEI, code = "sql", runs = "24 CCX",
    graph = { "MV training_snapshot <- ml.features.customer_features, "
      .. "ml.features.product_features" },
    spec = { catalog = "ml", schema = "training", serverless = true, development = true } },
  -- the platform itself
  { "platform_audit_logs", by = DEPLOY, code = "glob", runs = "100 R",
    graph = { "ST audit_raw <- files:/Volumes/main/raw/audit",
      "ST audit_events <- audit_raw ! has_actor ALLOW actor IS NOT NULL" },
    spec = { catalog = "main", schema = "audit", continuous = true, serverless = true,
      budget_policy_id = "5f0c2b7e-1d3a-4e6f-9a8b-7c6d5e4f3a2b" } },
  { "platform_cost_attribution", by = ADA, code = "sql", runs = "24 CCCCC",
    graph = { "MV cost_by_team <- system.billing.usage, main.ref.teams ! has_team ALLOW team "
      .. "IS NOT NULL" },
    spec = { catalog = "main", schema = "costs", serverless = true,
      budget_policy_id = "5f0c2b7e-1d3a-4e6f-9a8b-7c6d5e4f3a2b",
      tags = { team = "platform" } } },
  { "platform_usage_metrics", by = DEPLOY, code = "sql", runs = "24 CC",
    state = "HIBERNATED", health = "DEGRADED", -- values that the client does not know
    graph = { "MV usage_by_day <- system.billing.usage" },
    spec = { catalog = "main", schema = "usage", serverless = true } },
  { "platform_access_reviews", by = ADA, code = "sql", runs = "24 CCC",
    state = "DEPLOYING", cause = "The pipeline is being moved to new infrastructure.",
    graph = { "MV access_review <- main.audit.audit_events" },
    spec = { catalog = "main", schema = "access", serverless = true } },
  -- other teams
  { "marketing_attribution", by = LARS, code = "python", runs = "24 CCCC",
    graph = { "ST touchpoints <- files:/Volumes/main/raw/touchpoints",
      "MV attribution <- touchpoints, sales.orders.gold_daily_orders ! weights_sum ALLOW "
        .. "abs(weight - 1) < 0.01" },
    spec = { catalog = "main", schema = "marketing", serverless = true, clusters = json.array {},
      notifications = json.array {}, configuration = {}, tags = {},
      filters = { include = json.array {}, exclude = json.array {} } } },
  { "marketing: campañas 'Q4' 100%_final", by = LARS, code = "sql", runs = "30 CC",
    graph = { "MV campaigns_q4 <- main.marketing.attribution" },
    spec = { catalog = "main", schema = "campaigns", serverless = true,
      configuration = { ["ads.key"] = "{{secrets/marketing/ads_api_key}}" } } },
  { "support_tickets_nlp", by = TOMAS, code = "python", runs = "24 CCFC",
    graph = { "ST tickets <- files:/Volumes/main/raw/tickets ! has_body DROP body IS NOT NULL",
      "MV ticket_topics <- tickets" },
    spec = { catalog = "main", schema = "support", clusters = classic("m6gd.xlarge", 1, 3),
      usage_policy_id = "0d9c8b7a-6f5e-4d3c-8b2a-1f0e9d8c7b6a" } },
  { "quickstart", by = JO, code = "sql", runs = "50 C",
    graph = { "ST baby_names <- files:/Volumes/main/raw/names",
      "MV popular_names <- baby_names ! valid_count FAIL count > 0" },
    spec = { catalog = "dev", schema = "quickstart", serverless = true, development = true,
      data_sampling = false, pipeline_type = "WORKSPACE" } },
  { "scratch", by = TOMAS, code = "sql", graph = { "MV scratch_a <- main.ref.countries" },
    spec = { catalog = "dev", schema = "tomas", serverless = true, development = true } },
  { "scratch", by = MEI, code = "sql", runs = "60 F", graph = {
      "MV scratch_b <- main.ref.countries" },
    spec = { catalog = "dev", schema = "mei", serverless = true, development = true } },
}

return M
