-- Nothing here.
/* CREATE MATERIALIZED VIEW a AS SELECT * FROM b; */
