--- What the pipelines of the demo workspace use: secrets, policies, pools, connections, storage,
--- grants, and the jobs that run them. `volumes` are those that no pipeline's source names.

local M = {}

M.secrets = {
  { "finance", "netsuite_token" }, { "finance", "fx_api_key" }, { "iot", "mqtt_password" },
  { "marketing", "ads_api_key" },
}

M.policies = {
  { id = "E0631F5C0D0006D6", name = "Pipelines (production)",
    description = "Clusters of production pipelines",
    definition = '{"cluster_type":{"type":"fixed","value":"dlt"},'
      .. '"num_workers":{"type":"range","maxValue":20,"defaultValue":2},'
      .. '"custom_tags.cost_center":{"type":"regex","pattern":"[0-9]{4}","isOptional":true}}' },
  { id = "00A5D9C2417F83B1", name = "Pipelines (development)",
    description = "Small clusters for the development of pipelines",
    definition = '{"cluster_type":{"type":"fixed","value":"dlt"},'
      .. '"num_workers":{"type":"range","maxValue":4,"defaultValue":1}}' },
}

M.pools = {
  { id = "0714-093112-pool7-ab12cd34", name = "ml-r5d", node = "r5d.2xlarge" },
  { id = "0302-141501-pool2-9f3c6a10", name = "general-m5d", node = "m5d.xlarge" },
}

M.jobs = {
  { name = "sales nightly", cron = "0 30 2 * * ?",
    pipelines = { "sales_orders_etl", "sales_customers_scd" } },
  { name = "finance close", cron = "0 0 5 1 * ?", pipelines = { "finance_gl_close" } },
  { name = "quickstart", cron = "0 0 6 * * ?", pipelines = { "quickstart" } },
}

M.connections = {
  { name = "salesforce_prod", type = "SALESFORCE", comment = "Salesforce, read only",
    options = { host = "login.salesforce.com", client_id = "3MVG9example" } },
  { name = "workday_prod", type = "WORKDAY_RAAS", comment = "Workday reports",
    options = { host = "services.example.com" } },
  { name = "ga4_prod", type = "GA4_RAW_DATA", comment = "Google Analytics 4",
    options = { project_id = "acme-analytics" } },
  { name = "erp_sqlserver", type = "SQLSERVER", comment = "ERP database",
    options = { host = "erp-db.example.com", port = "1433", user = "databricks_reader" } },
}

M.credentials = { { name = "lake_role", comment = "Role for the data lake",
  aws_iam_role = { role_arn = "arn:aws:iam::123456789012:role/lake",
    external_id = "b7c7f2de-41aa-4d6b-8d0c-3f0a6e1c2d34" } } }

M.locations = {
  { name = "landing", url = "s3://example-landing/", credential_name = "lake_role" },
  { name = "archive", url = "s3://example-archive/", credential_name = "lake_role" },
}

M.volumes = { "ml.libs.wheels", "main.raw.shared" }

-- "securable name principal privileges"
M.privileges = {
  "catalog main users USE_CATALOG USE_SCHEMA BROWSE",
  "catalog sales analysts USE_CATALOG USE_SCHEMA SELECT",
  "catalog finance data-engineers USE_CATALOG USE_SCHEMA SELECT MODIFY",
  "catalog dev users ALL_PRIVILEGES",
  "schema sales.orders data-engineers CREATE_TABLE MODIFY",
  "connection salesforce_prod 0b5e7d91-2c4f-4a68-8e13-7a9c6d5b4e20 USE_CONNECTION",
  "external_location landing data-engineers READ_FILES",
}

return M
