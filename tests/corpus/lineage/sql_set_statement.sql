SET my.source = main.raw.first;
CREATE MATERIALIZED VIEW a AS SELECT * FROM ${my.source};
SET my.source=main.raw.second;
CREATE MATERIALIZED VIEW b AS SELECT * FROM ${my.source} WHERE day > ${start};
SET spark.sql.ansi.enabled = true;
SET TIME ZONE 'UTC';
SET;
