CREATE VIEW sales_metrics WITH METRICS LANGUAGE YAML AS $$
version: 0.1
source: main.s.sales
measures:
  - name: total; expr: SUM(x)
$$;
CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
