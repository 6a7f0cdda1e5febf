--- Table functions of Spark SQL and Databricks: what each of them reads. Pure.

local M = {}

local function set(text)
  local words = {}
  for word in text:gmatch "%S+" do
    words[word] = true
  end
  return words
end

--- Read files: the first argument, or `path`, is a path.
M.PATHS = set "READ_FILES CLOUD_FILES READ_STATESTORE READ_STATE_METADATA"

--- The first argument is a text with the name of a table.
M.NAMES = set "TABLE_CHANGES"

--- Read no table and no file but those in their arguments.
M.HARMLESS = set [[RANGE EXPLODE EXPLODE_OUTER POSEXPLODE POSEXPLODE_OUTER INLINE INLINE_OUTER STACK
  JSON_TUPLE VARIANT_EXPLODE VARIANT_EXPLODE_OUTER READ_KAFKA READ_KINESIS READ_PUBSUB READ_PULSAR
  SQL_KEYWORDS COLLATIONS LIST_SECRETS EVENT_LOG AI_FORECAST AI_TOP_DRIVERS SEQUENCE ARRAY MAP
  PARSE_URL_TO_MAP SPLIT GET_WAREHOUSES CUBE_SCHEMA STREAM TABLE FLATTEN H3_TESSELLATEASWKB
  H3_POLYFILLASH3 STR_TO_MAP REGEXP_EXTRACT_ALL FROM_JSON ST_DUMP ARRAYS_ZIP AI_PARSE_DOCUMENT]]

return M
