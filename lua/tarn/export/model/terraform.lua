--- The fields of a pipeline that Terraform's provider `databricks` takes.
--
-- Written by `./dev models`: do not edit.

return {
  from = "Terraform's provider databricks 1.138.0", date = "2026-11-30", root = "PipelineConfig",
  types = [[
PipelineConfig { budget_policy_id catalog channel clusters/cluster:[PipelineCluster]
  configuration:map continuous deployment:PipelineDeployment development edition
  environment:PipelinesEnvironment event_log:EventLogSpec filters:Filters
  gateway_definition:IngestionGatewayPipelineDefinition id
  ingestion_definition:IngestionPipelineDefinition libraries/library:[PipelineLibrary] name
  notifications/notification:[Notifications] photon restart_window:RestartWindow root_path
  run_as:RunAs schema serverless serverless_compute_id storage tags:map target
  trigger:PipelineTrigger usage_policy_id }
ApiSourceConnectorConfig { configs:map }
ApiSourceConnectorOptions { options:map }
AutoFullRefreshPolicy { enabled min_interval_hours }
AvroTransformerOptions { parse_mode schema schema_file_path schema_registry:SchemaRegistryConfig }
AwsAttributes { availability ebs_volume_count ebs_volume_iops ebs_volume_size ebs_volume_throughput
  ebs_volume_type first_on_demand instance_profile_arn spot_bid_price_percent zone_id }
AzureAttributes { availability capacity_reservation_group first_on_demand
  log_analytics_info:LogAnalyticsInfo spot_bid_max_price }
ClusterLogConf { dbfs:GcsStorageInfo s3:S3StorageInfo volumes:GcsStorageInfo }
ConfluenceConnectorOptions { include_confluence_spaces:[value] }
ConfluentSchemaRegistryOptions { subject }
ConnectionParameters { source_catalog }
ConnectorOptions { api_source_connector_options:ApiSourceConnectorOptions
  confluence_options:ConfluenceConnectorOptions gdrive_options:GoogleDriveOptions
  google_ads_options:GoogleAdsOptions jira_options:JiraConnectorOptions kafka_options:KafkaOptions
  linkedin_ads_options:LinkedInAdsOptions marketo_options:MarketoOptions
  meta_ads_options:MetaMarketingOptions outlook_options:OutlookOptions
  rabbitmq_options:RabbitmqOptions reddit_ads_options:RedditAdsOptions
  sharepoint_options:GoogleDriveOptions smartsheet_options:SmartsheetOptions
  tiktok_ads_options:TikTokAdsOptions zendesk_support_options:ZendeskSupportOptions }
CronTrigger { quartz_cron_schedule timezone_id }
DataStagingOptions { catalog_name schema_name volume_name }
DefinitionTableSpecificConfigQueryBasedConnectorConfig { cursor_columns:[value] deletion_condition
  hard_deletion_sync_min_interval_in_seconds }
EventLogSpec { catalog name schema }
FileFilter { modified_after modified_before path_filter }
FileIngestionOptions { corrupt_record_column file_filters:[FileFilter] format format_options:map
  ignore_corrupt_files infer_column_types reader_case_sensitive rescued_data_column
  schema_evolution_mode schema_hints single_variant_column }
FileLibrary { path }
Filters { exclude:[value] include:[value] }
GcpAttributes { availability confidential_compute_type first_on_demand google_service_account
  local_ssd_count zone_id }
GcsStorageInfo { destination }
GoogleAdsConfig { manager_account_id }
GoogleAdsCustomReportOptions { metrics:[value] resource resource_fields:[value] segments:[value] }
GoogleAdsOptions { custom_report_options:GoogleAdsCustomReportOptions lookback_window_days
  manager_account_id sync_start_date }
GoogleDriveOptions { entity_type file_ingestion_options:FileIngestionOptions url }
IngestionConfig { report:ReportSpec schema:SchemaSpec table:TableSpec }
IngestionGatewayPipelineDefinition { connection_id connection_name
  connection_parameters:ConnectionParameters gateway_storage_catalog gateway_storage_name
  gateway_storage_schema }
IngestionPipelineDefinition { connection_name connector_type data_staging_options:DataStagingOptions
  full_refresh_window:RestartWindow ingest_from_uc_foreign_catalog ingestion_gateway_id
  netsuite_jar_path objects:[IngestionConfig] source_configurations:[SourceConfig] source_type
  table_configuration:TableSpecificConfig }
IngestionPipelineDefinitionFanoutOptions { fanout_by transforms:[Transformer] }
IngestionPipelineDefinitionWorkdayReportParameters { incremental parameters:map
  report_parameters:[PipelineDefinitionWorkdayReportParametersQueryKeyValue] }
InitScriptInfo { abfss:GcsStorageInfo dbfs:GcsStorageInfo file:GcsStorageInfo gcs:GcsStorageInfo
  s3:S3StorageInfo volumes:GcsStorageInfo workspace:GcsStorageInfo }
JiraConnectorOptions { include_jira_spaces:[value] }
JsonTransformerOptions { as_variant schema schema_evolution_mode schema_file_path schema_hints }
KafkaOptions { client_config:map key_transformer:Transformer max_offsets_per_trigger starting_offset
  topic_pattern topics:[value] value_transformer:Transformer }
LinkedInAdsOptions { custom_report_options:LinkedInAdsOptionsLinkedInAdsCustomReportOptions
  lookback_window_days sync_start_date }
LinkedInAdsOptionsLinkedInAdsCustomReportOptions { entity_granularity:[value] finder metrics:[value]
  time_granularity }
LogAnalyticsInfo { log_analytics_primary_key log_analytics_workspace_id }
ManualTrigger {}
MarketoOptions { sync_start_date }
MavenLibrary { coordinates exclusions:[value] repo }
MetaMarketingOptions { action_attribution_windows:[value] action_breakdowns:[value]
  action_report_time breakdowns:[value] custom_insights_lookback_window
  custom_report_options:MetaMarketingOptionsMetaMarketingCustomReportOptions level start_date
  time_increment }
MetaMarketingOptionsMetaMarketingCustomReportOptions { action_attribution_windows:[value]
  action_breakdowns:[value] action_report_time breakdowns:[value] level time_increment }
Notifications { alerts:[value] email_recipients:[value] }
OutlookOptions { attachment_mode body_format folder_filter:[value] include_folders:[value]
  include_mailboxes:[value] include_senders:[value] include_subjects:[value] sender_filter:[value]
  start_date subject_filter:[value] }
PathPattern { include }
PipelineCluster { apply_policy_default_values autoscale:PipelineClusterAutoscale
  aws_attributes:AwsAttributes azure_attributes:AzureAttributes cluster_log_conf:ClusterLogConf
  custom_tags:map driver_instance_pool_id driver_node_type_id enable_local_disk_encryption
  gcp_attributes:GcpAttributes init_scripts:[InitScriptInfo] instance_pool_id label node_type_id
  num_workers policy_id spark_conf:map spark_env_vars:map ssh_public_keys:[value] }
PipelineClusterAutoscale { max_workers min_workers mode }
PipelineDefinitionWorkdayReportParametersQueryKeyValue { key value }
PipelineDeployment { deployment_id kind metadata_file_path version_id }
PipelineLibrary { file:FileLibrary glob:PathPattern jar maven:MavenLibrary notebook:FileLibrary whl
  }
PipelineTrigger { cron:CronTrigger manual:ManualTrigger }
PipelinesEnvironment { dependencies:[value] environment_version }
PostgresCatalogConfig { slot_config:PostgresSlotConfig }
PostgresSlotConfig { publication_name slot_name }
ProtobufTransformerOptions { desc_file_path message_name parse_mode recursive_fields_max_depth
  schema_registry:SchemaRegistryConfig }
RabbitmqOptions { queue }
RedditAdsOptions { custom_report_options:RedditAdsOptionsRedditAdsCustomReportOptions
  lookback_window_days sync_start_date }
RedditAdsOptionsRedditAdsCustomReportOptions { breakdowns:[value] fields:[value] }
ReportSpec { destination_catalog destination_schema destination_table source_url
  table_configuration:TableSpecificConfig }
RestartWindow { days_of_week:[value] start_hour time_zone_id }
RunAs { group_name service_principal_name user_name }
S3StorageInfo { canned_acl destination enable_encryption encryption_type endpoint kms_key region }
SchemaRegistryConfig { confluent_options:ConfluentSchemaRegistryOptions connection_name
  protobuf_message_name }
SchemaSpec { connector_options:ConnectorOptions destination_catalog destination_schema
  fanout_options:IngestionPipelineDefinitionFanoutOptions source_catalog source_schema
  table_configuration:TableSpecificConfig }
SmartsheetOptions { enforce_schema }
SourceCatalogConfig { postgres:PostgresCatalogConfig source_catalog }
SourceConfig { api_source_connector_config:ApiSourceConnectorConfig catalog:SourceCatalogConfig
  google_ads_config:GoogleAdsConfig }
TableSpec { connector_options:ConnectorOptions destination_catalog destination_schema
  destination_table source_catalog source_schema source_table
  table_configuration:TableSpecificConfig }
TableSpecificConfig { auto_full_refresh_policy:AutoFullRefreshPolicy clustering_columns:[value]
  enable_auto_clustering exclude_columns:[value] include_columns:[value] primary_keys:[value]
  query_based_connector_config:DefinitionTableSpecificConfigQueryBasedConnectorConfig row_filter
  salesforce_include_formula_fields scd_type sequence_by:[value] source_metadata_column
  table_properties:map workday_report_parameters:IngestionPipelineDefinitionWorkdayReportParameters
  }
TikTokAdsOptions { custom_report_options:TikTokAdsOptionsTikTokAdsCustomReportOptions data_level
  dimensions:[value] lookback_window_days metrics:[value] query_lifetime report_type sync_start_date
  }
TikTokAdsOptionsTikTokAdsCustomReportOptions { data_level dimensions:[value] metrics:[value]
  query_lifetime report_type }
Transformer { avro_options:AvroTransformerOptions format input_column
  json_options:JsonTransformerOptions output_column protobuf_options:ProtobufTransformerOptions }
ZendeskSupportOptions { start_date }
]],
}
