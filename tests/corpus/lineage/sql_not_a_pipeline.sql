-- A file that shows tables defines no dataset.

SHOW TABLES;
SELECT * FROM t;
