--- The schema of a pipeline's settings, for export formats that need to know each field.
--
-- Pure. Made from the types of the API's public SDK: a name alone is a scalar, `x:T` an object of
-- type T, `x:map` a map of strings; brackets mean a list of these.

local json = require "native.json"

local M = {}

local TYPES <const> = [[
PipelineSpec { budget_policy_id catalog channel clusters:[PipelineCluster] configuration:map
  continuous deployment:PipelineDeployment development edition environment:PipelinesEnvironment
  event_log:EventLogSpec filters:Filters gateway_definition:IngestionGatewayPipelineDefinition
  id ingestion_definition:IngestionPipelineDefinition libraries:[PipelineLibrary] name
  notifications:[Notifications] photon restart_window:RestartWindow root_path schema serverless
  serverless_compute_id storage tags:map target trigger:PipelineTrigger usage_policy_id }
PipelineCluster { apply_policy_default_values autoscale:PipelineClusterAutoscale
  aws_attributes:AwsAttributes azure_attributes:AzureAttributes cluster_log_conf:ClusterLogConf
  custom_tags:map driver_instance_pool_id driver_node_type_id enable_local_disk_encryption
  gcp_attributes:GcpAttributes init_scripts:[InitScriptInfo] instance_pool_id label node_type_id
  num_workers policy_id spark_conf:map spark_env_vars:map ssh_public_keys:[value] }
PipelineClusterAutoscale { max_workers min_workers mode }
AwsAttributes { availability ebs_volume_count ebs_volume_iops ebs_volume_size
  ebs_volume_throughput ebs_volume_type first_on_demand instance_profile_arn
  spot_bid_price_percent zone_id }
AzureAttributes { availability capacity_reservation_group first_on_demand
  log_analytics_info:LogAnalyticsInfo spot_bid_max_price }
LogAnalyticsInfo { log_analytics_primary_key log_analytics_workspace_id }
ClusterLogConf { dbfs:DbfsStorageInfo s3:S3StorageInfo volumes:VolumesStorageInfo }
DbfsStorageInfo { destination }
S3StorageInfo { canned_acl destination enable_encryption encryption_type endpoint kms_key region
  }
VolumesStorageInfo { destination }
GcpAttributes { availability boot_disk_size confidential_compute_type first_on_demand
  google_service_account local_ssd_count use_preemptible_executors zone_id }
InitScriptInfo { abfss:Adlsgen2Info dbfs:DbfsStorageInfo file:LocalFileInfo gcs:GcsStorageInfo
  s3:S3StorageInfo volumes:VolumesStorageInfo workspace:WorkspaceStorageInfo }
Adlsgen2Info { destination }
LocalFileInfo { destination }
GcsStorageInfo { destination }
WorkspaceStorageInfo { destination }
PipelineDeployment { deployment_id kind metadata_file_path version_id }
PipelinesEnvironment { dependencies:[value] environment_version }
EventLogSpec { catalog name schema }
Filters { exclude:[value] include:[value] }
IngestionGatewayPipelineDefinition { connection_id connection_name
  connection_parameters:ConnectionParameters gateway_storage_catalog gateway_storage_name
  gateway_storage_schema }
ConnectionParameters { source_catalog }
IngestionPipelineDefinition { connection_name connector_type
  data_staging_options:DataStagingOptions full_refresh_window:OperationTimeWindow
  ingest_from_uc_foreign_catalog ingestion_gateway_id netsuite_jar_path
  objects:[IngestionConfig] source_configurations:[SourceConfig] source_type
  table_configuration:TableSpecificConfig }
DataStagingOptions { catalog_name schema_name volume_name }
OperationTimeWindow { days_of_week:[value] start_hour time_zone_id }
IngestionConfig { report:ReportSpec schema:SchemaSpec table:TableSpec }
ReportSpec { destination_catalog destination_schema destination_table source_url
  table_configuration:TableSpecificConfig }
TableSpecificConfig { auto_full_refresh_policy:AutoFullRefreshPolicy clustering_columns:[value]
  enable_auto_clustering exclude_columns:[value] include_columns:[value] primary_keys:[value]
  query_based_connector_config:QueryBasedConnectorConfig
  row_filter salesforce_include_formula_fields scd_type sequence_by:[value]
  source_metadata_column table_properties:map
  workday_report_parameters:WorkdayReportParameters }
AutoFullRefreshPolicy { enabled min_interval_hours }
QueryBasedConnectorConfig { cursor_columns:[value]
  deletion_condition hard_deletion_sync_min_interval_in_seconds }
WorkdayReportParameters { incremental parameters:map
  report_parameters:[WorkdayKeyValue] }
WorkdayKeyValue { key value }
SchemaSpec { connector_options:ConnectorOptions destination_catalog destination_schema
  fanout_options:FanoutOptions source_catalog source_schema
  table_configuration:TableSpecificConfig }
ConnectorOptions { api_source_connector_options:ApiSourceConnectorOptions
  confluence_options:ConfluenceConnectorOptions gdrive_options:GoogleDriveOptions
  google_ads_options:GoogleAdsOptions jira_options:JiraConnectorOptions
  kafka_options:KafkaOptions linkedin_ads_options:LinkedInAdsOptions
  marketo_options:MarketoOptions meta_ads_options:MetaMarketingOptions
  outlook_options:OutlookOptions reddit_ads_options:RedditAdsOptions
  sharepoint_options:SharepointOptions smartsheet_options:SmartsheetOptions
  tiktok_ads_options:TikTokAdsOptions zendesk_support_options:ZendeskSupportOptions }
ApiSourceConnectorOptions { options:map }
ConfluenceConnectorOptions { include_confluence_spaces:[value] }
GoogleDriveOptions { entity_type file_ingestion_options:FileIngestionOptions url }
FileIngestionOptions { corrupt_record_column file_filters:[FileFilter] format format_options:map
  ignore_corrupt_files infer_column_types reader_case_sensitive rescued_data_column
  schema_evolution_mode schema_hints single_variant_column }
FileFilter { modified_after modified_before path_filter }
GoogleAdsOptions { custom_report_options:GoogleAdsCustomReportOptions lookback_window_days
  manager_account_id sync_start_date }
GoogleAdsCustomReportOptions { metrics:[value] resource resource_fields:[value] segments:[value]
  }
JiraConnectorOptions { include_jira_spaces:[value] }
KafkaOptions { client_config:map key_transformer:Transformer max_offsets_per_trigger
  starting_offset topic_pattern topics:[value] value_transformer:Transformer }
Transformer { format input_column json_options:JsonTransformerOptions output_column }
JsonTransformerOptions { as_variant schema schema_evolution_mode schema_file_path schema_hints }
LinkedInAdsOptions { custom_report_options:LinkedInAdsOptionsLinkedInAdsCustomReportOptions
  lookback_window_days sync_start_date }
LinkedInAdsOptionsLinkedInAdsCustomReportOptions { entity_granularity:[value] finder
  metrics:[value] time_granularity }
MarketoOptions { sync_start_date }
MetaMarketingOptions { action_attribution_windows:[value] action_breakdowns:[value]
  action_report_time breakdowns:[value] custom_insights_lookback_window
  custom_report_options:MetaMarketingOptionsMetaMarketingCustomReportOptions level start_date
  time_increment }
MetaMarketingOptionsMetaMarketingCustomReportOptions { action_attribution_windows:[value]
  action_breakdowns:[value] action_report_time breakdowns:[value] level time_increment }
OutlookOptions { attachment_mode body_format folder_filter:[value] include_folders:[value]
  include_mailboxes:[value] include_senders:[value] include_subjects:[value]
  sender_filter:[value] start_date subject_filter:[value] }
RedditAdsOptions { custom_report_options:RedditAdsOptionsRedditAdsCustomReportOptions
  lookback_window_days sync_start_date }
RedditAdsOptionsRedditAdsCustomReportOptions { breakdowns:[value] fields:[value] }
SharepointOptions { entity_type file_ingestion_options:FileIngestionOptions url }
SmartsheetOptions { enforce_schema }
TikTokAdsOptions { custom_report_options:TikTokAdsOptionsTikTokAdsCustomReportOptions data_level
  dimensions:[value] lookback_window_days metrics:[value] query_lifetime report_type
  sync_start_date }
TikTokAdsOptionsTikTokAdsCustomReportOptions { data_level dimensions:[value] metrics:[value]
  query_lifetime report_type }
ZendeskSupportOptions { start_date }
FanoutOptions { fanout_by transforms:[Transformer] }
TableSpec { connector_options:ConnectorOptions destination_catalog destination_schema
  destination_table source_catalog source_schema source_table
  table_configuration:TableSpecificConfig }
SourceConfig { api_source_connector_config:ApiSourceConnectorConfig catalog:SourceCatalogConfig
  google_ads_config:GoogleAdsConfig }
ApiSourceConnectorConfig { configs:map }
SourceCatalogConfig { postgres:PostgresCatalogConfig source_catalog }
PostgresCatalogConfig { slot_config:PostgresSlotConfig }
PostgresSlotConfig { publication_name slot_name }
GoogleAdsConfig { manager_account_id }
PipelineLibrary { file:FileLibrary glob:PathPattern jar maven:MavenLibrary
  notebook:NotebookLibrary whl }
FileLibrary { path }
PathPattern { include }
MavenLibrary { coordinates exclusions:[value] repo }
NotebookLibrary { path }
Notifications { alerts:[value] email_recipients:[value] }
RestartWindow { days_of_week:[value] start_hour time_zone_id }
PipelineTrigger { cron:CronTrigger manual:ManualTrigger }
CronTrigger { quartz_cron_schedule timezone_id }
ManualTrigger {}
RunAs { service_principal_name user_name }
]]

