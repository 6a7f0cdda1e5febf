-- A dataset may be read before it is defined.
CREATE MATERIALIZED VIEW last AS SELECT * FROM middle;
CREATE MATERIALIZED VIEW middle AS SELECT * FROM first;
CREATE STREAMING TABLE first AS SELECT * FROM STREAM(raw.x);
