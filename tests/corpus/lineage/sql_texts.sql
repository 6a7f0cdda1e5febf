CREATE MATERIALIZED VIEW m COMMENT "it's; FROM here" AS
SELECT 'it''s; FROM b', "say ""FROM c""", 'a\'; FROM d', "\\", r'raw \', R"FROM e\",
  'one ' 'two; ' "FROM f", X'1F', DATE'2025-01-01', U&'FROM g', '-- FROM h', '/* FROM i'
FROM a WHERE x LIKE '%\_%' ESCAPE '\\';
