CREATE OR REFRESH STREAMING TABLE sales (
  id BIGINT NOT NULL PRIMARY KEY COMMENT 'key (of a sale)',
  at TIMESTAMP,
  region STRING MASK hide_region,
  day DATE GENERATED ALWAYS AS (CAST(at AS DATE)),
  CONSTRAINT positive EXPECT (id > 0) ON VIOLATION DROP ROW,
  CONSTRAINT has_time EXPECT (at IS NOT NULL) ON VIOLATION FAIL UPDATE,
  CONSTRAINT fk FOREIGN KEY (region) REFERENCES regions (id)
)
USING DELTA
PARTITIONED BY (day)
LOCATION '/mnt/x'
COMMENT 'a table AS SELECT * FROM text'
TBLPROPERTIES ('delta.appendOnly' = 'true', "pipelines.reset.allowed" = "false")
WITH ROW FILTER by_region ON (region)
AS SELECT * FROM STREAM(sales_raw);
