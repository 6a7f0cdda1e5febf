"""The tables that Tarn reads, with the columns and types that Databricks documents."""

from pyspark.sql import functions as F

ORIGIN = ("struct<pipeline_id string, pipeline_name string, update_id string, request_id string, "
          "flow_name string, dataset_name string, batch_id bigint, sink_name string, "
          "ingestion_source_type string, ingestion_source_catalog_name string, "
          "ingestion_source_schema_name string, ingestion_source_table_name string, "
          "ingestion_source_connection_name string>")
ERROR = ("struct<fatal boolean, exceptions array<struct<class_name string, message string, "
         "stack array<string>>>>")

# The columns of `details` are JSON texts here and become VARIANT where the documentation says so.
TABLES = {
    "lakeflow.pipelines": """account_id string, workspace_id string, pipeline_id string,
        pipeline_type string, name string, created_by string, run_as string,
        tags map<string,string>, settings struct<photon boolean, development boolean,
        continuous boolean, serverless boolean, edition string, channel string>,
        configuration map<string,string>, change_time timestamp, create_time timestamp,
        delete_time timestamp""",
    "lakeflow.pipeline_update_timeline": """account_id string, workspace_id string,
        pipeline_id string, update_id string, request_id string, run_as_user_name string,
        update_type string, trigger_type string, trigger_details struct<job_task struct<
        job_id string, job_task_run_id string, performance_target string>>, result_state string,
        compute struct<type string, cluster_id string>, period_start_time timestamp,
        period_end_time timestamp, refresh_selection array<string>,
        full_refresh_selection array<string>, reset_checkpoint_selection array<string>""",
    "lakeflow_pipeline_events_preview.pipeline_events": f"""account_id string,
        workspace_id string, pipeline_id string, update_id string, pipeline_event_id string,
        event_type string, event_time timestamp, level string, maturity_level string,
        message string, origin {ORIGIN}, error {ERROR}, details string""",
    "billing.usage": """account_id string, workspace_id string, record_id string,
        sku_name string, cloud string, usage_start_time timestamp, usage_end_time timestamp,
        usage_date date, custom_tags map<string,string>, usage_unit string,
        usage_quantity decimal(38,18), usage_metadata struct<dlt_pipeline_id string,
        dlt_update_id string, cluster_id string>, record_type string,
        billing_origin_product string""",
    "billing.list_prices": """price_start_time timestamp, price_end_time timestamp,
        account_id string, sku_name string, cloud string, currency_code string,
        usage_unit string, pricing struct<default decimal(38,18), promotional struct<
        default decimal(38,18)>, effective_list struct<default decimal(38,18)>>""",
    "access.table_lineage": """account_id string, metastore_id string, workspace_id string,
        entity_type string, entity_id string, entity_run_id string, entity_metadata struct<
        job_info struct<job_id string, job_run_id string>, dlt_pipeline_info struct<
        dlt_pipeline_id string, dlt_update_id string>, notebook_id string>,
        source_table_full_name string, source_table_catalog string, source_table_schema string,
        source_table_name string, source_path string, source_type string,
        target_table_full_name string, target_table_catalog string, target_table_schema string,
        target_table_name string, target_path string, target_type string, created_by string,
        event_time timestamp, event_date date, record_id string, event_id string,
        statement_id string, direct_access boolean""",
    "access.column_lineage": """account_id string, metastore_id string, workspace_id string,
        entity_type string, entity_id string, entity_run_id string, entity_metadata struct<
        job_info struct<job_id string, job_run_id string>, dlt_pipeline_info struct<
        dlt_pipeline_id string, dlt_update_id string>, notebook_id string>,
        source_table_full_name string, source_table_catalog string, source_table_schema string,
        source_table_name string, source_path string, source_type string,
        source_column_name string, target_table_full_name string, target_table_catalog string,
        target_table_schema string, target_table_name string, target_path string,
        target_type string, target_column_name string, created_by string, event_time timestamp,
        event_date date, record_id string, event_id string, statement_id string,
        direct_access boolean""",
    "information_schema.tables": """table_catalog string, table_schema string,
        table_name string, table_type string, is_insertable_into string, commit_action string,
        table_owner string, comment string, created timestamp, created_by string,
        last_altered timestamp, last_altered_by string, data_source_format string,
        storage_path string, storage_sub_directory string""",
}
VARIANTS = {"lakeflow_pipeline_events_preview.pipeline_events": "details"}

# What event_log() returns: JSON texts. The table of a newer pipeline has structs.
LOG_TEXTS = """id string, sequence string, origin string, timestamp timestamp, message string,
    level string, maturity_level string, error string, details string, event_type string"""
LOG_STRUCTS = f"""id string, sequence string, origin {ORIGIN}, timestamp timestamp,
    message string, level string, maturity_level string, error {ERROR}, details string,
    event_type string"""


def write(spark, name, columns, rows, variant=None):
    """Make a table of rows, which are dicts; a column that is left out is NULL."""
    spark.sql(f"CREATE DATABASE IF NOT EXISTS {name.split('.')[0]}")
    names = [f.name for f in spark.createDataFrame([], columns).schema.fields]
    unknown = {key for row in rows for key in row} - set(names)
    if unknown:
        raise ValueError(f"{name} has no {unknown}")
    frame = spark.createDataFrame([tuple(row.get(n) for n in names) for row in rows], columns)
    if variant:
        frame = frame.withColumn(variant, F.parse_json(variant))
    frame.coalesce(1).write.mode("overwrite").format("parquet").saveAsTable(name)


def write_all(spark, data):
    """Make the system tables, with the rows that `data` has for them."""
    for name, columns in TABLES.items():
        write(spark, name, columns, data.get(name, []), VARIANTS.get(name))
