CREATE STREAMING TABLE a AS SELECT *, _metadata.file_path FROM STREAM read_files(
  'abfss://c@acc.dfs.core.windows.net/in', format => 'csv', schemaHints => 'id INT, from STRING');
CREATE MATERIALIZED VIEW b AS SELECT * FROM read_files(format => 'json', path => 'gs://b/x');
CREATE STREAMING LIVE TABLE c AS SELECT * FROM cloud_files('/databricks-datasets/x', 'json', map('a', 'b'));
CREATE MATERIALIZED VIEW d AS SELECT * FROM read_files('/Volumes/' || 'main/s/' || concat('v', '/y'));
