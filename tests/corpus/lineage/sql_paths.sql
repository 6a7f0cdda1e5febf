CREATE MATERIALIZED VIEW a AS SELECT * FROM delta.`/Volumes/a/b`;
CREATE MATERIALIZED VIEW b AS SELECT * FROM parquet.`s3://bucket/p` JOIN csv.`dbfs:/FileStore/x.csv` ON true;
CREATE MATERIALIZED VIEW c AS SELECT * FROM text.`/mnt/t`, json.`abfss://c@a.dfs.core.windows.net/j` x, binaryFile.`/i/*.png`;
