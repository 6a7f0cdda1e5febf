-- The simplest bronze table.
CREATE OR REFRESH STREAMING TABLE orders_bronze
AS SELECT * FROM STREAM READ_FILES('/Volumes/main/landing/orders', format => 'json');
