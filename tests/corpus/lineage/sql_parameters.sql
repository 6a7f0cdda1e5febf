CREATE OR REFRESH MATERIALIZED VIEW ${cat}.gold.g AS SELECT * FROM ${cat}.silver.s JOIN b USING (id);
CREATE MATERIALIZED VIEW `${cat}`.gold.h AS SELECT * FROM `${cat}`.`${layer}_x`.t;
CREATE MATERIALIZED VIEW ${prefix}_orders AS SELECT * FROM raw.${prefix}_orders_${layer}, ${my.full-name};
CREATE STREAMING TABLE files AS SELECT * FROM STREAM read_files('${root}/in', format => '${format}');