---@class tarn.FieldSchema
---@field kind "value"|"map"|"object"
---@field list boolean
---@field type? string name of the object's type

local function schema_of(word)
  local name, kind = word:match "^([%w_]+):?(.*)$"
  local inner = kind:match "^%[(.*)%]$"
  local plain = inner or kind
  local schema = { list = inner ~= nil, kind = "object", type = plain }
  if plain == "" or plain == "value" then
    schema.kind, schema.type = "value", nil
  elseif plain == "map" then
    schema.kind, schema.type = "map", nil
  end
  return name, schema
end

local types -- read at the first use

local function read_types()
  types = {}
  for name, body in TYPES:gmatch "(%w+) {(.-)}" do
    local fields = {}
    for word in body:gmatch "%S+" do
      local field, schema = schema_of(word)
      fields[field] = schema
    end
    types[name] = fields
  end
end

--- The fields of a type.
---@param name string "PipelineSpec", "RunAs", or the `type` of a field
---@return table<string, tarn.FieldSchema>
function M.fields(name)
  if not types then
    read_types()
  end
  return types[name]
end

local prune

local function prune_value(value, schema, keys, drop)
  if type(value) ~= "table" or schema.kind ~= "object" then
    return value
  elseif not schema.list then
    return prune(value, schema.type, keys, drop)
  elseif not json.is_array(value) then
    return value
  end
  local copy = json.array {}
  for i, item in ipairs(value) do
    keys[#keys + 1] = i
    copy[i] = type(item) == "table" and prune(item, schema.type, keys, drop) or item
    keys[#keys] = nil
  end
  return copy
end

function prune(value, type_name, keys, drop)
  local fields, copy = M.fields(type_name), {}
  for key, item in pairs(value) do
    keys[#keys + 1] = key
    if not fields[key] then
      drop(keys, item)
    else
      copy[key] = prune_value(item, fields[key], keys, drop)
    end
    keys[#keys] = nil
  end
  return copy
end

--- A copy without the fields that the type does not have.
---@param value table
---@param type_name string
---@param drop fun(keys: (string|integer)[], value: any) gets each of these fields; `keys` changes
--- afterwards
---@return table
function M.prune(value, type_name, drop)
  return prune(value, type_name, {}, drop)
end

return M
