--- Datasets written as one line each, and source code that defines them: for scenarios.
--
-- An example of a line: `ST silver <- bronze, main.ref.geo ! valid_id DROP id IS NOT NULL`. It has
-- the type (ST streaming table, CDC streaming table fed by changes, MV materialized view, V view),
-- the name, the inputs (`files:/path` for cloud files), and the expectations. Pure.

local M = {}

local TYPES <const> = {
  ST = { "STREAMING_TABLE", "APPEND" }, CDC = { "STREAMING_TABLE", "CHANGE" },
  MV = { "MATERIALIZED_VIEW", "MATERIALIZED_VIEW" }, V = { "VIEW", "VIEW" },
}

--- The dataset that a line describes.
---@param line string
---@return table
function M.dataset(line)
  local head, rest = line:match "^([^!]*)(.*)$"
  local kind, name, inputs = head:match "^(%u+) ([%w_%.]+) ?<?%-? ?(.-)%s*$"
  local kinds = assert(TYPES[kind], line)
  local dataset = {
    name = name, type = kinds[1], flow_type = kinds[2], language = "SQL",
    inputs = {}, expectations = {},
  }
  for input in inputs:gmatch "[^, ]+" do
    local path = input:match "^files:(.*)$"
    dataset.files = path or dataset.files
    dataset.inputs[#dataset.inputs + 1] = not path and input or nil
  end
  for text in rest:gmatch "!%s*([^!]+)" do
    local expectation, action, constraint = text:match "^(%S+) (%S+) (.-)%s*$"
    dataset.expectations[#dataset.expectations + 1] = {
      name = expectation, action = action, constraint = constraint,
    }
  end
  return dataset
end

--- The datasets that lines describe.
---@param lines string[]
---@return table[]
function M.datasets(lines)
  local list = {}
  for i, line in ipairs(lines) do
    list[i] = M.dataset(line)
  end
  return list
end

local VIOLATIONS <const> = { DROP = " ON VIOLATION DROP ROW", FAIL = " ON VIOLATION FAIL UPDATE" }

local function sql_constraints(d)
  local list = {}
  for i, e in ipairs(d.expectations) do
    list[i] = ("  CONSTRAINT %s EXPECT (%s)%s"):format(e.name, e.constraint,
      VIOLATIONS[e.action] or "")
  end
  return #list > 0 and " (\n" .. table.concat(list, ",\n") .. "\n)" or ""
end

local function sql_source(d, streaming)
  if #d.inputs == 0 then
    return ("STREAM read_files('%s', format => 'json')"):format(
      d.files or "/Volumes/main/raw/landing")
  end
  local first = streaming and ("STREAM(%s)"):format(d.inputs[1]) or d.inputs[1]
  for i = 2, #d.inputs do
    first = first .. ("\nLEFT JOIN %s USING (id)"):format(d.inputs[i])
  end
  return first
end

local function sql_of(d)
  local streaming = d.type == "STREAMING_TABLE"
  if d.flow_type == "CHANGE" then
    return ("CREATE OR REFRESH STREAMING TABLE %s%s;\n\nAPPLY CHANGES INTO %s\n"
      .. "FROM STREAM(%s)\nKEYS (id)\nSEQUENCE BY updated_at\nSTORED AS SCD TYPE 2;"):format(
      d.name, sql_constraints(d), d.name, d.inputs[1])
  end
  local words = streaming and "OR REFRESH STREAMING TABLE"
    or d.type == "VIEW" and "TEMPORARY VIEW" or "OR REFRESH MATERIALIZED VIEW"
  return ("CREATE %s %s%s\nAS SELECT *, current_timestamp() AS processed_at\nFROM %s;"):format(
    words, d.name, sql_constraints(d), sql_source(d, streaming))
end

local PYTHON_CALLS <const> = {
  ALLOW = "expect", DROP = "expect_or_drop", FAIL = "expect_or_fail",
}

local function python_body(d)
  if #d.inputs == 0 then
    return ('spark.readStream.format("cloudFiles")\n        .option("cloudFiles.format", "json")\n'
      .. '        .load("%s")'):format(d.files or "/Volumes/main/raw/landing")
  end
  local reader = d.type == "STREAMING_TABLE" and "spark.readStream.table" or "spark.read.table"
  local text = ('%s("%s")'):format(reader, d.inputs[1])
  for i = 2, #d.inputs do
    text = text .. ('\n        .join(spark.read.table("%s"), "id", "left")'):format(d.inputs[i])
  end
  return text
end

local function python_of(d)
  local out = {}
  if d.flow_type == "CHANGE" then
    return ('dlt.create_streaming_table("%s")\n\ndlt.apply_changes(\n    target="%s",\n'
      .. '    source="%s",\n    keys=["id"],\n    sequence_by="updated_at",\n'
      .. "    stored_as_scd_type=2,\n)"):format(d.name, d.name, d.inputs[1])
  end
  out[1] = d.type == "VIEW" and ('@dlt.view(name="%s")'):format(d.name)
    or ('@dlt.table(name="%s")'):format(d.name)
  for _, e in ipairs(d.expectations) do
    out[#out + 1] = ('@dlt.%s("%s", "%s")'):format(PYTHON_CALLS[e.action], e.name, e.constraint)
  end
  local name = d.name:gsub("%W", "_")
  out[#out + 1] = ("def %s():\n    return (\n        %s\n    )"):format(name, python_body(d))
  return table.concat(out, "\n")
end

--- Source code that defines these datasets.
---@param datasets table[]
---@param language "SQL"|"PYTHON"
---@param header boolean with the header of a notebook
---@return string
function M.source(datasets, language, header)
  local out = {}
  if header then
    out[1] = (language == "SQL" and "--" or "#") .. " Databricks notebook source"
  end
  if language == "PYTHON" then
    out[#out + 1] = "import dlt"
  end
  for _, d in ipairs(datasets) do
    out[#out + 1] = language == "SQL" and sql_of(d) or python_of(d)
  end
  return table.concat(out, language == "PYTHON" and "\n\n\n" or "\n\n") .. "\n"
end

return M
