CREATE MATERIALIZED VIEW other.gold.m AS SELECT * FROM samples.nyctaxi.trips JOIN hive_metastore.default.zones USING (id);
