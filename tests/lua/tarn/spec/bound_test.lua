--- Every text in a pipeline's settings is known to name a thing of one workspace, or not to.
--
-- The model of the settings is written by `./dev models`. A new field of it is in neither list:
-- read in the API's reference what it holds, and put it into lua/tarn/spec/bound.lua or into FREE.

local anyspec = require "support.anyspec"
local bound = require "tarn.spec.bound"
local spec = require "tarn.spec"

-- Type -> its fields whose texts mean the same in every workspace.
local FREE <const> = {
  PipelineSpec = "channel edition id name tags",
  -- a copy is not part of a deployment
  PipelineDeployment = "deployment_id metadata_file_path version_id",
  PipelineCluster = "custom_tags label ssh_public_keys",
  S3StorageInfo = "canned_acl encryption_type endpoint region",
  PipelinesEnvironment = "environment_version", Filters = "exclude include",
  MavenLibrary = "coordinates exclusions", Notifications = "alerts",
  RestartWindow = "time_zone_id", OperationTimeWindow = "time_zone_id",
  CronTrigger = "quartz_cron_schedule timezone_id",
  -- names in the gateway's schema, which is bound
  IngestionGatewayPipelineDefinition = "gateway_storage_name",
  DataStagingOptions = "volume_name",
  -- names in the source from which is ingested, and in the tables that are made
  ConnectionParameters = "source_catalog", SourceCatalogConfig = "source_catalog",
  PostgresSlotConfig = "publication_name slot_name", GoogleAdsConfig = "manager_account_id",
  TableSpec = "destination_table source_catalog source_schema source_table",
  SchemaSpec = "source_catalog source_schema", ReportSpec = "destination_table source_url",
  IngestionPipelineDefinitionFanoutOptions = "fanout_by",
  TableSpecificConfig = "clustering_columns exclude_columns include_columns primary_keys "
    .. "row_filter sequence_by source_metadata_column table_properties",
  IngestionPipelineDefinitionTableSpecificConfigQueryBasedConnectorConfig
    = "cursor_columns deletion_condition",
  IngestionPipelineDefinitionWorkdayReportParameters = "parameters",
  IngestionPipelineDefinitionWorkdayReportParametersQueryKeyValue = "key value",
  ConfluenceConnectorOptions = "include_confluence_spaces",
  ConfluentSchemaRegistryOptions = "subject",
  FileFilter = "modified_after modified_before path_filter",
  FileIngestionOptions = "corrupt_record_column rescued_data_column schema_hints "
    .. "single_variant_column",
  GoogleAdsCustomReportOptions = "metrics resource resource_fields segments",
  GoogleAdsOptions = "manager_account_id sync_start_date", GoogleDriveOptions = "url",
  JiraConnectorOptions = "include_jira_spaces", OneDriveOptions = "url",
  JsonTransformerOptions = "schema schema_hints", AvroTransformerOptions = "schema",
  ProtobufTransformerOptions = "message_name", SchemaRegistryConfig = "protobuf_message_name",
  KafkaOptions = "starting_offset topic_pattern topics", RabbitmqOptions = "queue",
  Transformer = "input_column output_column",
  LinkedInAdsOptions = "sync_start_date", MarketoOptions = "sync_start_date",
  LinkedInAdsOptionsLinkedInAdsCustomReportOptions = "finder metrics",
  MetaMarketingOptions = "action_attribution_windows action_breakdowns action_report_time "
    .. "breakdowns level start_date time_increment",
  MetaMarketingOptionsMetaMarketingCustomReportOptions = "action_attribution_windows "
    .. "action_breakdowns action_report_time breakdowns level time_increment",
  OutlookOptions = "folder_filter include_folders include_mailboxes include_senders "
    .. "include_subjects sender_filter start_date subject_filter",
  RedditAdsOptions = "sync_start_date",
  RedditAdsOptionsRedditAdsCustomReportOptions = "breakdowns fields",
  SharepointOptions = "url", TikTokAdsOptions = "dimensions metrics sync_start_date",
  TikTokAdsOptionsTikTokAdsCustomReportOptions = "dimensions metrics",
  ZendeskSupportOptions = "start_date",
}

local free = {}
for type_name, fields in pairs(FREE) do
  for field in fields:gmatch "%S+" do
    free[type_name .. "." .. field] = true
  end
end

-- What a text may look like that names a thing of the workspace.
local TEXTS <const> = { "a", "/Workspace/Users/a/b" }

local function find_kind(keys)
  for _, text in ipairs(TEXTS) do
    local kind = bound.find_kind(keys, text)
    if kind then
      return kind
    end
  end
end

test("each text of the settings is bound to a workspace or known to be free", function(t)
  local seen, unknown, both = {}, {}, {}
  for _, root in ipairs { "PipelineSpec", "RunAs" } do
    for _, leaf in ipairs(anyspec.leaves(root)) do
      local keys = root == "RunAs" and { "run_as", table.unpack(leaf.keys) } or leaf.keys
      local kind = find_kind(keys)
      seen[leaf.owner] = true
      if kind and free[leaf.owner] then
        both[#both + 1] = spec.path(keys)
      elseif not kind and not free[leaf.owner] and leaf.kind == "str" then
        unknown[#unknown + 1] = ("%s (%s)"):format(leaf.owner, spec.path(keys))
      end
    end
  end
  t.equal(unknown, {}, "fields that nobody has classified")
  t.equal(both, {}, "fields that are bound, and said to be free")
  for owner in pairs(free) do
    t.is_true(seen[owner], owner .. " is not in the model")
  end
end)

test("what a source's options name is bound where it is an object of the workspace", function(t)
  local at = "ingestion_definition.objects[2].table.connector_options."
  for path, kind in pairs {
    [at .. "kafka_options.value_transformer.avro_options.schema_registry.connection_name"]
      = "connection",
    [at .. "kafka_options.key_transformer.protobuf_options.desc_file_path"] = "location",
    ["ingestion_definition.objects[0].schema.fanout_options.transforms[1].json_options."
      .. "schema_file_path"] = "location",
    ["run_as.group_name"] = "principal", parent_path = "path",
    ["clusters[0].azure_attributes.capacity_reservation_group"] = "reservation",
  } do
    t.equal(bound.find_kind(spec.parse(path), "a"), kind, path)
  end
  t.equal(bound.find_kind(spec.parse(at .. "kafka_options.client_config.password"),
    "{{secrets/a/b}}"), "secret")
  t.is_nil(bound.find_kind(spec.parse(at .. "rabbitmq_options.queue"), "a"))
end)
