CREATE MATERIALIZED VIEW a AS SELECT * FROM read_files(
  somewhere(1));
CREATE MATERIALIZED VIEW b AS SELECT * FROM read_files('relative/path');
