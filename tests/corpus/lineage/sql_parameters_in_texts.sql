-- A parameter in a text or a comment (${nothing}) that is not set hides no table.
CREATE MATERIALIZED VIEW a COMMENT '${what}' AS SELECT * FROM b WHERE day > '${start}';
