CREATE OR REFRESH MATERIALIZED VIEW daily_totals
COMMENT 'totals; FROM nowhere'
TBLPROPERTIES ('quality' = 'gold')
AS SELECT day, sum(amount) AS total FROM orders_silver GROUP BY day;
