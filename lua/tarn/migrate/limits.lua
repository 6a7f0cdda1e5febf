--- The documented limits of the move to Unity Catalog, each with what to do about it.

local json = require "native.json"
local lineage = require "tarn.lineage"
local quote = require "output.quote"
local strings = require "base.strings"
local wait = require "tarn.wait"

local M = {}

--- The field of `configuration` with which tables leave their own paths.
M.IGNORE_PATHS = "pipelines.migration.ignoreExplicitPath"

---@class tarn.MigrationLimit
---@field limit string     a word for programs: "running", "code.names" ...
---@field stops boolean    false: to know, and no obstacle
---@field message string
---@field hint? string     what to do
---@field places tarn.CodePlace[]

local function new_notes()
  local list = json.array {}
  return list, function(limit, stops, message, hint, places)
    list[#list + 1] = { limit = limit, stops = stops, message = message, hint = hint,
      places = json.array(places or {}) }
  end
end

local function command(format, found)
  return (format:gsub("NAME", function() return quote.shell(found.name) end))
end

-- ---- the settings ----

local function check_place(found, note)
  local spec = found.spec
  local place = lineage.names.place(spec)
  if not lineage.names.is_hive(place) then
    note("unity_catalog", true, ("'%s' publishes to Unity Catalog already, to the catalog %s")
      :format(found.name, place.catalog), command("`tarn clone NAME` copies it to another catalog",
      found))
  elseif spec.ingestion_definition or spec.gateway_definition then
    note("ingestion", true, "a pipeline of an ingestion cannot be moved")
  elseif not place.schema then
    note("schema", true, ("'%s' publishes no tables: it has no target schema"):format(found.name),
      command("`tarn set NAME target=SCHEMA`, then `tarn trigger NAME --wait`", found))
  end
end

local function check_rest(found, note)
  local active = wait.find_active(found)
  if active or not wait.is_at_rest(found) then
    note("running", true, active
      and ("update %s of '%s' is %s"):format(active.update_id, found.name, active.state)
      or ("'%s' is %s"):format(found.name, found.state),
      command("wait for its end, `tarn wait NAME`, or end it, `tarn stop NAME`", found))
  end
  if found.spec.continuous == true then
    note("continuous", false, "the new pipeline is continuous too: it runs until it is stopped",
      "--set continuous=false makes it a triggered one")
  end
end

-- ---- the workspace ----

-- What the target says of the catalog and the schema: see tarn.clone's probe.
local function check_target(probe, body, note)
  local answer, why = probe:has("catalog", body.catalog)
  if body.catalog:lower() == "hive_metastore" then
    note("catalog", true, "hive_metastore is no catalog of Unity Catalog")
  elseif answer == "no" then
    note("catalog", true, ("the workspace has no catalog '%s'"):format(body.catalog),
      "`tarn sql 'SHOW CATALOGS'` lists the catalogs")
  elseif answer == "unknown" then
    note("catalog", false, ("whether the catalog '%s' exists is not known: %s"):format(body.catalog,
      why or "the workspace does not say"))
  elseif strings.non_empty(body.target)
    and probe:has("schema", body.target, { catalog = body.catalog }) == "no" then
    note("schema_is_new", false, ("the schema '%s.%s' does not exist yet"):format(body.catalog,
      body.target), "the first update makes it, if it has the permission")
  end
end

-- ---- the code ----

local function check_names(found, code, note)
  for _, one in ipairs(code.names) do
    local parts = select(2, one.name:gsub("%.", "")) + 1
    note("code.names", true, ("the code reads %s without its catalog"):format(one.name),
      ("write %s%s, with the table's schema and name, and check it with `%s`"):format(
        "hive_metastore.", parts == 1 and "SCHEMA." .. one.name or one.name,
        command("tarn trigger NAME --validate --wait", found)), one.places)
  end
end

local function check_places(code, body, note)
  local places = code.places
  if #places.explicit_path > 0 and (body.configuration or {})[M.IGNORE_PATHS] ~= "true" then
    note("code.paths", true, "tables have storage locations of their own",
      "--ignore-paths lets Unity Catalog decide where the tables of the new pipeline lie",
      places.explicit_path)
  end
  if #places.schema_location > 0 then
    note("code.schema_location", false, "Auto Loader keeps its schema at cloudFiles.schemaLocation",
      "if the old pipeline goes on running, give the option mergeSchema = true in its code before",
      places.schema_location)
  end
  if #places.kafka_group > 0 then
    note("code.kafka", true, "a stream from Kafka has kafka.group.id",
      "take the option out: the move cannot carry such a stream on", places.kafka_group)
  end
  if #places.other_stream > 0 then
    note("code.streams", true, "the move cannot carry this stream on",
      "it carries on streams from Delta tables, Auto Loader, Kafka and Kinesis",
      places.other_stream)
  end
  if #places.file_notifications > 0 then
    note("code.notifications", false, "Auto Loader is told of files by notifications",
      "do not run the old pipeline after the move: it would take files away from the new one",
      places.file_notifications)
  end
end

local function check_code(found, code, body, note)
  check_names(found, code, note)
  check_places(code, body, note)
  if #code.unread > 0 then
    note("code.unread", false, "parts of the code could not be read: look at them yourself",
      "tables of the Hive metastore must be named hive_metastore.SCHEMA.TABLE", code.unread)
  end
end

--- What stands in the way of a move, and what one should know before it.
---@param found table GetPipelineResponse
---@param body table of the request
---@param probe tarn.Probe
---@param code? tarn.CodeFindings nil: the code was not read
---@return tarn.MigrationLimit[]
function M.find(found, body, probe, code)
  local list, note = new_notes()
  check_place(found, note)
  check_rest(found, note)
  check_target(probe, body, note)
  if code then
    check_code(found, code, body, note)
  end
  return list
end

return M
