CREATE MATERIALIZED VIEW `odd name` AS SELECT `FROM x`, `a``; b` FROM `my db`.`my.table` JOIN `c` ON `d`.e = 1;
CREATE MATERIALIZED VIEW `main`.`s`.`größe-1` AS SELECT * FROM `odd name`, ünïcode;
